"""Scenes that somebody arranges by hand, flat or rendered; errors for unclear ones."""

import math

import torch

from helpers.captioning.rendered.drawing import Layout, render
from helpers.captioning.rendered.scenes import (
    SIZE,
    VISIBLE,
    apart,
    check_size,
    fits,
    ordered,
    to_rendered_scenes,
)
from helpers.captioning.scenes import to_scenes
from helpers.captioning.words import (
    COLORS,
    PALETTE,
    SHAPES,
    SOLIDS,
    in_reading_order,
)

# The relation is clear if the distances across and down, or in depth, differ by this:
CLEAR, CLEAR_ON_FLOOR = 4.0, 0.4  # pixels, half a cell; units of the floor
BACKGROUND = (0.93, 0.92, 0.90)  # RGB
LAMP = (-0.55, 0.68, -0.48)  # the direction towards it: in front, to the left
FLOOR = (0.72, 0.72, 0.74)  # RGB


def make_scene(objects, size=(112, 112), background=BACKGROUND):
    """Draw two SceneObjects that you choose; the caption orders them by itself.

    size is (H, W) in pixels, background an RGB colour in 0..1. Where the objects
    overlap, the one named second lies on top. Raises ValueError for other than two
    objects, an unknown shape or colour, and where the picture leaves the caption in
    doubt: distances alike, within 4 pixels; an object on or hidden by the other, or by
    the edge.
    """
    check_objects(objects, SHAPES, COLORS)
    one, two = objects
    across, down = abs(one.x - two.x), abs(one.y - two.y)  # pixels
    apart, widest = math.hypot(across, down), max(one.radius, two.radius)
    if not apart >= widest:
        raise ValueError(
            f"{both(objects)} lie on one another: their centres are {apart:.1f} pixels "
            f"apart, and the larger radius is {widest:g}. Move one of them away"
        )
    places = f"{across:g} pixels apart across and {down:g} down"
    check_relation(objects, across - down, places, "above", CLEAR)
    shapes = torch.tensor([[SHAPES.index(o.shape) for o in objects]])  # (1, 2)
    colors = torch.tensor([[list(COLORS).index(o.color) for o in objects]])  # (1, 2)
    places = torch.tensor([[[o.x, o.y, o.radius] for o in objects]])  # (1, 2, 3)
    layout = in_reading_order(places.float(), shapes, colors, places.float())
    plain = torch.tensor([[background, background]]).float()  # (1, 2, 3)
    scene = to_scenes(*layout, plain, size)[0]
    for thing, mask in zip(scene.objects, scene.masks, strict=True):
        check_visible(thing, mask)
    return scene


def check_visible(thing, mask):
    """Raise ValueError if too little of an object is in its mask (H, W)."""
    (H, W), seen = mask.shape, int(mask.sum())
    if not seen >= thing.radius**2 / 2:  # a sixth of a circle, a third of a star
        raise ValueError(
            f"only {seen} pixels of the {thing.color} {thing.shape} can be seen (x "
            f"{thing.x:g}, y {thing.y:g}, radius {thing.radius:g}; the picture is {W} "
            f"x {H}): move it in from the edge, or away from the other object"
        )


def make_rendered_scene(objects, size=SIZE):
    """Draw two RenderedObjects that you choose; the caption orders them by itself.

    size: (H, W) in pixels. Raises ValueError for an unknown shape or colour, for other
    than two objects, and where the picture leaves the caption in doubt: objects that
    touch, stand out of the picture, are almost as far apart across as in depth, or hide
    more than half of one another.
    """
    check_size(size)
    check_objects(objects, SOLIDS, PALETTE)
    layout = arranged(objects)
    check_places(objects, layout.places, size)
    layout = ordered(layout)
    images, masks, silhouettes = render(layout, size, samples=2)
    scene = to_rendered_scenes(layout, images, masks)[0]
    shares = (masks.sum((2, 3)) / silhouettes.sum((2, 3)))[0]  # (O,)
    for thing, share in zip(scene.objects, shares.tolist(), strict=True):
        if not share >= VISIBLE:
            raise ValueError(
                f"only {share:.0%} of the {thing.color} {thing.shape} can be seen: "
                "move one of the two aside"
            )
    return scene


def arranged(objects):
    """The Layout of one scene, in the order in which the objects were given."""
    return Layout(
        solids=torch.tensor([[SOLIDS.index(o.shape) for o in objects]]),
        colors=torch.tensor([[list(PALETTE).index(o.color) for o in objects]]),
        shiny=torch.tensor([[o.shiny for o in objects]]),
        places=torch.tensor([[[o.x, o.z, o.radius] for o in objects]]).float(),
        turns=torch.tensor([[o.turn for o in objects]]).float(),
        lamps=torch.nn.functional.normalize(torch.tensor([LAMP])),  # (1, 3)
        lights=torch.ones(1, 3),
        floors=torch.tensor([FLOOR]),
    )


def check_places(objects, places, size):
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
        raise ValueError(f"{both(objects)} touch: {away}")
    where = f"{x:.2f} apart across and {z:.2f} in depth"
    check_relation(objects, x - z, where, "behind", CLEAR_ON_FLOOR)


def check_objects(objects, shapes, colors):
    """Raise ValueError unless these are two objects of known shapes and colours."""
    if len(objects) != 2:
        raise ValueError(f"a scene has 2 objects, got {len(objects)}")
    for thing in objects:
        if thing.shape not in shapes or thing.color not in colors:
            raise ValueError(
                f"unknown object '{thing.color} {thing.shape}': shapes are "
                f"{', '.join(shapes)}; colours are {', '.join(colors)}"
            )


def check_relation(objects, difference, places, relation, clear):
    """Raise ValueError where "left of" is as true as another relation, or nearly."""
    if not abs(difference) >= clear:
        raise ValueError(
            f'{both(objects)} are {places}, so neither "left of" nor "{relation}" is '
            f"beyond doubt: let the two numbers differ by {clear:g} or more"
        )


def both(objects):
    return " and ".join(f"the {o.color} {o.shape}" for o in objects)
