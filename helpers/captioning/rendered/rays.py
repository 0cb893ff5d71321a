"""Where a ray meets a sphere, a cube, a cylinder or a cone, in closed form.

Every solid stands on the plane y = 0, with y up, in a frame of its own in which its
`radius` is 1. All four are convex: a ray is inside of one on an interval, which is an
intersection of simpler intervals. The ray meets the solid if it enters the last of them
before it leaves the first. (Kay & Kajiya 1986 for slabs, and conics in the same way.)
"""

from functools import partial

import torch

HEIGHTS = {"sphere": 2.0, "cube": 1.6, "cylinder": 2.1, "cone": 2.2}  # in radii
CUBE, CYLINDER = 0.8, 0.62  # half a side, and the radius of the cylinder


def intersect(solid, origins, directions):
    """Follow rays towards a solid, one of SOLIDS, in the frame of the solid.

    origins (..., 3) or (3,), directions (..., 3). Returns t (...), the place on the ray
    in directions from the origin, infinite for a ray that misses or starts behind the
    solid, and normals (..., 3), of length 1; 0 where nothing is met.
    """
    enter, leave, normal = _INSIDE[solid](origins, directions)  # (...), (...), function
    hit = (enter < leave) & (enter > 0)  # (...)
    points = (origins + enter[..., None] * directions)[hit]  # (m, 3)
    normals = torch.zeros_like(directions)  # (..., 3)
    normals[hit] = torch.nn.functional.normalize(normal(points), dim=-1)
    return torch.where(hit, enter, torch.inf), normals


def _sphere(o, d):
    o = o - o.new_tensor([0, 1, 0])  # (..., 3): from the centre
    a, b, c = (d * d).sum(-1), (o * d).sum(-1), (o * o).sum(-1) - 1
    return *_roots(a, b, c), lambda point: point - point.new_tensor([0, 1, 0])


def _cube(o, d):
    middle, half = o.new_tensor([0, CUBE, 0]), CUBE
    enter, leave = _slab(o - middle, d, half)  # (..., 3), (..., 3)

    def normal(point):
        x = (point - middle) / half  # (m, 3): the largest coordinate is 1
        side = x.abs().argmax(-1, keepdim=True)  # (m, 1)
        return torch.zeros_like(x).scatter(1, side, x.gather(1, side).sign())

    return enter.amax(-1), leave.amin(-1), normal


def _round(height, foot, slope, o, d):
    """A solid of revolution, of radius foot - slope * y from y = 0 to its height.

    Holds for rays less steep than the side of the cone, as the camera's and the light's
    are: only then is a ray inside of a cone on one interval.
    """
    flat, rise = [0, 2], slope * d[..., 1]
    radius = foot - slope * o[..., 1]  # (...)
    a = (d[..., flat] ** 2).sum(-1) - rise**2
    b = (o[..., flat] * d[..., flat]).sum(-1) + radius * rise
    c = (o[..., flat] ** 2).sum(-1) - radius**2
    enter, leave = _roots(a, b, c)  # (...), (...)
    below, above = _slab(o[..., 1] - height / 2, d[..., 1], height / 2)  # (...), (...)

    def normal(point):
        x, y, z = point.unbind(-1)  # (m,) each
        side = torch.stack([x, slope * (foot - slope * y), z], -1)  # (m, 3)
        lid = (y > height - 1e-3) & (slope == 0)  # (m,): a cone has none
        return torch.where(lid[:, None], point.new_tensor([0, 1, 0]), side)

    return torch.maximum(enter, below), torch.minimum(leave, above), normal


def _slab(o, d, half):
    """Between two planes, -half and half: where a ray enters and leaves, (...)."""
    d = torch.where(d.abs() < 1e-9, 1e-9, d)
    one, two = (-half - o) / d, (half - o) / d
    return torch.minimum(one, two), torch.maximum(one, two)


def _roots(a, b, c):
    """Both t with a t^2 + 2 b t + c = 0, for a > 0; without one, an empty interval."""
    inside = b * b - a * c
    root = inside.clamp(min=0).sqrt()
    near = torch.where(inside > 0, (-b - root) / a, torch.inf)
    return near, torch.where(inside > 0, (-b + root) / a, -torch.inf)


_INSIDE = {  # the interval on which a ray is in a solid, and the normal at a point
    "sphere": _sphere,
    "cube": _cube,
    "cylinder": partial(_round, HEIGHTS["cylinder"], CYLINDER, 0.0),
    "cone": partial(_round, HEIGHTS["cone"], 1.0, 1 / HEIGHTS["cone"]),
}
