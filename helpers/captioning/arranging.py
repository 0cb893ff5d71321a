"""Scenes that somebody arranges by hand, flat or rendered; errors for unclear ones."""

import math

import torch

from helpers.captioning.drawing import draw
from helpers.captioning.rendered import scenes as rendered
from helpers.captioning.rendered.drawing import Light, render
from helpers.captioning.scenes import collect, ordered
from helpers.captioning.words import COLORS, PALETTE, SHAPES, SOLIDS

# The relation is clear if the distances across and down, or in depth, differ by this:
CLEAR, CLEAR_ON_FLOOR = 4.0, 0.4  # pixels, half a cell; units of the floor
BACKGROUND = (0.93, 0.92, 0.90)  # RGB
LAMP = torch.tensor([-0.55, 0.68, -0.48])  # in front, to the left
LIGHT = Light(LAMP / LAMP.norm(), torch.ones(3), torch.tensor([0.72, 0.72, 0.74]))


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
    where = f"{across:g} pixels apart across and {down:g} down"
    check_relation(objects, across - down, where, "above", CLEAR)
    objects = ordered(objects)
    shapes = torch.tensor([[SHAPES.index(o.shape) for o in objects]])  # (1, 2)
    colors = torch.tensor([[list(COLORS).index(o.color) for o in objects]])  # (1, 2)
    places = torch.tensor([[[o.x, o.y, o.radius] for o in objects]]).float()
    plain = torch.tensor([[background, background]]).float()  # (1, 2, 3)
    scene = collect(*draw(shapes, colors, places, plain, size), [objects])[0]
    for o, seen in zip(scene.objects, scene.masks.sum((1, 2)), strict=True):
        if not seen >= o.radius**2 / 2:  # a sixth of a circle, a third of a star
            raise ValueError(
                f"only {seen} pixels of the {o.color} {o.shape} can be seen (x "
                f"{o.x:g}, y {o.y:g}, radius {o.radius:g}; the picture is {size[1]} x "
                f"{size[0]}): move it in from the edge, or away from the other object"
            )
    return scene


def make_rendered_scene(objects, size=rendered.SIZE):
    """Draw two RenderedObjects that you choose; the caption orders them by itself.

    size: (H, W) in pixels. Raises ValueError for an unknown shape or colour, for other
    than two objects, and where the picture leaves the caption in doubt: objects that
    touch, stand out of the picture, are almost as far apart across as in depth, or hide
    more than half of one another.
    """
    rendered.check_size(size)
    check_objects(objects, SOLIDS, PALETTE)
    places = torch.tensor([[o.x, o.z, o.radius] for o in objects]).float()  # (2, 3)
    for thing, inside in zip(objects, rendered.fits(places, size), strict=True):
        if not inside:
            raise ValueError(
                f"the {thing.color} {thing.shape} stands out of the picture: "
                "move it to the middle"
            )
    x, z = (places[0] - places[1])[:2].abs().tolist()
    if not rendered.apart(places[None]).item():
        away = f"their middles are {math.hypot(x, z):.2f} apart"
        raise ValueError(f"{both(objects)} touch: {away}")
    where = f"{x:.2f} apart across and {z:.2f} in depth"
    check_relation(objects, x - z, where, "behind", CLEAR_ON_FLOOR)
    objects = ordered(objects)
    image, masks, silhouettes = render(objects, LIGHT, size, samples=2)
    shares = (masks.sum((1, 2)) / silhouettes.sum((1, 2))).tolist()  # (O,)
    for thing, share in zip(objects, shares, strict=True):
        if not share >= rendered.VISIBLE:
            raise ValueError(
                f"only {share:.0%} of the {thing.color} {thing.shape} can be seen: "
                "move one of the two aside"
            )
    return rendered.to_scene(objects, image, masks)


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
