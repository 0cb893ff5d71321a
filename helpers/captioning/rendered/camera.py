"""The camera that looks down on the floor.

Lengths are in units of the floor: x to the right, y up, z away from the camera, which
looks at (0, 0.6, 0).
"""

import math
from functools import cached_property, lru_cache

import torch

PITCH, DISTANCE = math.radians(35), 7.0  # how far down it looks, from how far off
FORWARD = torch.tensor([0, -math.sin(PITCH), math.cos(PITCH)])
RIGHT = torch.tensor([1.0, 0, 0])
UP = torch.tensor([0, math.cos(PITCH), math.sin(PITCH)])
PLACE = torch.tensor([0, 0.6, 0]) - DISTANCE * FORWARD
FOCAL = 1.3  # in roots of the picture's area
TALLEST = 3.0  # H / W: beyond, the picture would reach above the horizon


class Frame:
    """The camera's picture of H x W rays."""

    def __init__(self, H, W):
        self.size, self.focal = (H, W), FOCAL * math.sqrt(H * W)  # pixels

    def ray(self, row, column):
        """The direction of the ray through places (...) of the picture, (..., 3)."""
        H, W = self.size
        up, right = (H / 2 - row) / self.focal, (column - W / 2) / self.focal
        return FORWARD + up[..., None] * UP + right[..., None] * RIGHT

    @cached_property
    def rays(self):
        """The direction of the ray through every pixel, (H, W, 3), 1 along the view."""
        H, W = self.size
        return self.ray(torch.arange(H)[:, None] + 0.5, torch.arange(W) + 0.5)

    @cached_property
    def ground(self):
        """The point of the floor in every pixel, (H, W, 3)."""
        return at_height(self.rays, 0)

    def project(self, points):
        """Points (..., 3) -> their place in the picture (..., 2): row, column."""
        H, W = self.size
        away = points - PLACE  # (..., 3)
        scale = self.focal / (away @ FORWARD)  # (...)
        down, across = H / 2 - scale * (away @ UP), W / 2 + scale * away[..., 0]
        return torch.stack([down, across], -1)

    def box(self, points):
        """The rows and the columns of the box around points (K, 3): two slices."""
        places = self.project(points)  # (K, 2)
        first, last = places.amin(0).floor().tolist(), places.amax(0).ceil().tolist()
        sides = zip(first, last, strict=True)
        return tuple(slice(max(0, int(low)), max(0, int(high))) for low, high in sides)


frame_of = lru_cache(maxsize=4)(Frame)  # the rays of a size serve many scenes


def at_height(rays, y):
    """Where rays (..., 3) from the camera are at a height: points (..., 3)."""
    return PLACE + (y - PLACE[1]) / rays[..., 1:2] * rays
