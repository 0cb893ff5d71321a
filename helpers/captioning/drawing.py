"""Draw a batch of objects from signed distances: negative inside, positive outside."""

import math

import torch

from helpers.captioning.words import COLORS, SHAPES

_PALETTE = torch.tensor(list(COLORS.values())) / 255  # (colours, 3)


def draw(shapes, colors, places, backgrounds, size):
    """Draw a batch: images (B, 3, H, W) and masks (B, 2, H, W), bool.

    The first four as `sample_objects` returns them; size: (H, W) in pixels. White is 1;
    the lightest backgrounds are a little above it.
    """
    H, W = size
    ramp = torch.linspace(0, 1, W)  # (W,)
    left, right = backgrounds.unbind(1)  # (B, 3), (B, 3)
    images = left[..., None] + (right - left)[..., None] * ramp  # (B, 3, W)
    images = images[:, :, None].repeat(1, 1, H, 1)  # (B, 3, H, W)
    coverage = (0.5 - _distances(shapes, places, H, W)).clamp(0, 1)  # (B, 2, H, W)
    for i in range(2):
        paint = _PALETTE[colors[:, i]][:, :, None, None]  # (B, 3, 1, 1)
        images = torch.lerp(images, paint, coverage[:, i, None])  # (B, 3, H, W)
    masks = coverage > 0.5  # (B, 2, H, W)
    masks[:, 0] &= ~masks[:, 1]  # the second object lies on top
    return images, masks


def _distances(shapes, places, H, W):
    """Signed distance of every pixel centre to every object: (B, 2, H, W), pixels."""
    rows, cols = torch.arange(H) + 0.5, torch.arange(W) + 0.5
    x = cols - places[..., 0, None, None]  # (B, 2, 1, W)
    y = rows[:, None] - places[..., 1, None, None]  # (B, 2, H, 1)
    r = places[..., 2, None, None]  # (B, 2, 1, 1)
    distances = torch.empty(*shapes.shape, H, W)  # (B, 2, H, W)
    for index, shape in enumerate(SHAPES):
        those = shapes == index  # (B, 2)
        distances[those] = _DISTANCE[shape](x[those], y[those], r[those])  # (n, H, W)
    return distances


def _box(x, y, half_width, half_height):
    return torch.maximum(x.abs() - half_width, y.abs() - half_height)


def _triangle(x, y, r):
    slant = 0.87 * x.abs() - 0.5 * y - 0.45 * r  # the two sloping sides
    return torch.maximum(slant, y - 0.85 * r)


def _star(x, y, r):
    """Five points: fold the plane into one tenth, then one straight edge is left."""
    sector = 2 * math.pi / 5
    angle = torch.atan2(x, -y) + math.pi  # 0 points down, so a tip points up
    fold = ((angle + math.pi) % sector - sector / 2).abs()  # 0 at a notch
    radius = torch.hypot(x, y)
    px, py = radius * fold.cos(), radius * fold.sin()
    notch, tip = 0.45 * r, 1.1 * r
    tip_x, tip_y = tip * math.cos(math.pi / 5), tip * math.sin(math.pi / 5)
    length = torch.hypot(tip_x - notch, tip_y)
    return ((px - notch) * tip_y - py * (tip_x - notch)) / length


def _cross(x, y, r):
    return torch.minimum(_box(x, y, r, 0.36 * r), _box(x, y, 0.36 * r, r))


_DISTANCE = {
    "circle": lambda x, y, r: torch.hypot(x, y) - r,
    "square": lambda x, y, r: _box(x, y, 0.88 * r, 0.88 * r),
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
}
