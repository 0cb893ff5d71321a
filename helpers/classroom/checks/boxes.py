"""Checks of notebooks 06 and 07: which part of a picture the model saw."""

from helpers.classroom.checks.judge import Check


def missed(box, size):
    """By how many pixels each side of a box misses that of a picture (H, W)."""
    ends = (0, 0, size[1], size[0])
    return [abs(a - b) for a, b in zip(box, ends, strict=True)]


BOXES = [
    ((0, 0, 168, 96), (96, 168)),  # squashed
    ((0, 0, 120, 200), (200, 120)),
    ((0.5, 0, 167.5, 96), (96, 168)),
    ((36, 0, 132, 96), (96, 168)),  # the middle of a wide picture
    ((30, 30, 450, 450), (480, 480)),  # Resize(256), CenterCrop(224)
    ((9, 0, 168, 96), (96, 168)),  # a strip lost at one side
    ((0, 4, 168, 96), (96, 168)),
    ((0, 0, 159, 96), (96, 168)),
    ((0, 0, 168, 92), (96, 168)),
    ((0, -36, 168, 132), (96, 168)),  # padded above and below
    ((-9, 0, 159, 96), (96, 168)),  # the right size, too far left
]
check_may_be_stretched = Check(
    "attempt(box (left, top, right, bottom), picture (H, W)) -> True if the box is the "
    "whole picture, each side to within a pixel.",
    lambda box, size: max(missed(box, size)) <= 1,
    {f"box {box} of {size[0]} x {size[1]}": (box, size) for box, size in BOXES},
    {
        "proportions do not tell: a crop may keep them, and a squash need not": tuple(
            lambda box, size, t=t: (
                abs((box[2] - box[0]) / (box[3] - box[1]) * size[0] / size[1] - 1) < t
            )
            for t in (0.1, 0.01)
        ),
        "to within one pixel, not exactly": lambda box, size: (
            max(missed(box, size)) == 0
        ),
        "one pixel: you allow more": tuple(
            lambda box, size, t=t: max(missed(box, size)) <= t for t in (5, 10, 20)
        ),
        "the picture is (H, W), the box is x first: right is near W": (
            lambda box, size: max(missed(box, size[::-1])) <= 1
        ),
        "a box of the right size may lie too far left: compare every side": (
            lambda box, size: (
                abs(box[2] - box[0] - size[1]) <= 1
                and abs(box[3] - box[1] - size[0]) <= 1
            )
        ),
        "left and top count, too": lambda box, size: max(missed(box, size)[2:]) <= 1,
        "right and bottom count, too": lambda box, size: (
            max(missed(box, size)[:2]) <= 1
        ),
        "top and bottom count, too": lambda box, size: max(missed(box, size)[::2]) <= 1,
        "left and right count, too": lambda box, size: (
            max(missed(box, size)[1::2]) <= 1
        ),
        "all four sides, not one of them": lambda box, size: (
            min(missed(box, size)) <= 1
        ),
        "padding is no picture: a box that reaches beyond it is False, too": (
            lambda box, size: max(*box[:2], size[1] - box[2], size[0] - box[3]) <= 1
        ),
    },
)


def box(scale, size=lambda H, W, ch, cw: (ch, cw)):
    """A box around the middle, of a size in pixels of the input, times the scale."""

    def find(H, W, short, ch, cw):
        height, width = (n * scale(H, W, short) for n in size(H, W, ch, cw))
        left, top = (W - width) / 2, (H - height) / 2
        return left, top, left + width, top + height

    return find


def shorter(H, W, short):
    return min(H, W) / short


def reordered(*order):
    """The numbers of the right box in another order."""
    return lambda *sizes: tuple(box(shorter)(*sizes)[i] for i in order)


check_seen_box = Check(
    "attempt(H, W, short, ch, cw) -> (left, top, right, bottom) in the photo.",
    box(shorter),
    {
        "240 x 400, shorter side 120, crop 100 x 140": (240, 400, 120, 100, 140),
        "600 x 300, shorter side 100, crop 90 x 60": (600, 300, 100, 90, 60),
        "512 x 512, shorter side 256, crop 224 x 224": (512, 512, 256, 224, 224),
    },
    {
        "those are pixels of the resized picture: scale them up": (
            lambda H, W, s, ch, cw: box(lambda *_: 1)(
                H / shorter(H, W, s), W / shorter(H, W, s), s, ch, cw
            )
        ),
        "a pixel of the input is more than one of the photo: scale the crop": (
            box(lambda *_: 1)
        ),
        "one pixel of the input is min(H, W) / short of the photo, not the inverse": (
            box(lambda H, W, short: short / min(H, W))
        ),
        "the shorter side counts: min(H, W)": (
            box(lambda H, W, short: max(H, W) / short),
            box(lambda H, W, short: H / short),
            box(lambda H, W, short: W / short),
        ),
        "(ch, cw): the height of the crop stands first": (
            box(shorter, lambda H, W, ch, cw: (cw, ch))
        ),
        "x first: left, top, right, bottom": reordered(1, 0, 3, 2),
        "the order is left, top, right, bottom": (
            reordered(0, 2, 1, 3),
            reordered(1, 3, 0, 2),
            reordered(1, 2, 3, 0),
        ),
        "right and bottom, not width and height": lambda *sizes: (
            *box(shorter)(*sizes)[:2],
            sizes[4] * shorter(*sizes[:3]),
            sizes[3] * shorter(*sizes[:3]),
        ),
        "the crop is cut out of the middle": lambda H, W, s, ch, cw: (
            0,
            0,
            cw * shorter(H, W, s),
            ch * shorter(H, W, s),
        ),
        "that is the whole photo: the crop cuts off what is around it": (
            lambda H, W, s, ch, cw: (0, 0, W, H)
        ),
    },
)
