"""The attention of one generated caption, out of steps, layers and beams."""


def follow_caption(generated, attentions="cross_attentions", row=0, end=None):
    """The attention of ONE returned caption: a (T, A, N) tensor for each layer.

    generated: what a transformers `generate(..., return_dict_in_generate=True)`
    returned, greedy or with beams. attentions: the name of its attentions (asked for
    with output_attentions=True), or what `Captured.steps` gives: steps of layers of
    (B * beams, A, T_step, N). row: which of the returned captions. end: the id of the
    end token; its step and all after it are cut off. Where the keys grow from step to
    step, earlier rows get zeros behind. Raises ValueError where there are no
    attentions, or where heads or keys of the steps do not fit, IndexError for another
    row.
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
    found = []
    for layer, first in enumerate(steps[0]):
        require_growing([steps[t][layer] for t in range(len(rows))])
        N = steps[max(len(rows) - 1, 0)][layer].shape[-1]
        maps = first.new_zeros(len(rows), first.shape[1], N)  # (T, A, N)
        for t, r in enumerate(rows):
            own = steps[t][layer][r, :, -1]  # (A, N or less)
            maps[t, :, : own.shape[-1]] = own
        found.append(maps)
    return found


def require_growing(steps):
    """The heads stay as they are; the keys get more at each step, or never.

    Raises ValueError for others: a sliding window forgets keys, so that key 0 of one
    step is not key 0 of the next.
    """
    keys = [step.shape[-1] for step in steps]
    heads = sorted({step.shape[1] for step in steps})
    steady = len(set(keys)) <= 1
    growing = all(one < two for one, two in zip(keys, keys[1:], strict=False))
    if len(heads) > 1 or not (steady or growing):
        raise ValueError(
            f"the steps have {keys} keys and {heads} heads: they do not belong to the "
            "same keys. A sliding window forgets the first ones: lay each step out by "
            "itself, or give a prompt and an answer that fit into the window"
        )
