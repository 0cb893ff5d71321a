"""What holds for one block is put back after it, also when the block fails."""

import pytest
import torch
from torch import nn

from helpers.captioning import eval_mode
from helpers.captioning.stop_button import use_threads


def test_every_part_gets_its_own_mode_back():
    model = nn.Sequential(nn.Dropout(), nn.Sequential(nn.BatchNorm1d(3), nn.ReLU()))
    model.train()
    model[1][0].eval()  # frozen
    modes = [part.training for part in model.modules()]
    with eval_mode(model):
        assert not any(part.training for part in model.modules())
    assert [part.training for part in model.modules()] == modes
    with pytest.raises(KeyboardInterrupt), eval_mode(model):
        raise KeyboardInterrupt
    assert [part.training for part in model.modules()] == modes


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_the_number_of_threads_comes_back(error):
    with use_threads(3):
        with pytest.raises(error), use_threads(1):
            assert torch.get_num_threads() == 1
            raise error
        assert torch.get_num_threads() == 3
