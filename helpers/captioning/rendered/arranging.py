"""Rendered scenes that somebody arranges by hand."""

import math

import torch

from helpers.captioning.doubt import both, check_objects, unclear
from helpers.captioning.rendered.drawing import Layout, render
from helpers.captioning.rendered.rays import SOLIDS
from helpers.captioning.rendered.scenes import (
    SIZE,
    VISIBLE,
    apart,
    check_size,
    fits,
    in_reading_order,
    to_scenes,
)
from helpers.captioning.words import PALETTE

CLEAR = 0.4  # | |dx| - |dz| | is at least this, or the relation is in doubt
LAMP = (-0.55, 0.68, -0.48)  # the direction towards it: in front, to the left


def make_rendered_scene(
    objects, size=SIZE, light=(1, 1, 1), floor=(0.72, 0.72, 0.74), samples=2
):
    """Draw two RenderedObjects that you choose; the caption orders them by itself.

    size: (H, W) in pixels. light, floor: RGB colours in 0..1. Raises ValueError for an
    unknown shape or colour, for other than two objects, and where the picture leaves
    the caption in doubt: objects that touch, stand out of the picture, are almost as
    far apart across as in depth, or hide more than half of one another.
    """
    check_size(size)
    check_objects(objects, SOLIDS, PALETTE)
    layout = arranged(objects, light, floor)
    refuse(objects, layout.places, size)
    layout = in_reading_order(layout)
    images, masks, silhouettes = render(layout, size, samples)
    scene = to_scenes(layout, images, masks)[0]
    shares = (masks.sum((2, 3)) / silhouettes.sum((2, 3)))[0]  # (O,)
    for thing, share in zip(scene.objects, shares.tolist(), strict=True):
        if not share >= VISIBLE:
            raise ValueError(
                f"only {share:.0%} of the {thing.color} {thing.shape} can be seen: "
                "move one of the two aside"
            )
    return scene


def arranged(objects, light, floor):
    """The Layout of one scene, in the order in which the objects were given."""
    return Layout(
        solids=torch.tensor([[SOLIDS.index(o.shape) for o in objects]]),
        colors=torch.tensor([[list(PALETTE).index(o.color) for o in objects]]),
        shiny=torch.tensor([[o.shiny for o in objects]]),
        places=torch.tensor([[[o.x, o.z, o.radius] for o in objects]]).float(),
        turns=torch.tensor([[o.turn for o in objects]]).float(),
        lamps=torch.nn.functional.normalize(torch.tensor([LAMP])),  # (1, 3)
        lights=torch.tensor([light]).float(),
        floors=torch.tensor([floor]).float(),
    )


def refuse(objects, places, size):
    """Raise ValueError for places (1, 2, 3) that make no clear scene."""
    for thing, inside in zip(objects, fits(places, size)[0], strict=True):
        if not inside:
            raise ValueError(
                f"the {thing.color} {thing.shape} stands out of the picture: "
                "move it to the middle"
            )
    x, z = (places[0, 0] - places[0, 1])[:2].abs().tolist()
    if not apart(places).item():
        away = f"their middles are {math.hypot(x, z):.2f} apart"
        raise ValueError(f"{both(*objects)} touch: {away}")
    if not abs(x - z) >= CLEAR:
        where = f"{x:.2f} apart across and {z:.2f} in depth"
        raise unclear(both(*objects), where, "behind", CLEAR)
