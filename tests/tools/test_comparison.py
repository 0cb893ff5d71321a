"""The comparison of the attentions: what it measures, and the file that it wrote."""

import json
import math

import pytest
import torch

from helpers.captioning import load_captioner
from helpers.captioning.words import VOCABULARY
from tools import comparison
from tools.comparison import UnseenScenes, say


@pytest.fixture(scope="module")
def unseen_scenes():
    return UnseenScenes(7, (64, 88))


def test_every_variant_is_trained_and_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(comparison, "EVERY", 2)
    monkeypatch.setattr(comparison, "BATCH", 3)
    comparison.write(tmp_path / "found.json", seeds=2, steps=4, count=5)
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["steps"] == [0, 2, 4]
    shipped = json.loads(comparison.FILE.read_text())
    assert shipped["steps"][-1] == comparison.STEPS
    assert list(found["runs"]) == list(comparison.VARIANTS)
    for variant, runs in found["runs"].items():
        assert len(runs) == 2 and runs[0]["mass"] != runs[1]["mass"]
        for run in runs:
            assert run.keys() == shipped["runs"][variant][0].keys()
            assert all(len(run[name]) == 3 for name in ("shape", "mass", "bits_head"))
            assert all(0 <= low <= 7 for low in run["bits"])  # 8 x 11 cells: 6.5 bits
            assert ("shape_only" in run) == (variant != "transformer")


def test_the_paper_tells_its_state_what_was_read():
    torch.manual_seed(0)
    ours, paper = (comparison.new_decoder(name) for name in ("additive", "paper"))
    cells, places = torch.randn(2, 12, 128), torch.randn(12, 64)
    for decoder, told in ((ours, False), (paper, True)):
        prepared = decoder.attention.prepare(cells)
        word, state = torch.randn(2, 2, 128).unbind(0)
        keys, values = prepared
        before, _, weights = decoder.step(word, state, prepared, places)
        after, _, same = decoder.step(word, state, (keys, 2 * values), places)
        assert torch.equal(weights, same)
        assert torch.equal(before, after) != told


def test_an_object_that_is_hidden_at_no_word_changes_nothing(unseen_scenes):
    captioner = load_captioner("additive")
    words = unseen_scenes.words[:, :-1]
    with torch.inference_mode():
        cells, places = captioner.encoder(unseen_scenes.images)
        blank = captioner.encoder(unseen_scenes.without[0])[0]
        nowhere = torch.zeros(words.shape, dtype=torch.bool)
        expected, _ = captioner.decoder(cells, places, words)
        found = say(captioner.decoder, cells, blank, nowhere, places, words)
        torch.testing.assert_close(found, expected)
        other, _ = captioner.decoder(blank, places, words)
        found = say(captioner.decoder, cells, blank, ~nowhere, places, words)
        torch.testing.assert_close(found, other)


def test_the_words_that_name_something_are_measured(unseen_scenes):
    captioner = load_captioner("additive")
    model = torch.nn.ModuleList([captioner.encoder, captioner.decoder])
    found = unseen_scenes.measure(model)
    assert found["shape"] > 0.8
    assert 0.4 < found["mass"] < 0.9 and found["bits"] == found["bits_head"]
    hidden = unseen_scenes.hide(model)
    assert hidden["shape_only"] < 0.4 < 0.7 < hidden["shape_else"]


class EvenDecoder(torch.nn.Module):
    """Looks at all cells alike with one head, and at the first alone with the other."""

    def forward(self, cells, places, words):
        B, N, _ = cells.shape
        weights = torch.zeros(B, 2, words.shape[1], N)  # (B, heads, T, N)
        weights[:, 0], weights[:, 1, :, 0] = 1 / N, 1
        return torch.zeros(*words.shape, len(VOCABULARY)), weights


def test_bits_are_those_of_an_even_map(unseen_scenes):
    encoder = load_captioner("additive").encoder
    found = unseen_scenes.measure(torch.nn.ModuleList([encoder, EvenDecoder()]))
    N = unseen_scenes.covered.shape[-1]
    assert found["bits_head"] == pytest.approx(math.log2(N) / 2)
    first = (1 + 1 / N) / 2  # of the mean of both heads
    rest = (N - 1) / (2 * N)
    bits = -first * math.log2(first) + rest * math.log2(2 * N)
    assert found["bits"] == pytest.approx(bits)
