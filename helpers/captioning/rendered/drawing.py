"""Draw scenes with light and shadow: rays against solids on a floor.

Light adds up and is clipped at 1; a square root turns it
into the levels of a picture (a gamma of 2). Shading: Lambert 1760 for the light, half a
dome of sky for the rest, Blinn 1977 for the highlight. Rays are followed only in a box
around every object, and around its shadow.
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import avg_pool2d, normalize

from helpers.captioning.rendered.camera import PLACE, TALLEST, Frame
from helpers.captioning.rendered.rays import HEIGHTS, intersect
from helpers.captioning.words import PALETTE

SKY, SUN = 0.42, 0.72  # light from everywhere, and from the lamp
LAMP = 0.16  # how wide the lamp is, seen from the floor, in radians
SHINE = ((0.10, 8.0), (0.75, 60.0))  # matte and shiny: strength and exponent
_PAINT = (torch.tensor(list(PALETTE.values())) / 255) ** 2  # (colours, 3), as light


@dataclass(frozen=True)
class Layout:
    """What a batch of B scenes of O objects consists of.

    solids, colors (B, O) index SOLIDS and PALETTE; shiny (B, O) bool; places (B, O, 3)
    as x, z and radius; turns (B, O) in radians about the vertical; lamps (B, 3), the
    direction towards the light, of length 1 and at most 60 degrees up; lights (B, 3),
    its colour; floors (B, 3), the colour of the floor in 0..1.
    """

    solids: torch.Tensor
    colors: torch.Tensor
    shiny: torch.Tensor
    places: torch.Tensor
    turns: torch.Tensor
    lamps: torch.Tensor
    lights: torch.Tensor
    floors: torch.Tensor

    def __getitem__(self, chosen):
        """The layout of some of the scenes: a slice, a mask (B,) or numbers (n,)."""
        return Layout(*(part[chosen] for part in vars(self).values()))


def render(layout, size, samples=1):
    """Draw a batch: images (B, 3, H, W) in 0..1, masks and silhouettes (B, O, H, W).

    A mask holds the pixels in which an object is seen, a silhouette those in which it
    would be seen if it stood alone; both bool. samples: rays a pixel down and across;
    with more than one, edges are smooth, and the lamp has a width, so shadows are soft.
    Raises ValueError for a picture more than 3 times as high as wide.
    """
    H, W = size
    if H > TALLEST * W:
        raise ValueError(f"{H} x {W} is too tall: give at most {TALLEST:g} W rows")
    frame = Frame(H * samples, W * samples)
    drawn = [_draw(layout[i], frame, samples) for i in range(len(layout.solids))]
    images, depths = (torch.stack(parts) for parts in zip(*drawn, strict=True))
    images = images.clamp(0, 1).sqrt().permute(0, 3, 1, 2)  # (B, 3, H, W)
    whole = depths.isfinite()  # (B, O, H, W)
    masks = whole & (depths == depths.amin(1, keepdim=True))  # (B, O, H, W)
    if samples == 1:
        return images, masks, whole
    masks, whole = (avg_pool2d(x.float(), samples) > 0.5 for x in (masks, whole))
    return avg_pool2d(images, samples), masks, whole


def _draw(scene, frame, samples):
    """The light of one scene (H, W, 3), and the depths of its objects (O, H, W),
    infinite where one is not."""
    lamps = _lamps(scene, frame, samples)  # (H, W, 3)
    depths = torch.full((len(scene.solids), *frame.size), torch.inf)  # (O, H, W)
    normals = torch.zeros(*depths.shape, 3)
    lit = scene.lamps[1].expand(frame.size).clone()  # (H, W)
    for i, points in enumerate(corners(scene.solids, scene.places)):  # (8, 3)
        box = frame.box(points)
        depths[i][box], normals[i][box] = _meet(scene, i, PLACE, frame.rays[box])
        ends = points - points[:, 1:2] / scene.lamps[1] * scene.lamps  # (8, 3): shadows
        box = frame.box(torch.cat([points, ends]))
        t, _ = _meet(scene, i, frame.ground[box], lamps[box])
        lit[box][t.isfinite()] = 0
    light = _floor(scene, frame, lit)  # (H, W, 3)
    for i, depth in enumerate(depths):
        seen = depth.isfinite() & (depth == depths.amin(0))  # (H, W)
        parts = (x[seen] for x in (depth, normals[i], frame.rays, lamps))
        light[seen] = _shade(scene, i, *parts)
    return light, depths


def _meet(scene, i, origins, directions):
    """`intersect` with object number i, in the floor's own frame: rays (..., 3)."""
    x, z, radius = scene.places[i]
    base, turn = torch.stack([x, torch.zeros_like(x), z]), scene.turns[i]
    local = (origins - base) / radius, directions / radius
    o, d = (_turned(vectors, -turn) for vectors in local)
    t, normals = intersect(int(scene.solids[i]), o, d)  # (...), (..., 3)
    return t, _turned(normals, turn)


