"""The attention of one generated caption, out of steps, layers and beams."""


def caption_attentions(generated, attentions="cross_attentions", row=0, end=None):
    """The attention of ONE returned caption: a (T, A, N) tensor for each layer.

    generated: what a transformers `generate(..., return_dict_in_generate=True)`
    returned, greedy or with beams. attentions: the name of its attentions (asked for
    with output_attentions=True), or what `Captured.steps` gives: steps of layers of
    (B * beams, A, T_step, N). row: which of the returned captions. end: the id of the
    end token; its step and all after it are cut off. Where the keys grow from step to
    step, earlier rows get zeros behind. Raises ValueError where there are no
    attentions or where steps do not line up (other heads, a sliding window that dropped
    keys), IndexError for another row.
    """
    named = isinstance(attentions, str)
    steps = getattr(generated, attentions, None) if named else attentions
    if not steps or not steps[0]:
        name = attentions if named else "attentions"
        raise ValueError(
            f"no {name} came back: pass output_attentions=True and "
            'return_dict_in_generate=True, with attn_implementation="eager"; or run '
            "generate in capture_attention and pass captured.steps(...)"
        )
    if not 0 <= row < len(generated.sequences):
        raise IndexError(f"row {row} of {len(generated.sequences)} captions")
    beams = getattr(generated, "beam_indices", None)
    # With beams there may be more steps than words: a longer beam lost in the end.
    count = len(steps) if beams is None else beams.shape[1]
    ids = generated.sequences[row, -count:].tolist()
    T = ids.index(end) if end in ids else count
    rows = [row] * T if beams is None else beams[row, :T].tolist()
    rows = [r for r in rows if r >= 0]  # -1 follows the end token
    N = steps[max(len(rows) - 1, 0)][0].shape[-1]  # with a cache, keys only get more
    found = []
    check_steps(steps[: len(rows)], cross=named and "cross" in attentions)
    for layer, first in enumerate(steps[0]):
        maps = first.new_zeros(len(rows), first.shape[1], N)  # (T, A, N)
        for t, r in enumerate(rows):
            own = steps[t][layer][r, :, -1]  # (A, N or less)
            maps[t, :, : own.shape[-1]] = own
        found.append(maps)
    return found


def check_steps(steps, cross):
    """Raise ValueError if heads or keys of one step are not those of the one before."""
    for layer, (_, A, T, N) in enumerate(w.shape for w in steps[0]) if steps else ():
        grows = T == N and not cross  # the words look at each other
        before = N
        for t, step in enumerate(steps):
            shape = step[layer].shape
            least = T + t if grows else before
            if shape[1] != A or shape[-1] < least:
                raise ValueError(
                    f"layer {layer}: step {t} has {shape[1]} heads and {shape[-1]} "
                    f"keys; expected {A} heads and {least} keys or more. A sliding "
                    "window or another cache drops the first keys, so steps do not "
                    "line up: take a shorter prompt, or read each step by itself"
                )
            before = shape[-1]
