"""Draw scenes with light and shadow: rays against solids on a floor, a batch at once.

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
    fine = Frame(H * samples, W * samples)
    depths, hits = _see(layout, fine)  # (B, O, H, W) and the rays that met something
    images = _floor(layout, fine, samples)  # (B, H, W, 3)
    seen = hits.t == depths.amin(1)[hits.scene, hits.row, hits.column]  # (P,)
    hits = hits[seen]
    images[hits.scene, hits.row, hits.column] = _shade(layout, fine, hits, samples)
    images = images.clamp(0, 1).sqrt().permute(0, 3, 1, 2)  # (B, 3, H, W)
    whole = depths.isfinite()  # (B, O, H, W)
    masks = whole & (depths == depths.amin(1, keepdim=True))  # (B, O, H, W)
    if samples == 1:
        return images, masks, whole
    masks, whole = (avg_pool2d(x.float(), samples) > 0.5 for x in (masks, whole))
    return avg_pool2d(images, samples), masks, whole


def _meet(layout, scene, thing, origins, directions):
    """`intersect` in the floor's own frame: origins, directions (P, 3)."""
    x, z, radius = layout.places[scene, thing].unbind(-1)  # (P,) each
    turn = layout.turns[scene, thing]  # (P,)
    base = torch.stack([x, torch.zeros_like(x), z], -1)  # (P, 3)
    local = (origins - base) / radius[:, None], directions / radius[:, None]
    o, d = (_turned(v, -turn) for v in local)
    t, normals = intersect(layout.solids[scene, thing], o, d)  # (P,), (P, 3)
    return t, _turned(normals, turn)


def _turned(vectors, angle):
    """Vectors (P, 3), turned about the vertical by the angle (P,)."""
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


def _see(layout, frame):
    """Depths (B, O, H, W), infinite where an object is not; the rays that met one."""
    pixels = frame.boxes(corners(layout.solids, layout.places))
    rays = frame.rays[pixels.row, pixels.column]  # (P, 3)
    origins = PLACE.expand_as(rays)
    t, normal = _meet(layout, pixels.scene, pixels.thing, origins, rays)
    pixels.t, pixels.normal = t, normal
    hits = pixels[t.isfinite()]
    depths = torch.full((*layout.solids.shape, *frame.size), torch.inf)
    depths[hits.scene, hits.thing, hits.row, hits.column] = hits.t
    return depths, hits


def _lamps(layout, scene, row, column, samples):
    """The direction towards the lamp from P pixels, (P, 3).

    With several samples a pixel, each looks at another part of the lamp.
    """
    part = (torch.arange(samples) - (samples - 1) / 2) * LAMP / samples
    down, across = part[row % samples], part[column % samples]  # (P,), (P,)
    aside = torch.stack([across, torch.zeros_like(across), down], -1)  # (P, 3)
    return normalize(layout.lamps[scene] + aside, dim=-1)


def _floor(layout, frame, samples):
    """The floor with its shadows and no object on it: light (B, H, W, 3)."""
    points = corners(layout.solids, layout.places)  # (B, O, 8, 3)
    lamp = layout.lamps[:, None, None]  # (B, 1, 1, 3)
    ends = points - points[..., 1:2] / lamp[..., 1:2] * lamp  # (B, O, 8, 3): shadows
    pixels = frame.boxes(torch.cat([points, ends], 2))
    ground = frame.ground[pixels.row, pixels.column]  # (P, 3)
    lamps = _lamps(layout, pixels.scene, pixels.row, pixels.column, samples)
    pixels.t, pixels.normal = _meet(layout, pixels.scene, pixels.thing, ground, lamps)
    dark = pixels[pixels.t.isfinite()]
    lit = layout.lamps[:, 1, None, None].expand(-1, *frame.size).clone()  # (B, H, W)
    lit[dark.scene, dark.row, dark.column] = 0
    sun = SUN * lit[..., None] * layout.lights[:, None, None]  # (B, H, W, 3)
    sky = SKY * _open_sky(layout, frame.ground)[..., None]  # (B, H, W, 1)
    fade = 1 / (1 + 0.004 * (frame.ground**2).sum(-1))[..., None]  # (H, W, 1)
    return layout.floors[:, None, None] * (sun + sky) * fade


def _open_sky(layout, ground):
    """The share of the sky that a point of the floor sees: ground (H, W, 3)
    -> (B, H, W). Each object hides as much as a ball does: the contact shadow."""
    share = 1.0
    for place in layout.places.unbind(1):  # (B, 3)
        x, z, radius = (v[:, None, None] for v in place.unbind(-1))  # (B, 1, 1)
        away = (ground[..., 0] - x) ** 2 + (ground[..., 2] - z) ** 2  # (B, H, W)
        near = radius**2 / (away + radius**2)  # (B, H, W)
        share = share * (1 - near**1.5)
    return share


def _shade(layout, frame, hits, samples):
    """The light that comes from P points of objects, (P, 3)."""
    rays = frame.rays[hits.row, hits.column]  # (P, 3)
    points = PLACE + hits.t[:, None] * rays  # (P, 3)
    lamps = _lamps(layout, hits.scene, hits.row, hits.column, samples)
    facing = (hits.normal * lamps).sum(-1).clamp(min=0)  # (P,)
    objects = layout.solids.shape[1]
    for step in range(1, objects):  # the shadow of each other object
        other = (hits.thing + step) % objects  # (P,)
        t, _ = _meet(layout, hits.scene, other, points, lamps)
        facing = facing * t.isinf()
    paint = _PAINT[layout.colors[hits.scene, hits.thing]]  # (P, 3)
    shiny = layout.shiny[hits.scene, hits.thing].long()  # (P,)
    strength, exponent = torch.tensor(SHINE)[shiny].unbind(-1)  # (P,), (P,)
    halfway = normalize(lamps - normalize(rays, dim=-1), dim=-1)  # (P, 3)
    glint = (hits.normal * halfway).sum(-1).clamp(min=0) ** exponent  # (P,)
    glint = strength * glint * (facing > 0)  # (P,)
    sky = SKY * (0.7 + 0.3 * hits.normal[:, 1])  # (P,): more of it from above
    sun = layout.lights[hits.scene]  # (P, 3)
    diffuse = sky[:, None] + SUN * facing[:, None] * sun  # (P, 3)
    return paint * diffuse + glint[:, None] * sun