def _turned(vectors, angle):
    """Vectors (..., 3), turned about the vertical."""
    x, y, z = vectors.unbind(-1)
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([cos * x - sin * z, y, sin * x + cos * z], -1)


def corners(solids, places):
    """The corners of a box around every object: solids (B, O), places (B, O, 3)
    -> (B, O, 8, 3)."""
    x, z, radius = (v[..., None] for v in places.unbind(-1))  # (B, O, 1)
    signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 3)  # (8, 3)
    top = HEIGHTS[solids][..., None] * radius  # (B, O, 1)
    wide = 1.14 * radius  # half the diagonal of the cube
    box = [x + wide * signs[:, 0], top * (signs[:, 1] > 0), z + wide * signs[:, 2]]
    return torch.stack(box, -1)


def _lamps(scene, frame, samples):
    """The direction towards the lamp from every pixel, (H, W, 3).

    With several samples a pixel, each looks at another part of the lamp.
    """
    part = (torch.arange(samples) - (samples - 1) / 2) * LAMP / samples  # (s,)
    down, across = torch.meshgrid(part, part, indexing="ij")  # (s, s) each
    aside = torch.stack([across, torch.zeros_like(across), down], -1)  # (s, s, 3)
    times = [side // samples for side in frame.size]
    return normalize(scene.lamps + aside, dim=-1).repeat(*times, 1)


def _floor(scene, frame, lit):
    """The light of the floor with no object on it, (H, W, 3); lit: that of the lamp,
    (H, W), 0 in a shadow."""
    sky = torch.full_like(lit, SKY)  # (H, W)
    for x, z, radius in scene.places:  # each hides as much of the sky as a ball does
        away = (frame.ground[..., 0] - x) ** 2 + (frame.ground[..., 2] - z) ** 2
        sky = sky * (1 - (radius**2 / (away + radius**2)) ** 1.5)
    fade = 1 / (1 + 0.004 * (frame.ground**2).sum(-1))  # (H, W)
    light = SUN * lit[..., None] * scene.lights + sky[..., None]  # (H, W, 3)
    return scene.floors * light * fade[..., None]


def _shade(scene, i, t, normals, rays, lamps):
    """The light that comes from P points of object number i, (P, 3), where rays (P, 3)
    meet it after t (P,)."""
    points = PLACE + t[:, None] * rays  # (P, 3)
    facing = (normals * lamps).sum(-1).clamp(min=0)  # (P,)
    for other in range(len(scene.solids)):
        if other != i:
            facing = facing * _meet(scene, other, points, lamps)[0].isinf()  # a shadow
    strength, exponent = SHINE[int(scene.shiny[i])]
    halfway = normalize(lamps - normalize(rays, dim=-1), dim=-1)  # (P, 3)
    glint = (normals * halfway).sum(-1).clamp(min=0) ** exponent  # (P,)
    glint = strength * glint * (facing > 0)  # (P,)
    sky = SKY * (0.7 + 0.3 * normals[:, 1])  # (P,): more of it from above
    diffuse = sky[:, None] + SUN * facing[:, None] * scene.lights  # (P, 3)
    return _PAINT[scene.colors[i]] * diffuse + glint[:, None] * scene.lights
