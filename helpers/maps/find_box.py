"""Find by experiment which part of a picture a transform shows.

Pictures of the photo's size go through it: black, white, ramps from edge to edge, and
waves. How bright an input pixel becomes says where on the photo it looks, whatever the
transform is made of.
"""

import numpy as np
from PIL import Image

from helpers.maps.try_transform import NoBox, try_transform

ROUNDING = 0.03  # of the range from black to white: 8-bit pictures, resized twice
WHOLE = 0.05  # input pixels: an edge this near to a whole number is meant to be one


def find_box(transform, size, mode="RGB"):
    """(left, top, right, bottom) of what the input shows, in pixels of the photo.

    transform: a function of a PIL image that returns a PIL image, a tensor or array of
    one picture, or a dict with pixel_values. size: (H, W) of the photo; mode: its PIL
    mode. The box is accurate to a quarter of an input pixel; where the input is padded,
    it reaches beyond the photo. Raises ValueError, with what was seen, if the input is
    no upright box of the photo: flipped, turned, in tiles or patches, or random.
    """
    try:
        return Experiment(transform, size, mode).box()
    except NoBox as error:
        transform = getattr(transform, "func", transform)  # of a partial
        name = getattr(transform, "__name__", type(transform).__name__)
        raise ValueError(
            f"{name} {error}; or give the box by hand: Geometry(size, box)"
        ) from error.__cause__


class Experiment:
    """A transform, and what it makes of black and of white."""

    def __init__(self, transform, size, mode):
        self.transform, self.size, self.mode = transform, size, mode
        self.black = self.see(np.zeros((1, 1)))  # (h, w)
        self.range = self.see(np.full((1, 1), 255.0)) - self.black  # (h, w)
        most = np.abs(self.range).max()
        if not most > 0:
            raise NoBox("makes the same of a black and of a white picture")
        self.shown = np.abs(self.range) > 0.5 * most  # (h, w), the rest is padding
        self.full = np.abs(self.range) > 0.99 * most  # (h, w)

    def box(self):
        lines = [self.line(axis) for axis in (0, 1)]
        self.check_edges(lines)
        self.check_spots(lines)
        parts = zip(lines, self.size, self.black.shape, strict=True)
        (top, bottom), (left, right) = (round_edges(*line, *n) for line, *n in parts)
        return left, top, right, bottom

    def see(self, levels):
        """The input (h, w) that is made of a picture with these levels, 0..255."""
        levels = np.broadcast_to(levels.round().astype(np.uint8), self.size)  # (H, W)
        picture = Image.fromarray(np.ascontiguousarray(levels)).convert(self.mode)
        made = try_transform(self.transform, picture)  # (h, w)
        if made.shape != getattr(self, "black", made).shape:
            raise NoBox("makes inputs of several sizes out of photos of one size")
        return made

    def share(self, levels):
        """As `see`, in shares of the range from black to white; 0 in the padding."""
        return (self.see(levels) - self.black) / np.where(self.full, self.range, np.inf)

    def line(self, axis):
        """(first, step): the photo's pixel at the input's first edge, and how many
        pixels of the photo one of the input spans."""
        side = self.size[axis]
        along = np.expand_dims(np.arange(side) + 0.5, 1 - axis)  # (H, 1) or (1, W)
        up, down = (self.share(255 * x / side) for x in (along, side - along))  # (h, w)
        if np.abs(up + down - self.full).max() > ROUNDING:
            raise NoBox(
                "does not treat light and dark alike: what it shows may depend on "
                "chance, or on what is in the photo"
            )
        inside = self.full & (up > ROUNDING) & (up < 1 - ROUNDING)  # (h, w)
        first, step = fit_line(side * up, inside, axis, ROUNDING * side)
        # 8 bits are too coarse for a whole side: refine it by the phase of a wave.
        place = first + step * (np.arange(up.shape[axis]) + 0.5)  # (h,) or (w,)
        place = np.expand_dims(place, 1 - axis)
        wave = 2 * np.pi / max(16 * max(step, 1), side / 40)  # radians per pixel
        real, imaginary = (
            2 * self.share(127.5 + 127.5 * f(wave * along)) - 1
            for f in (np.cos, np.sin)
        )
        off = np.angle((real + 1j * imaginary) * np.exp(-1j * wave * place)) / wave
        return fit_line(place + off, inside, axis)

    def check_edges(self, lines):
        """Whether all that the box shows of the photo is there."""
        for axis, (first, step) in enumerate(lines):
            count, slack = self.black.shape[axis], max(step, 1)  # photo pixels
            low, high = max(first, 0), min(first + count * step, self.size[axis])
            shown = np.flatnonzero(self.shown.any(1 - axis))
            seen = first + shown[0] * step, first + (shown[-1] + 1) * step
            if seen[0] > low + slack or seen[1] < high - slack:
                raise NoBox("cuts the photo, then pads it: a part of the box is blank")

    def check_spots(self, lines):
        """Whether spots on black and on white lie where the box has them.

        They lie elsewhere if a transform has random numbers of its own, or looks for
        what is in the picture.
        """
        for *spot, light in [(1, 1, 1), (1, 5, 0), (5, 5, 1), (5, 1, 0)]:
            box = [self.part(*line, n, spot[n]) for n, line in enumerate(lines)]
            levels = np.full(self.size, 255.0 * (1 - light))  # (H, W)
            levels[tuple(slice(*sides) for sides in box)] = 255.0 * light
            weight = np.abs(self.share(levels) - self.full * (1 - light))  # (h, w)
            for axis, (first, step) in enumerate(lines):
                profile = weight.sum(1 - axis)
                places = first + (np.arange(len(profile)) + 0.5) * step
                # Beyond the photo its edge may be mirrored.
                profile *= (places > 0) & (places < self.size[axis])
                found = (profile * places).sum() / max(profile.sum(), 1e-9)
                if abs(found - sum(box[axis]) / 2) > max(step, 1):
                    raise NoBox(
                        "shows another part at another call, or of another photo: use "
                        "the evaluation transform"
                    )

    def part(self, first, step, axis, eighth):
        """A quarter of the shown part of the photo: (start, end), whole pixels."""
        last = first + self.black.shape[axis] * step
        low, high = max(first, 0), min(last, self.size[axis])
        start = round(low + (high - low) * eighth / 8)
        return start, start + max(1, round((high - low) / 4))


