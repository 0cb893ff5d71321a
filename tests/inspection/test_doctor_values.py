"""What the values decide: the axis of the softmax, masks, means, feature maps."""

import pytest
import torch

from helpers.inspection import diagnose

SMALL = {"image_size": (128, 192), "patch_size": 16}  # 8 x 12 cells


def scores(*shape):
    return 2 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def kinds(report):
    return [problem.kind for problem in report.problems]


@pytest.mark.parametrize("heads", [1, None])
def test_a_last_axis_of_size_1_holds_no_keys_where_another_sums_to_1(heads):
    columns = scores(2, 96, 96).softmax(1)[..., None]  # over the queries
    report = diagnose(columns, **SMALL, heads=heads)
    names = [axis.name for axis in report.axes[1:]]
    assert names == ["keys", "queries", "heads" if heads else "left over"]
    assert kinds(report) == ["wrong axis"]
    assert "that mends nothing" in report.problems[0].remedy
    rows = diagnose(scores(2, 9, 96).softmax(2)[..., None], **SMALL, heads=heads)
    assert rows.axes[2].name == "keys" and not rows.problems


def test_one_key_has_the_weights_that_there_are():
    gate = torch.linspace(0.25, 0.75, 192).view(2, 96, 1)
    assert "of weight 0.25 ... 0.75" in diagnose(gate, **SMALL).problems[0].found
    assert "of weight 0.25 ." not in diagnose(0 * gate + 0.25).problems[0].found
