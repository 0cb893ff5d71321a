"""Captioned synthetic scenes, with a mask for every object: the ground truth.

A scene holds two objects on a soft background. They differ in colour and in shape, so
that every colour word and every shape word names exactly one of them. The caption
follows from the picture alone: if the two lie further apart across than down, the left
one is named first ("left of"), otherwise the upper one ("above").
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image

from helpers.captioning.doubt import check_objects, refuse_doubt, refuse_hidden
from helpers.captioning.drawing import COLORS, SHAPES, draw
from helpers.captioning.words import KIND

PAD, START, END = "<pad>", "<start>", "<end>"
VOCABULARY = (PAD, START, END, "a", *COLORS, *SHAPES, "left", "of", "above")
WORD_ID = {word: index for index, word in enumerate(VOCABULARY)}

RADIUS = (12.0, 18.0)  # pixels: a cell of the captioners is 8 pixels wide
GAP = 6.0  # pixels between two objects, at least
MARGIN = 8.0  # | |dx| - |dy| | is at least this, so that the relation is beyond doubt
BACKGROUND = (0.93, 0.92, 0.90)  # RGB, of a scene made by hand
SMALLEST = 64  # pixels: below this two objects do not always fit


@dataclass(frozen=True)
class SceneObject:
    """One object: names for shape and colour; x, y and radius in pixels."""

    shape: str
    color: str
    x: float
    y: float
    radius: float = 15.0


@dataclass(frozen=True)
class Scene:
    """A picture, its caption, and where every object is.

    image: PIL.Image, RGB. words: list of str. masks: (objects, H, W) bool array.
    word_objects: for each word, the index of the object that it names, or None.
    objects: the SceneObjects, in the order in which the caption names them.
    """

    image: Image.Image
    words: list
    masks: np.ndarray = field(compare=False)  # arrays have no single `==`
    word_objects: list
    objects: tuple


def sample_scenes(count, seed, size=(112, 112)):
    """Return `count` random scenes; the same seed and size give the same scenes.

    size is (H, W) in pixels, each side at least 64; it need not be square.
    Raises ValueError for a negative count or a size in which two objects do not fit.
    """
    return _to_scenes(*sample_objects(count, seed, size), size)


def make_scene(objects, size=(112, 112), background=BACKGROUND):
    """Draw two SceneObjects that you choose; the caption orders them by itself.

    size is (H, W) in pixels, background an RGB colour in 0..1. Where the objects
    overlap, the one named second lies on top. Raises ValueError for other than two
    objects, an unknown shape or colour, and where the picture leaves the caption in
    doubt: distances alike, within 4 pixels; an object on or hidden by the other, or by
    the edge.
    """
    check_objects(objects, SHAPES, COLORS)
    refuse_doubt(*objects)
    shapes = torch.tensor([[SHAPES.index(o.shape) for o in objects]])  # (1, 2)
    colors = torch.tensor([[list(COLORS).index(o.color) for o in objects]])  # (1, 2)
    places = torch.tensor([[[o.x, o.y, o.radius] for o in objects]])  # (1, 2, 3)
    layout = _in_reading_order(shapes, colors, places.float())
    plain = torch.tensor([[background, background]]).float()  # (1, 2, 3)
    scene = _to_scenes(*layout, plain, size)[0]
    refuse_hidden(scene)
    return scene


def sample_objects(count, seed, size):
    """Draw what a batch of scenes consists of; `draw` turns it into pictures.

    Returns shapes (B, 2), colors (B, 2), places (B, 2, 3) as x, y, radius in pixels,
    and backgrounds (B, 2, 3), the colour at the left and at the right edge.
    """
    H, W = size
    if count < 0:
        raise ValueError(f"count must be 0 or more, got {count}")
    if min(H, W) < SMALLEST:
        raise ValueError(
            f"size {H} x {W} is too small for two objects: "
            f"give at least {SMALLEST} x {SMALLEST}"
        )
    random = torch.Generator().manual_seed(seed)
    shapes = torch.rand(count, len(SHAPES), generator=random).argsort(1)  # (B, shapes)
    colors = torch.rand(count, len(COLORS), generator=random).argsort(1)  # (B, colors)
    places = _sample_places(count, H, W, random)  # (B, 2, 3)
    layout = _in_reading_order(shapes[:, :2], colors[:, :2], places)
    light = 0.72 + 0.25 * torch.rand(count, 2, 1, generator=random)  # (B, 2, 1)
    tint = 0.08 * (torch.rand(count, 1, 3, generator=random) - 0.5)  # (B, 1, 3)
    return *layout, light + tint


def _sample_places(count, H, W, random):
    """Rejection sampling: redraw the pairs that touch or whose relation is in doubt."""
    places = torch.empty(count, 2, 3)  # (B, 2, 3)
    todo = torch.arange(count)
    while len(todo):
        radius = torch.empty(len(todo), 2).uniform_(*RADIUS, generator=random)
        room = torch.tensor([W, H]) - 2 * radius[..., None] - 4  # (B, 2, 2)
        unit = torch.rand(len(todo), 2, 2, generator=random)  # (B, 2, 2)
        center = radius[..., None] + 2 + unit * room  # (B, 2, 2)
        places[todo] = torch.cat([center, radius[..., None]], dim=-1)  # (B, 2, 3)
        across, down = (center[:, 0] - center[:, 1]).abs().unbind(-1)  # (B,), (B,)
        apart = torch.hypot(across, down) >= radius.sum(1) + GAP  # (B,)
        clear = (across - down).abs() >= MARGIN  # (B,)
        todo = todo[~(apart & clear)]
    return places


def side_by_side(places):
    """Whether the first two objects lie further apart across than down, or than in
    depth: places (..., O, 3) as x, y or z, radius -> (...) bool."""
    across, down = (places[..., 1, :2] - places[..., 0, :2]).abs().unbind(-1)
    return across > down


def _in_reading_order(shapes, colors, places):
    """Put the left object first, or the upper one: whichever the caption speaks of."""
    x, y = places[..., 0], places[..., 1]  # (B, 2)
    along = torch.where(side_by_side(places)[:, None], x, y)  # (B, 2)
    order = along.argsort(dim=1, stable=True)  # (B, 2)
    take = order[..., None].expand(-1, -1, 3)  # (B, 2, 3)
    return shapes.gather(1, order), colors.gather(1, order), places.gather(1, take)


def caption_words(shapes, colors, places, names=(SHAPES, COLORS, "above")):
    """The caption of one scene, from shapes (2,), colors (2,) and places (2, 3).

    names: those of the shapes and colours, and of the relation that is not "left of".
    """
    relation = ["left", "of"] if side_by_side(places) else [names[2]]
    pairs = zip(colors, shapes, strict=True)
    first, second = (["a", list(names[1])[c], names[0][s]] for c, s in pairs)
    return first + relation + second


def word_objects(words):
    """For each word of a caption, the object it names: 0, 1, or None."""
    owner, objects = -1, []
    for word in words:
        owner += word == "a"
        objects.append(owner if word in KIND else None)
    return objects


def _to_scenes(shapes, colors, places, backgrounds, size):
    images, masks = draw(shapes, colors, places, backgrounds, size)
    scenes = list(zip(shapes, colors, places, strict=True))
    things = [
        [
            SceneObject(SHAPES[s], list(COLORS)[c], *p.tolist())
            for s, c, p in zip(*scene, strict=True)
        ]
        for scene in scenes
    ]
    return collect(images, masks, [caption_words(*scene) for scene in scenes], things)


def collect(images, masks, captions, things):
    """A list of B `Scene`s, from images (B, 3, H, W) in 0..1 or a little beyond, masks
    (B, O, H, W), and of each scene the words and the objects."""
    levels = (images * 255).round().clamp(0, 255)  # (B, 3, H, W): 256 would become 0
    pixels = levels.byte().permute(0, 2, 3, 1).numpy()  # (B, H, W, 3)
    parts = zip(pixels, captions, masks.numpy(), things, strict=True)
    return [
        Scene(Image.fromarray(image), words, mask, word_objects(words), tuple(objects))
        for image, words, mask, objects in parts
    ]