def fit_line(places, inside, axis, rounding=0.0):
    """(first, step) of where an input's pixels look along an axis, in photo pixels.

    places: (h, w), inside: (h, w), where they hold. Near the photo's edges a resize
    sees half of its filter, and some mirror the photo there: only the middle counts.
    """
    shape = places.shape
    if axis == 0:
        places, inside = places.T, inside.T
    rows, columns = middle(inside.any(1)), middle(inside.any(0))
    if len(columns) < 2:
        raise NoBox(f"shows too little of the photo, or too few tones: {shape} made")
    part = places[np.ix_(rows, columns)]
    step, first = np.polyfit(columns + 0.5, part.mean(0), 1)
    tilt = np.polyfit(rows, part.mean(1), 1)[0] if len(rows) > 1 else 0.0
    line = first + step * (columns + 0.5) + tilt * (rows - rows.mean())[:, None]
    allowed = max(abs(step), abs(tilt), 1) + rounding
    if not inside[np.ix_(rows, columns)].all() or np.abs(part - line).max() > allowed:
        raise NoBox(f"bends the photo, or cuts it into patches: {shape} made")
    if abs(tilt) * len(rows) > abs(step) * len(columns):
        raise NoBox(f"turns the photo on its side, or cuts it into patches: {shape}")
    if step < 0:
        raise NoBox("mirrors the photo, or turns it upside down")
    if abs(tilt) * len(places) > 0.5 * step:
        raise NoBox(f"tilts the photo, or cuts it into patches: {shape} made")
    return first, step


def middle(inside):
    """The places that are True, less a quarter at either end."""
    places = np.flatnonzero(inside)
    spare = len(places) // 4
    return places[spare : len(places) - spare]


def round_edges(first, step, side, count):
    """(first, last) on a side of the photo, on whole pixels where they nearly are.

    These are pixels of the resized photo, or else of the photo itself.
    """
    length, start = side / step, -first / step  # the photo in pixels of the input
    if max(abs(length - round(length)), abs(start - round(start))) < WHOLE:
        return between(side, round(length), -round(start), count)
    near = WHOLE * step
    edges = first, first + count * step
    return tuple(float(round(e) if abs(e - round(e)) < near else e) for e in edges)


def between(side, length, start, count):
    """(first, last) of `count` pixels from start, on a side resized to `length`."""
    return start * side / length, (start + count) * side / length
