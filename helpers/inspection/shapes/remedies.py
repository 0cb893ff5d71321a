"""The words for what `diagnose` finds: {kind: (found, likely cause, remedy)}."""

from helpers.inspection.shapes.report import Problem

PROBLEMS = {
    "nothing": (
        "there is nothing here: None or an empty tuple",
        "a fused kernel (sdpa, flash) never builds the weights, or they were not asked "
        "for",
        "helpers.inspection.capture_attention; or transformers: load with "
        'attn_implementation="eager" and pass output_attentions=True; torch: '
        "need_weights=True, average_attn_weights=False; timm: fused_attn=False",
    ),
    "empty": (
        "there are no weights in it",
        "an empty selection, or a single number",
        "take the tensor that the softmax returns",
    ),
    "nan": (
        "{count} values are NaN or infinite: {where}",
        "a row whose keys are all masked, 0/0 in a min-max scaling, or scores before "
        "the softmax",
        "look at the mask of these rows; scale with a guard for max == min",
    ),
    "nan, half precision": (
        "{count} values are NaN or infinite, in half precision: {where}",
        "scores above 65504, the largest float16, or a row whose keys are all masked: "
        "eager attention keeps its scores in half precision, the fused kernels do not",
        "run in float32 or bfloat16, or softmax(scores.float(), dim=-1); then look at "
        "the mask of these rows (padding)",
    ),
    "zeros": (
        "every weight is 0",
        "a buffer that was never filled, whole numbers instead of floats, or a mask "
        "that hides every key",
        "take the tensor after the run; look at its dtype and at the mask",
    ),
    "ones": (
        "every weight is 1",
        "the softmax ran over an axis of size 1",
        "run it over the keys: dim=-1 for (B, T, N), dim=1 for (B, N, 1)",
    ),
    "scores": (
        "weights go down to {low:.3g}: attention is never negative",
        "there was no softmax: these are scores before it, hidden states, or values",
        "take the tensor after the softmax",
    ),
    "log-softmax": (
        "no weight is above 0, and their exponentials sum to 1",
        "log_softmax in place of softmax",
        "weights.exp()",
    ),
    "max-scaled": (
        "the largest weight of every map is {unit}; {text}",
        "the maps were divided by their largest weight, for drawing",
        "take the weights before that; scale only when drawing, and say so",
    ),
    "min-max": (
        "every map goes from 0 to {unit}; {text}",
        "min-max scaling, for drawing: it makes a faint map as bright as a clear one",
        "take the weights before that; scale only when drawing, and say so",
    ),
    "scaled": (
        "the largest weight of every map is {unit}, and the smallest 0; {text}",
        "the maps were divided by their largest weight, or min-max scaled, for drawing",
        "take the weights before that; scale only when drawing, and say so",
    ),
    "summed": (
        "every row sums to {total:.4g}",
        "heads or layers were summed instead of averaged, or all was scaled (255 for "
        "an image)",
        "divide once, by the number of heads, or scale only when drawing",
    ),
    "keepdim": (
        "{text}; dividing columns in place of rows makes just these",
        "a / a.sum(dim=-1) without keepdim=True: column j was divided by the sum of "
        "row j",
        "a / a.sum(dim=-1, keepdim=True)",
    ),
    "dropout": (
        "{text}; {zeros:.0%} of the weights are exactly 0",
        "dropout on the weights: the model is in training mode",
        "call model.eval() before you take the weights",
    ),
    "dropped keys": (
        "{text}",
        "some keys were dropped after the softmax (a class token, a sink, text), or "
        "weights were cut off below a threshold",
        "right for a map of the rest; divide by the row's sum to compare rows",
    ),
    "no softmax": (
        "{text}",
        "no softmax along this axis: scores, a sigmoid, a product with the values, or "
        "the wrong axis",
        "find the tensor that the softmax returns, and the axis it ran over",
    ),
    "wrong axis": (
        "axis {axis} sums to 1 and the last one does not",
        "query and key axes are swapped (transposed), or the softmax ran over the "
        "wrong axis",
        "softmax over the keys; if axis {axis} holds the keys, move it to the end: "
        "weights.movedim({axis}, -1)",
    ),
    "across images": (
        "axis 0 sums to 1 and the last one does not",
        "the softmax ran over the images of the batch",
        "softmax over the keys, dim=-1",
    ),
    "joint softmax": (
        "axes {axes} sum to 1 together, and the last one alone does not",
        "one softmax ran over several axes: queries and keys flattened together, or "
        "the whole tensor",
        "softmax(dim=-1), before any flatten; rows can be mended: "
        "weights / weights.sum(-1, keepdim=True)",
    ),
    "constant": (
        "all weights are alike: {N} keys, {share:.2g} each",
        "all scores are equal: a query or key of zeros, or a map that was never filled",
        "look at the scores; a constant map is drawn in one color, never stretched",
    ),
    "softmax twice": (
        "no weight is more than {ratio:.2f} times another of its row",
        "softmax ran twice: weights go in where scores should (numbers of 0 to 1 come "
        "out nearly even); or the model is untrained",
        "remove one of the two; a loss such as CrossEntropyLoss has its own",
    ),
    "even": (
        "the maps are even or nearly so: {N} keys of about {share:.2g} each",
        "an untrained model, or a query that cannot change the scores",
        "load the trained weights; an even map is drawn in one color, never stretched",
    ),
    "one map for all queries": (
        "all {count} queries have the same map",
        "the score is linear in [cell; query], and the softmax cancels the query's "
        "part; or the first map was kept for all words",
        "score with v . tanh(W q + U k), or with a product of query and key",
    ),
    "one map for all images": (
        "all {count} entries of the first axis have the same maps",
        "one image was given {count} times, its map was repeated for the batch "
        "(expand), or the model does not see its image",
        "give two different images, and take each one's own weights",
    ),
    "other layout": (
        "{N} keys, but the layout you named has {length}",
        "other keys off the grid (a class token, registers, text), or the grid of "
        "another backbone or image size",
        "read (h, w) off the feature map, and count the keys that are no cells",
    ),
    "across the batch": (
        "{cells} cells stand first and the last two axes are {count} x {count}: the "
        "images of the batch look at each other",
        "the layer takes (N, B, D), and was given (B, N, D)",
        "batch_first=True; weights are then (B, A, N, N)",
    ),
    "across the heads": (
        "the last two axes are {count} x {count}: the heads look at each other",
        "queries and keys are (B, N, A, d) where the product wants (B, A, N, d)",
        "q, k = q.transpose(1, 2), k.transpose(1, 2), before q @ k.mT",
    ),
    "heads": (
        "{count} heads are expected, and no axis holds them",
        "the heads were averaged: nn.MultiheadAttention does so by default",
        "average_attn_weights=False, or take the weights before the mean",
    ),
    "queries": (
        "{count} queries are expected, but the axis has {size}",
        "a start or end token counts on one side only, or axes are mixed",
        "pair words and maps with zip(words, maps, strict=True)",
    ),
}


def problem(kind, **numbers):
    """A Problem of this kind, with its numbers filled in."""
    return Problem(kind, *(text.format(**numbers) for text in PROBLEMS[kind]))
