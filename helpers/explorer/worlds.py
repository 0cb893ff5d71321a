"""The two kinds of scenes, as things that the explorer moves about its picture."""

import numpy as np
import torch

from helpers.captioning.arranging import make_rendered_scene, make_scene
from helpers.captioning.rendered.camera import FORWARD, PLACE, Frame, at_height
from helpers.captioning.rendered.scenes import RenderedObject
from helpers.captioning.scenes import SceneObject
from helpers.captioning.words import COLORS, PALETTE, SHAPES, SOLIDS

HEIGHT = 0.8  # units: a solid is held so far above the floor, about at its middle


class Flat:
    """SceneObjects. A thing is one of them, as a dict."""

    choices = {
        "shapes": SHAPES,
        "colors": COLORS,
        "radius": {"min": 8, "max": 28, "step": 1},  # pixels; training had 12 to 18
    }

    @staticmethod
    def things(scene):
        whole = [{"x": round(one.x), "y": round(one.y)} for one in scene.objects]
        return [vars(o) | place for o, place in zip(scene.objects, whole, strict=True)]

    @staticmethod
    def scene(things, before):
        """The things as a Scene, on a background like that of the Scene before."""
        plain = np.asarray(before.image)[~before.masks.any(0)].mean(0) / 255  # (3,)
        objects = [SceneObject(**thing) for thing in things]
        return make_scene(objects, before.masks.shape[1:], tuple(plain))

    @staticmethod
    def reach(things, size):
        return [thing["radius"] for thing in things]


class Rendered:
    """RenderedObjects. A thing is one of them as a dict, whose x and y are the place in
    the picture, in pixels, of the point at HEIGHT above its foot."""

    choices = {
        "shapes": SOLIDS,
        "colors": PALETTE,
        "radius": {"min": 0.4, "max": 1.2, "step": 0.05},  # units; training: 0.7 to 0.9
    }

    @staticmethod
    def things(scene):
        points = torch.tensor([[one.x, HEIGHT, one.z] for one in scene.objects])
        places = Frame(*scene.masks.shape[1:]).project(points).tolist()  # (O, 2)
        return [
            {**vars(one), "x": x, "y": y}
            for one, (y, x) in zip(scene.objects, places, strict=True)
        ]

    @staticmethod
    def scene(things, before):
        """The things as a Scene as large as the one before."""
        size = before.masks.shape[1:]
        objects = []
        for thing in things:
            x, _, z = place_of(thing, size).tolist()
            rest = {k: v for k, v in thing.items() if k not in "xyz"}
            objects.append(RenderedObject(x=x, z=z, **rest))
        return make_rendered_scene(objects, size)

    @staticmethod
    def reach(things, size):
        """Their radii in pixels: less, the farther away they stand."""
        away = [float((place_of(one, size) - PLACE) @ FORWARD) for one in things]
        focal = Frame(*size).focal  # pixels
        return [one["radius"] * focal / d for one, d in zip(things, away, strict=True)]


def place_of(thing, size):
    """Where a ray through a pixel of the picture (H, W) is at HEIGHT: x, y, z."""
    row, column = torch.tensor([thing["y"], thing["x"]])
    return at_height(Frame(*size).ray(row, column), HEIGHT)  # (3,)
