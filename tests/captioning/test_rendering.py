"""Rays against another way to the same solids, and light, shadow and who hides whom."""

from dataclasses import replace

import pytest
import torch

from helpers.captioning.rendered.camera import PLACE, Frame
from helpers.captioning.rendered.drawing import render
from helpers.captioning.rendered.rays import CUBE, CYLINDER, HEIGHTS, intersect
from helpers.captioning.rendered.scenes import (
    PER_OBJECT,
    rendered_batches,
    sample_layout,
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
    }[SOLIDS[solid]]


def layouts(count=3, size=SIZE, seed=0, **kinds):
    return sample_layout(count, torch.Generator().manual_seed(seed), size, **kinds)


@pytest.mark.parametrize("solid", range(4), ids=SOLIDS)
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


@pytest.mark.parametrize("solid", range(4), ids=SOLIDS)
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


@pytest.mark.parametrize("solid", range(4), ids=SOLIDS)
def test_ray_that_starts_in_a_solid_or_behind_it_misses(solid):
    starts = torch.tensor([[0, 0.5, 0], [0, 9.0, 0]])
    t, _ = intersect(solid, starts, torch.tensor([[0.3, 0.9, 0.2]]).repeat(2, 1))
    assert t.isinf().all()


def test_masks_say_who_is_in_front():
    layout = layouts(24)
    _, masks, silhouettes = render(layout, SIZE)
    assert not (masks[:, 0] & masks[:, 1]).any()
    assert not (masks & ~silhouettes).any()
    both = silhouettes.all(1)  # (B, H, W): where one of the two hides the other
    assert both.any()
    assert torch.equal(masks.any(1), silhouettes.any(1))
    hidden = (silhouettes & ~masks).sum((2, 3))  # (B, O)
    front = layout.places[..., 1].argmin(1)  # (B,): nearer to the camera
    assert hidden.gather(1, front[:, None]).sum() == 0


def test_silhouette_is_the_mask_of_the_object_alone():
    layout = layouts(6)
    _, _, silhouettes = render(layout, SIZE)
    for k in range(2):
        alone = {name: getattr(layout, name)[:, k : k + 1] for name in PER_OBJECT}
        _, masks, _ = render(replace(layout, **alone), SIZE)
        assert torch.equal(masks[:, 0], silhouettes[:, k])


def test_scene_does_not_depend_on_its_batch():
    layout = layouts(5)
    images, masks, _ = render(layout, SIZE, samples=2)
    for i in range(5):
        image, mask, _ = render(layout[i : i + 1], SIZE, samples=2)
        torch.testing.assert_close(image[0], images[i])
        assert torch.equal(mask[0], masks[i])


@pytest.mark.parametrize("side", [-1, 1])
def test_shadow_falls_away_from_the_lamp(side):
    layout = layouts(4)
    lamp = torch.nn.functional.normalize(torch.tensor([side, 1.2, -0.1]), dim=0)
    images, masks, _ = render(replace(layout, lamps=lamp.expand(4, 3)), SIZE)
    other = torch.nn.functional.normalize(torch.tensor([-side, 1.2, -0.1]), dim=0)
    flipped, _, _ = render(replace(layout, lamps=other.expand(4, 3)), SIZE)
    floor = ~masks.any(1)  # (B, H, W)
    darker = (images.mean(1) < flipped.mean(1) - 0.1) & floor
    lighter = (images.mean(1) > flipped.mean(1) + 0.1) & floor
    columns = torch.arange(SIZE[1]).expand(SIZE)
    for dark, light in zip(darker, lighter, strict=True):
        assert dark.any() and light.any()
        gap = columns[dark].float().mean() - columns[light].float().mean()
        assert gap * side < 0


def test_object_casts_its_shadow_on_another():
    """Two in a row, the lamp to the left: only the right one loses light."""
    layout = layouts(1)
    places = torch.tensor([[[-0.9, 0.0, 0.8], [0.9, 0.0, 0.8]]])
    lamp = torch.nn.functional.normalize(torch.tensor([[-1.0, 0.6, -0.3]]), dim=1)
    layout = replace(layout, places=places, lamps=lamp)
    far = replace(layout, places=places + torch.tensor([[[-9.0, 0, 0], [0, 0, 0]]]))
    near_image, masks, _ = render(layout, SIZE)
    far_image, _, _ = render(far, SIZE)
    right = masks[0, 1]
    assert (near_image[0][:, right] < far_image[0][:, right] - 0.1).any()
    assert not (near_image[0][:, right] > far_image[0][:, right] + 0.01).any()


def test_light_has_a_colour():
    layout = layouts(3)
    plain, _, _ = render(replace(layout, lights=torch.ones(3, 3)), SIZE)
    warm = replace(layout, lights=torch.tensor([1.0, 0.8, 0.5]).expand(3, 3))
    change = render(warm, SIZE)[0].mean((2, 3)) / plain.mean((2, 3))  # (B, 3)
    assert (change[:, 0] > change[:, 1]).all() and (change[:, 1] > change[:, 2]).all()


def test_samples_smooth_edges_and_keep_the_masks():
    layout = layouts(4)
    sharp, masks, _ = render(layout, SIZE)
    smooth, same, _ = render(layout, SIZE, samples=3)
    assert sharp.shape == smooth.shape and masks.shape == same.shape
    assert (masks != same).float().mean() < 0.01
    assert (sharp - smooth).abs().mean() < 0.02
    steps = [(x[..., 1:] - x[..., :-1]).abs().amax() for x in (sharp, smooth)]
    assert steps[1] < steps[0]


@pytest.mark.parametrize("size", [(64, 64), (72, 160), (160, 88)])
def test_any_shape_of_picture_and_three_objects(size):
    for layout, images, masks in rendered_batches(3, 1, size, 1, objects=3):
        assert images.shape == (len(layout.solids), 3, *size)
        assert masks.shape == (len(layout.solids), 3, *size) and masks.any((2, 3)).all()
        assert images.min() >= 0 and images.max() <= 1


def test_picture_above_the_horizon_is_refused():
    with pytest.raises(ValueError, match="320 x 100 is too tall"):
        render(layouts(1), (320, 100))
