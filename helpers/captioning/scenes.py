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

from helpers.captioning.drawing import draw
from helpers.captioning.words import COLORS, SHAPES, word_objects

RADIUS = (12.0, 18.0)  # pixels: a cell of the captioners is 8 pixels wide
GAP = 6.0  # pixels between two objects, at least
MARGIN = 8.0  # | |dx| - |dy| | is at least this, so that the relation is beyond doubt
SMALLEST = 64  # pixels: below this two objects do not always fit


@dataclass(frozen=True)
class SceneObject:
    """One object: names for shape and colour; x, y and radius in pixels."""

    shape: str
    color: str
    x: float
    y: float
    radius: float = 15.0

    relation = "above"  # of the one that is named first, if not "left of"
    place = property(lambda self: (self.x, self.y))  # across, down


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
    objects = sample_objects(count, seed, size)
    return collect(*draw(*objects, size), map(objects_of, *objects[:3]))


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

    def propose(n):
        radius = torch.empty(n, 2, 1).uniform_(*RADIUS, generator=random)
        room = torch.tensor([W, H]) - 2 * radius - 4  # (n, 2, 2)
        center = radius + 2 + torch.rand(n, 2, 2, generator=random) * room  # (n, 2, 2)
        gaps = (center[:, 0] - center[:, 1]).norm(dim=-1) - radius.sum((1, 2))  # (n,)
        return torch.cat([center, radius], dim=-1), gaps >= GAP  # (n, 2, 3), (n,)

    places = sample_places(count, 2, propose, MARGIN)  # (B, 2, 3)
    objects = in_reading_order(shapes[:, :2], colors[:, :2], places)
    light = 0.72 + 0.25 * torch.rand(count, 2, 1, generator=random)  # (B, 2, 1)
    tint = 0.08 * (torch.rand(count, 1, 3, generator=random) - 0.5)  # (B, 1, 3)
    return *objects, light + tint


def sample_places(count, objects, propose, margin):
    """Rejection sampling of places (B, O, 3): those of a scene are proposed again until
    they are good, and the relation of the first two is beyond doubt.

    propose: a function of n that returns places (n, O, 3), and which are good (n,).
    """
    places = torch.empty(count, objects, 3)  # (B, O, 3)
    todo = torch.arange(count)
    while len(todo):
        places[todo], good = new, good = propose(len(todo))
        across, down = (new[:, 0, :2] - new[:, 1, :2]).abs().unbind(-1)  # (n,), (n,)
        todo = todo[~(good & ((across - down).abs() >= margin))]
    return places


def in_reading_order(shapes, colors, places):
    """Put the left object first, or the upper one: whichever the caption speaks of."""
    across, down = places[..., :2].diff(dim=1)[:, 0].abs().unbind(-1)  # (B,), (B,)
    x, y = places[..., 0], places[..., 1]  # (B, 2)
    along = torch.where((across > down)[:, None], x, y)  # (B, 2)
    order = along.argsort(dim=1, stable=True)  # (B, 2)
    rows = torch.arange(len(order))[:, None]  # (B, 1)
    return shapes[rows, order], colors[rows, order], places[rows, order]


def objects_of(shapes, colors, places):
    """The SceneObjects of one scene, from shapes (2,), colors (2,), places (2, 3)."""
    parts = zip(shapes, colors, places.tolist(), strict=True)
    return [SceneObject(SHAPES[s], list(COLORS)[c], *place) for s, c, place in parts]


def caption_words(shapes, colors, places):
    """The caption of one scene, from the same."""
    return caption_of(objects_of(shapes, colors, places))


def side_by_side(objects):
    """Whether the first two are further apart across than down, or in depth."""
    (x, y), (other_x, other_y) = (thing.place for thing in objects[:2])
    return abs(x - other_x) > abs(y - other_y)


def ordered(objects):
    """The left object first, or the upper or far one: see `side_by_side`."""
    axis = 0 if side_by_side(objects) else 1
    return sorted(objects, key=lambda thing: thing.place[axis])


def caption_of(objects):
    """The words that are true of the first two, if they are ordered."""
    one, two = objects[:2]
    relation = ["left", "of"] if side_by_side(objects) else [one.relation]
    return ["a", one.color, one.shape, *relation, "a", two.color, two.shape]


def collect(images, masks, things):
    """A list of B `Scene`s, from images (B, 3, H, W) in 0..1 or a little beyond, masks
    (B, O, H, W), and of each scene the objects, which are ordered."""
    levels = (images * 255).round().clamp(0, 255)  # (B, 3, H, W): 256 would become 0
    pixels = levels.byte().permute(0, 2, 3, 1).numpy()  # (B, H, W, 3)
    scenes = []
    for image, mask, objects in zip(pixels, masks.numpy(), things, strict=True):
        words, picture = caption_of(objects), Image.fromarray(image)
        scenes.append(Scene(picture, words, mask, word_objects(words), tuple(objects)))
    return scenes
