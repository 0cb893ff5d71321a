"""Ours against PyTorch's, with sizes that all differ."""

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention
from torch.testing import assert_close

from helpers.captioning import (
    AdditiveAttention,
    DotProductAttention,
    MultiHeadAttention,
)
from helpers.captioning.attention import (
    causal_mask,
    scaled_dot_product,
    softmax_over_keys,
)

B, T, N, A, D = 2, 9, 15, 4, 32


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def keys_left_out():
    """(B, N) bool, True = a key that is there: image 1 has 4 keys fewer."""
    present = torch.ones(B, N, dtype=torch.bool)
    present[1, -4:] = False
    return present


def pair():
    """Ours and PyTorch's multi-head attention with the same weights."""
    theirs = nn.MultiheadAttention(D, A, batch_first=True)
    nn.init.normal_(theirs.in_proj_bias)
    nn.init.normal_(theirs.out_proj.bias)
    ours = MultiHeadAttention(D, A)
    layers = (ours.query_layer, ours.key_layer, ours.value_layer)
    weights, biases = theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)
    for layer, weight, bias in zip(layers, weights, biases, strict=True):
        layer.weight.data.copy_(weight)
        layer.bias.data.copy_(bias)
    ours.output_layer.load_state_dict(theirs.out_proj.state_dict())
    return ours, theirs


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_multi_head_attention_equals_pytorch(padded, causal):
    """Cross-attention over cells, and causal self-attention over words."""
    ours, theirs = pair()
    words = torch.randn(B, T, D)
    keys = words if causal else torch.randn(B, N, D)
    present = torch.ones(keys.shape[:2], dtype=torch.bool)  # (B, N), of words (B, T)
    present[1, 4:] = not padded
    ahead = ~causal_mask(T) if causal else torch.zeros(T, N, dtype=torch.bool)
    got, weights = ours(words, keys, keys, present[:, None, None] & ~ahead)
    want, want_weights = theirs(
        words,
        keys,
        keys,
        attn_mask=ahead,
        key_padding_mask=~present,
        average_attn_weights=False,
    )
    assert weights.shape == (B, A, T, keys.shape[1])
    assert_close(got, want, atol=1e-5, rtol=0)
    assert_close(weights, want_weights, atol=1e-5, rtol=0)


def test_scaled_dot_product_equals_pytorch():
    query, key = torch.randn(B, A, T, 8), torch.randn(B, A, N, 8)
    value = torch.randn(B, A, N, 6)
    mask = keys_left_out()[:, None, None]  # (B, 1, 1, N)
    got, _ = scaled_dot_product(query, key, value, mask)
    want = scaled_dot_product_attention(query, key, value, attn_mask=mask)
    assert_close(got, want, atol=1e-5, rtol=0)


def test_dot_product_attention_equals_pytorch():
    attention = DotProductAttention(D, 24, 16)
    query, cells = torch.randn(B, T, D), torch.randn(B, N, 24)
    got, weights = attention(query, attention.prepare(cells))
    want = scaled_dot_product_attention(
        attention.query_layer(query),
        attention.key_layer(cells),
        attention.value_layer(cells),
    )
    assert weights.shape == (B, T, N)
    assert_close(got, want, atol=1e-5, rtol=0)


def test_additive_attention_equals_the_formula_word_by_word():
    attention = AdditiveAttention(D, 24, 10)
    query, cells = torch.randn(B, T, D), torch.randn(B, N, 24)
    context, weights = attention(query, attention.prepare(cells))
    W, U = attention.query_layer.weight, attention.key_layer.weight
    bias, v = attention.key_layer.bias, attention.score_layer.weight[0]
    for b in range(B):
        for t in range(T):
            scores = [v @ torch.tanh(W @ query[b, t] + U @ c + bias) for c in cells[b]]
            want = torch.stack(scores).softmax(0)  # (N,)
            assert_close(weights[b, t], want)
            assert_close(context[b, t], want @ cells[b])


def test_another_query_gives_another_map():
    for attention in (AdditiveAttention(D, D, 10), DotProductAttention(D, D, 10)):
        cells = torch.randn(B, N, D)
        _, weights = attention(torch.randn(B, 2, D), attention.prepare(cells))
        assert (
            weights[:, 0] - weights[:, 1]
        ).abs().max() > 1e-3  # without a tanh: 4e-9


def test_masked_keys_get_exactly_nothing_and_rows_sum_to_one():
    present = keys_left_out()
    weights = softmax_over_keys(torch.randn(B, T, N), present[:, None])
    assert (weights[1, :, -4:] == 0).all()
    assert_close(weights.sum(-1), torch.ones(B, T))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="3 heads do not divide a width of 32"):
        MultiHeadAttention(D, 3)
    with pytest.raises(ValueError, match="leaves a query with no key"):
        softmax_over_keys(torch.randn(B, T, N), torch.zeros(N, dtype=torch.bool))
    attention = DotProductAttention(D, D, 10)
    prepared = attention.prepare(torch.randn(B, N, D))
    with pytest.raises(ValueError, match=r"got \(2, 32\) and \(2, 15, 10\)"):
        attention(torch.randn(B, D), prepared)
    with pytest.raises(ValueError, match=r"\(1, 2, 32\) and \(2, 15, 10\)"):
        attention(torch.randn(1, B, D), prepared)


def test_dropout_strikes_weights_out_in_training_mode_only():
    torch.manual_seed(0)
    attention = MultiHeadAttention(12, 3, dropout=0.5)
    words, cells = torch.randn(2, 5, 12), torch.randn(2, 7, 12)
    _, holed = attention.train()(words, cells, cells)
    read, whole = attention.eval()(words, cells, cells)
    assert (whole > 0).all() and torch.allclose(whole.sum(-1), torch.ones(2, 3, 5))
    struck = holed == 0
    assert 0.3 < struck.double().mean() < 0.7
    assert torch.allclose(holed[~struck], 2 * whole[~struck])
    plain = MultiHeadAttention(12, 3)
    plain.load_state_dict(attention.state_dict())
    assert torch.equal(plain.train()(words, cells, cells)[0], read)
