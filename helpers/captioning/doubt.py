"""Reject a scene made by hand whose objects are unknown or whose caption is unclear."""

import math

CLEAR = 4.0  # pixels, half a cell: the distances across and down differ by this or more


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


def refuse_doubt(one, two):
    """Raise ValueError if the relation between two SceneObjects is not clear."""
    across, down = abs(one.x - two.x), abs(one.y - two.y)  # pixels
    apart, widest = math.hypot(across, down), max(one.radius, two.radius)
    if not apart >= widest:
        raise ValueError(
            f"{both(one, two)} lie on one another: their centres are {apart:.1f} "
            f"pixels apart, and the larger radius is {widest:g}. Move one of them away"
        )
    if not abs(across - down) >= CLEAR:
        places = f"{across:g} pixels apart across and {down:g} down"
        raise unclear(both(one, two), places, "above", CLEAR)


def both(one, two):
    return f"the {one.color} {one.shape} and the {two.color} {two.shape}"


def unclear(names, places, relation, clear):
    """The error to raise where "left of" is as true as another relation, or nearly."""
    return ValueError(
        f'{names} are {places}, so neither "left of" nor "{relation}" is beyond doubt: '
        f"let the two numbers differ by {clear:g} or more"
    )


def refuse_hidden(scene):
    """Raise ValueError if too little of an object of a Scene is visible."""
    H, W = scene.masks.shape[1:]
    for thing, mask in zip(scene.objects, scene.masks, strict=True):
        seen = int(mask.sum())
        if not seen >= thing.radius**2 / 2:  # a sixth of a circle, a third of a star
            where = f"x {thing.x:g}, y {thing.y:g}, radius {thing.radius:g}"
            raise ValueError(
                f"only {seen} pixels of the {thing.color} {thing.shape} can be seen "
                f"({where}; the picture is {W} x {H}): move it in from the edge, or "
                "away from the other object"
            )
