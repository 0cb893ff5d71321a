"""Draw scenes with light and shadow: rays against solids on a floor.

Light adds up and is clipped at 1; a square root turns it into the levels of a picture
(a gamma of 2). Shading: Lambert 1760 for the light, half a dome of sky for the rest,
Blinn 1977 for the highlight. Rays are followed only in a box around every object, and
around its shadow.
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import avg_pool2d, normalize

from helpers.captioning.rendered.camera import PLACE, TALLEST, frame_of
from helpers.captioning.rendered.rays import HEIGHTS, intersect
from helpers.captioning.words import PALETTE

SKY, SUN = 0.42, 0.72  # light from everywhere, and from the lamp
LAMP = 0.16  # how wide the lamp is, seen from the floor, in radians
SHINE = ((0.10, 8.0), (0.75, 60.0))  # matte and shiny: strength and exponent


@dataclass(frozen=True, eq=False)
class Light:
    """What lights a scene, and the floor that it falls on.

    lamp: (3,), the direction towards it, of length 1 and at most 60 degrees up. color,
    floor: (3,), RGB of the lamp and of the floor, in 0..1 or a little beyond.
    """

    lamp: torch.Tensor
    color: torch.Tensor
    floor: torch.Tensor


def render(objects, light, size, samples=1):
    """Draw RenderedObjects: an image (3, H, W) in 0..1, masks, silhouettes (O, H, W).

    A mask holds the pixels in which an object is seen, a silhouette those in which it
    would be seen if it stood alone; both bool. samples: rays a pixel down and across;
    with more than one, edges are smooth, and the lamp has a width, so shadows are soft.
    Raises ValueError for a picture more than 3 times as high as wide.
    """
    H, W = size
    if H > TALLEST * W:
        raise ValueError(f"{H} x {W} is too tall: give at most {TALLEST:g} W rows")
    frame = frame_of(H * samples, W * samples)
    image, depths = _draw(objects, light, frame, samples)
    image = image.clamp(0, 1).sqrt().permute(2, 0, 1)  # (3, H, W)
    whole = depths.isfinite()  # (O, H, W)
    masks = whole & (depths == depths.amin(0))  # (O, H, W)
    if samples == 1:
        return image, masks, whole
    masks, whole = (avg_pool2d(x.float(), samples) > 0.5 for x in (masks, whole))
    return avg_pool2d(image, samples), masks, whole


def _draw(objects, light, frame, samples):
    """The light of a scene (H, W, 3), and the depths of its objects (O, H, W), infinite
    where one is not."""
    lamps = _lamps(light, frame, samples)  # (H, W, 3)
    depths = torch.full((len(objects), *frame.size), torch.inf)  # (O, H, W)
    normals = torch.zeros(*depths.shape, 3)
    lit = light.lamp[1].expand(frame.size).clone()  # (H, W)
    for thing, depth, normal in zip(objects, depths, normals, strict=True):
        place = torch.tensor([thing.x, thing.z, thing.radius])
        points = corners(HEIGHTS[thing.shape], place)  # (8, 3)
        box = frame.box(points)
        depth[box], normal[box] = _meet(thing, PLACE, frame.rays[box])
        ends = points - points[:, 1:2] / light.lamp[1] * light.lamp  # (8, 3): shadows
        box = frame.box(torch.cat([points, ends]))
        t, _ = _meet(thing, frame.ground[box], lamps[box])
        lit[box][t.isfinite()] = 0
    image = _floor(objects, light, frame, lit)  # (H, W, 3)
    for thing, depth, normal in zip(objects, depths, normals, strict=True):
        seen = depth.isfinite() & (depth == depths.amin(0))  # (H, W)
        parts = (x[seen] for x in (depth, normal, frame.rays, lamps))
        others = [other for other in objects if other is not thing]
        image[seen] = _shade(thing, others, light, *parts)
    return image, depths


def _meet(thing, origins, directions):
    """`intersect` with an object, in the floor's own frame: rays (..., 3)."""
    base, turn = torch.tensor([thing.x, 0, thing.z]), torch.tensor(thing.turn)
    local = (origins - base) / thing.radius, directions / thing.radius
    o, d = (_turned(vectors, -turn) for vectors in local)
    t, normals = intersect(thing.shape, o, d)  # (...), (..., 3)
    return t, _turned(normals, turn)


def _turned(vectors, angle):
    """Vectors (..., 3), turned about the vertical."""
    x, y, z = vectors.unbind(-1)
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([cos * x - sin * z, y, sin * x + cos * z], -1)


def corners(height, places):
    """The corners of a box around every object, height in radii: places (..., 3) as x,
    z, radius -> (..., 8, 3)."""
    x, z, radius = (v[..., None] for v in places.unbind(-1))  # (..., 1)
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3)  # (8, 3)
    wide = 1.14 * radius  # half the diagonal of the cube
    up = height * radius * (signs[:, 1] > 0)  # (..., 8)
    return torch.stack([x + wide * signs[:, 0], up, z + wide * signs[:, 2]], -1)


def _lamps(light, frame, samples):
    """The direction towards the lamp from every pixel, (H, W, 3).

    With several samples a pixel, each looks at another part of the lamp.
    """
    part = (torch.arange(samples) - (samples - 1) / 2) * LAMP / samples  # (s,)
    down, across = torch.meshgrid(part, part, indexing="ij")  # (s, s) each
    aside = torch.stack([across, torch.zeros_like(across), down], -1)  # (s, s, 3)
    times = [side // samples for side in frame.size]
    return normalize(light.lamp + aside, dim=-1).repeat(*times, 1)


def _floor(objects, light, frame, lit):
    """The light of the floor with no object on it, (H, W, 3); lit: that of the lamp,
    (H, W), 0 in a shadow."""
    sky = torch.full_like(lit, SKY)  # (H, W)
    x, _, z = frame.ground.unbind(-1)  # (H, W) each
    for o in objects:  # each hides as much of the sky as a ball does
        away = (x - o.x) ** 2 + (z - o.z) ** 2
        sky = sky * (1 - (o.radius**2 / (away + o.radius**2)) ** 1.5)
    fade = 1 / (1 + 0.004 * (frame.ground**2).sum(-1))  # (H, W)
    both = SUN * lit[..., None] * light.color + sky[..., None]  # (H, W, 3)
    return light.floor * both * fade[..., None]


def _shade(thing, others, light, t, normals, rays, lamps):
    """The light that comes from P points of an object, (P, 3), where rays (P, 3) meet
    it after t (P,)."""
    points = PLACE + t[:, None] * rays  # (P, 3)
    facing = (normals * lamps).sum(-1).clamp(min=0)  # (P,)
    for other in others:  # and their shadows
        facing = facing * _meet(other, points, lamps)[0].isinf()
    strength, exponent = SHINE[thing.shiny]
    halfway = normalize(lamps - normalize(rays, dim=-1), dim=-1)  # (P, 3)
    glint = (normals * halfway).sum(-1).clamp(min=0) ** exponent  # (P,)
    glint = strength * glint * (facing > 0)  # (P,)
    sky = SKY * (0.7 + 0.3 * normals[:, 1])  # (P,): more of it from above
    diffuse = sky[:, None] + SUN * facing[:, None] * light.color  # (P, 3)
    paint = (torch.tensor(PALETTE[thing.color]) / 255) ** 2  # (3,), as light
    return paint * diffuse + glint[:, None] * light.color
