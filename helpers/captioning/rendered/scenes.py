"""Captioned scenes with light and shadow: the ground truth of notebooks 10 and 11.

Two objects stand on a floor; they differ in colour and in shape. The caption follows
from where they stand: if they are further apart across than in depth, the left one is
named first ("left of"), otherwise the far one ("behind").
"""

import math
from dataclasses import dataclass

import torch

from helpers.captioning.rendered.camera import DISTANCE, frame_of
from helpers.captioning.rendered.drawing import Light, corners, render
from helpers.captioning.rendered.rays import HEIGHTS
from helpers.captioning.scenes import collect, ordered, sample_places
from helpers.captioning.words import PALETTE, SOLIDS

SIZE = (128, 192)  # pixels: as the notebooks show them
RADIUS = (0.7, 0.9)  # units of the floor
DEPTH = (-2.0, 2.0)  # how far behind the middle objects stand, or in front of it
GAP = 0.15  # between two objects, at least
MARGIN = 0.8  # | |dx| - |dz| | is at least this, so that the relation is beyond doubt
VISIBLE = 0.5  # the share of its silhouette that each object shows, at least
SMALLEST = 64  # pixels: below this two objects do not always fit
BATCH = 32  # scenes sampled at once


@dataclass(frozen=True)
class RenderedObject:
    """One solid: x to the right and z away from the camera, from the middle of the
    floor; radius in the same unit; turn in radians about the vertical."""

    shape: str
    color: str
    x: float
    z: float
    radius: float = 0.8
    turn: float = 0.0
    shiny: bool = False

    relation = "behind"
    place = property(lambda self: (self.x, -self.z))  # across, and towards the camera


def sample_rendered_scenes(count, seed, size=SIZE, samples=2, **kinds):
    """Return `count` random `Scene`s; the same arguments give the same scenes.

    size is (H, W) in pixels, each side at least 64 and the picture at most 2 times as
    high as wide. samples: rays a pixel down and across; with 1, edges are jagged. Every
    object shows at least half of itself. kinds: for scenes unlike those of training,
    see `draw_scenes`. Raises ValueError for a negative count or another size.
    """
    drawn = draw_scenes(count, seed, size, samples, **kinds)
    return [to_scene(*parts) for parts in drawn]


def draw_scenes(count, seed, size, samples=2, visible=(VISIBLE, 1.0), **kinds):
    """Yield `count` random scenes: the objects, the image (3, H, W) in 0..1 and the
    masks (O, H, W).

    visible: the least and the most that the object that shows less of itself may show,
    as a share of its silhouette. kinds: see `sample_arrangements`.
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more, got {count}")
    random = torch.Generator().manual_seed(seed)
    while count:
        for arrangement in sample_arrangements(
            min(count, BATCH), random, size, **kinds
        ):
            image, masks, silhouettes = render(*arrangement, size, samples)
            shares = masks.sum((1, 2)) / silhouettes.sum((1, 2)).clamp(min=1)  # (O,)
            if visible[0] <= shares.min() <= visible[1]:
                count -= 1
                yield arrangement[0], image, masks


def sample_arrangements(
    count, random, size, objects=2, radius=RADIUS, depth=DEPTH, light=(1, 1, 1)
):
    """What `count` scenes consist of: a list of pairs, RenderedObjects in the order of
    the caption, and a Light.

    random: a torch.Generator. radius, depth: the ranges of a radius and of z. light:
    the colour of the lamp. The caption speaks of the first two objects.
    """
    check_size(size)
    solids = torch.rand(count, len(SOLIDS), generator=random).argsort(1)[:, :objects]
    colors = torch.rand(count, len(PALETTE), generator=random).argsort(1)[:, :objects]
    shiny = torch.rand(count, objects, generator=random) < 0.5  # (B, O)
    room = 0.5 * size[1] / frame_of(*size).focal * (DISTANCE + DEPTH[1])  # aside

    def propose(n):
        x, z, r = torch.rand(n, objects, 3, generator=random).unbind(-1)  # (n, O) each
        z = depth[0] + (depth[1] - depth[0]) * z
        r = radius[0] + (radius[1] - radius[0]) * r
        new = torch.stack([room * (2 * x - 1), z, r], -1)  # (n, O, 3)
        return new, fits(new, size).all(1) & apart(new)  # (n, O, 3), (n,)

    places = sample_places(count, objects, propose, MARGIN)  # (B, O, 3)
    turns = 0.5 * math.pi * torch.rand(count, objects, generator=random)  # (B, O)
    lights = sample_lights(count, random, torch.tensor(light))
    columns = [part.tolist() for part in (solids, colors, places, turns, shiny)]
    scenes = [
        [
            RenderedObject(SOLIDS[s], list(PALETTE)[c], *place, turn, bright)
            for s, c, place, turn, bright in zip(*scene, strict=True)
        ]
        for scene in zip(*columns, strict=True)
    ]
    return list(zip(map(ordered, scenes), lights, strict=True))


def check_size(size):
    H, W = size
    if min(H, W) < SMALLEST or H > 2 * W:
        raise ValueError(
            f"size {H} x {W}: give sides of {SMALLEST} or more, and at most twice as "
            "many rows as columns, or two objects do not fit"
        )


def sample_lights(count, random, color):
    """`count` Lights, of about this colour (3,)."""
    around, up = torch.rand(2, count, generator=random)  # (B,), (B,)
    around = math.pi * (1.1 + 0.8 * around)  # in front, from the left to the right
    up = math.radians(40) + math.radians(18) * up
    flat = up.cos()
    lamps = torch.stack([flat * around.cos(), up.sin(), flat * around.sin()], -1)
    colors = 1 + 0.08 * (torch.rand(count, 3, generator=random) - 0.5)  # (B, 3)
    bright = 0.62 + 0.18 * torch.rand(count, 1, generator=random)  # (B, 1)
    floors = bright + 0.06 * (torch.rand(count, 3, generator=random) - 0.5)  # (B, 3)
    return [Light(*parts) for parts in zip(lamps, colors * color, floors, strict=True)]


def fits(places, size):
    """Whether a solid at places (..., 3) is wholly in the picture: (...) bool."""
    boxes = corners(max(HEIGHTS.values()), places)  # (..., 8, 3)
    ends = frame_of(*size).project(boxes)  # (..., 8, 2)
    inside = (ends >= 1) & (ends <= torch.tensor(size) - 1)
    return inside.all(-1).all(-1)


def apart(places):
    """Whether no two objects of a scene touch: places (B, O, 3) -> (B,) bool."""
    first, second = torch.combinations(torch.arange(places.shape[1])).unbind(1)
    one, two = places[:, first], places[:, second]  # (B, pairs, 3)
    gaps = (one - two)[..., :2].norm(dim=-1) - one[..., 2] - two[..., 2]
    return (gaps >= GAP).all(1)


def to_scene(objects, image, masks):
    """A `Scene` of objects that are ordered, an image (3, H, W), masks (O, H, W)."""
    return collect(image[None], masks[None], [objects])[0]
