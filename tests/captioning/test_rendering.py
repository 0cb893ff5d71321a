"""Rays against another way to the same solids, and light, shadow and who hides whom."""

from dataclasses import replace

import pytest
import torch

from helpers.captioning.rendered.camera import PLACE, Frame
from helpers.captioning.rendered.drawing import render
from helpers.captioning.rendered.rays import CUBE, CYLINDER, HEIGHTS, intersect
from helpers.captioning.rendered.scenes import (
    RenderedObject,
    draw_scenes,
    sample_arrangements,
)
from helpers.captioning.words import SOLIDS

SIZE = (72, 104)


def inside(solid, points):
    """Whether points (..., 3) are in a solid of radius 1: its definition."""
    x, y, z = points.unbind(-1)
    away, height = torch.hypot(x, z), HEIGHTS[solid]
    return {
        "sphere": (x**2 + (y - 1) ** 2 + z**2) < 1,
        "cube": (x.abs() < CUBE) & (z.abs() < CUBE) & (0 < y) & (y < height),
        "cylinder": (away < CYLINDER) & (0 < y) & (y < height),
        "cone": (away < 1 - y / height) & (0 < y),
    }[solid]


def arrangements(count=3):
    return sample_arrangements(count, torch.Generator().manual_seed(0), SIZE)


@pytest.mark.parametrize("solid", SOLIDS)
def test_ray_enters_where_the_solid_begins(solid):
    rays = Frame(40, 56).rays.flatten(0, 1)[::3]  # (P, 3)
    origins = PLACE.expand_as(rays) + torch.tensor([0.3, 0.0, -0.2])
    t, _ = intersect(solid, origins, rays)
    steps = torch.linspace(3, 12, 3000)  # (S,)
    points = origins[:, None] + steps[:, None] * rays[:, None]  # (P, S, 3)
    within = inside(solid, points)  # (P, S)
    assert 50 < t.isfinite().sum() < len(t) - 50
    differ = t.isfinite() != within.any(1)  # a graze may fall between two steps
    assert differ.float().mean() < 0.01
    both = t.isfinite() & within.any(1)
    first = steps[within.int().argmax(1)]  # (P,)
    torch.testing.assert_close(t[both], first[both], atol=0.004, rtol=0)


@pytest.mark.parametrize("solid", SOLIDS)
def test_normal_points_out_of_the_solid(solid):
    rays = Frame(40, 56).rays.flatten(0, 1)
    origins = PLACE.expand_as(rays)
    t, normals = intersect(solid, origins, rays)
    hit = t.isfinite()
    points = (origins + t[:, None] * rays)[hit]
    normals = normals[hit]
    torch.testing.assert_close(normals.norm(dim=-1), torch.ones(len(normals)))
    assert ((normals * rays[hit]).sum(-1) < 1e-3).all()
    out, in_ = (inside(solid, points + s * 0.01 * normals) for s in (1, -1))
    assert not out.any()
    assert in_.float().mean() > 0.98  # all but those beside an edge


@pytest.mark.parametrize("solid", SOLIDS)
def test_ray_that_starts_in_a_solid_or_behind_it_misses(solid):
    starts = torch.tensor([[0, 0.5, 0], [0, 9.0, 0]])
    t, _ = intersect(solid, starts, torch.tensor([[0.3, 0.9, 0.2]]).repeat(2, 1))
    assert t.isinf().all()


def test_masks_say_who_is_in_front():
    hidden = 0
    for objects, light in arrangements(24):
        _, masks, whole = render(objects, light, SIZE)  # (O, H, W)
        assert not masks.all(0).any() and not (masks & ~whole).any()
        assert torch.equal(masks.any(0), whole.any(0))
        front = min(range(2), key=lambda i: objects[i].z)  # nearer to the camera
        assert torch.equal(masks[front], whole[front])
        hidden += (whole & ~masks).sum()
    assert hidden > 0


def test_silhouette_is_the_mask_of_the_object_alone():
    for objects, light in arrangements(6):
        _, _, silhouettes = render(objects, light, SIZE)
        for thing, silhouette in zip(objects, silhouettes, strict=True):
            assert torch.equal(render([thing], light, SIZE)[1][0], silhouette)


@pytest.mark.parametrize("side", [-1, 1])
def test_shadow_falls_away_from_the_lamp(side):
    columns = torch.arange(SIZE[1]).expand(SIZE)
    for objects, light in arrangements(4):
        lamps = torch.tensor([[side, 1.2, -0.1], [-side, 1.2, -0.1]])
        lamps = torch.nn.functional.normalize(lamps)  # (2, 3)
        lights = [replace(light, lamp=lamp) for lamp in lamps]
        (one, masks, _), (two, _, _) = (render(objects, x, SIZE) for x in lights)
        change = (one - two).mean(0) * ~masks.any(0)  # (H, W), on the floor
        assert change.min() < -0.1 and change.max() > 0.1
        dark, bright = columns[change < -0.1], columns[change > 0.1]
        assert (dark.float().mean() - bright.float().mean()) * side < 0


def test_object_casts_its_shadow_on_another():
    """Two in a row, the lamp to the left: only the right one loses light."""
    left = RenderedObject("cube", "red", -0.9, 0.0)
    right = RenderedObject("sphere", "blue", 0.9, 0.0)
    lamp = torch.nn.functional.normalize(torch.tensor([-1.0, 0.6, -0.3]), dim=0)
    light = replace(arrangements(1)[0][1], lamp=lamp)
    near, masks, _ = render([left, right], light, SIZE)
    far, _, _ = render([replace(left, x=-9.9), right], light, SIZE)
    change = (near - far)[:, masks[1]]  # (3, P)
    assert change.min() < -0.1 and change.max() < 0.01


def test_light_has_a_colour():
    objects, light = arrangements(1)[0]
    white, warm = (
        render(objects, replace(light, color=torch.tensor(color)), SIZE)[0]
        for color in ((1.0, 1.0, 1.0), (1.0, 0.8, 0.5))
    )
    change = warm.mean((1, 2)) / white.mean((1, 2))  # (3,)
    assert change[0] > change[1] > change[2]


def test_samples_smooth_edges_and_keep_the_masks():
    for arrangement in arrangements(4):
        sharp, masks, _ = render(*arrangement, SIZE)
        smooth, same, _ = render(*arrangement, SIZE, samples=3)
        assert sharp.shape == smooth.shape and masks.shape == same.shape
        assert (masks != same).float().mean() < 0.01
        assert (sharp - smooth).abs().mean() < 0.02
        assert smooth.diff(dim=-1).abs().max() < sharp.diff(dim=-1).abs().max()


@pytest.mark.parametrize("size", [(64, 64), (72, 160), (160, 88)])
def test_any_shape_of_picture_and_three_objects(size):
    drawn = list(draw_scenes(3, 1, size, 1, objects=3))
    assert len(drawn) == 3
    for objects, image, masks in drawn:
        assert image.shape == (3, *size) and masks.shape == (len(objects), *size)
        assert masks.any((1, 2)).all() and image.min() >= 0 and image.max() <= 1


def test_picture_above_the_horizon_is_refused():
    with pytest.raises(ValueError, match="320 x 100 is too tall"):
        render(*arrangements(1)[0], (320, 100))
