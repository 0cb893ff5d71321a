"""A trace keeps the order, folds loops, marks the failure, leaves nothing behind."""

import linecache

import pytest
import torch
import transformers
from torch import nn

from helpers.captioning import VARIANTS, Captioner
from helpers.inspection import trace_shapes
from helpers.inspection.shapes.trace_table import fold


class Loop(nn.Module):
    """A GRU over T words, then a projection that is one too narrow."""

    def __init__(self, width=6):
        super().__init__()
        self.gru = nn.GRUCell(5, 6)
        self.out = nn.Linear(width, 4)

    def forward(self, words):
        state = torch.zeros(len(words), 6)  # (B, D)
        for word in words.unbind(1):  # (B, E), T times
            state = self.gru(word, state)  # (B, D)
        return {"logits": self.out(state), "state": state, "nothing": None}


def test_rows_come_in_order_and_loops_are_folded():
    words = torch.randn(2, 7, 5)
    trace = trace_shapes(Loop(), words)
    assert trace.error is None and trace.output["logits"].shape == (2, 4)
    steps = [row.what for row in trace.rows]
    assert steps == ["unbind(1)", *["GRUCell"] * 7, "Linear"]
    table = trace.table()
    assert table[1] == ("x7", "gru", "GRUCell", "(2, 5), (2, 6)", "(2, 6)")
    assert len(table) == 3 and "7 of (2, 5)" in table[0][-1]
    assert trace.last(2).table() == [("", *row) for row in trace.rows[-2:]]


def test_the_output_is_that_of_a_plain_call():
    torch.manual_seed(0)
    model, words = Loop(), torch.randn(2, 7, 5)
    trace = trace_shapes(model, words)
    assert torch.equal(trace.output["logits"], model(words)["logits"])
    assert trace.output["logits"].requires_grad and model.training


def test_a_layer_that_fails_is_the_last_row():
    trace = trace_shapes(Loop(width=8), torch.randn(2, 7, 5))
    last = trace.rows[-1]
    assert (last.where, last.what, last.got, last.gave) == (
        "out",
        "Linear",
        "(2, 6)",
        "FAILED",
    )
    assert trace.wanted == "" and trace.output is None
    assert "self.out(state)" in trace.line and "test_trace.py" in trace.line
    text = str(trace)
    assert "FAILED with RuntimeError" in text and "(2x6 and 8x4)" in text


@pytest.mark.parametrize("call", ["reshape", "view"])
def test_a_function_that_fails_says_both_numbers(call):
    trace = trace_shapes(lambda x: getattr(x[:1], call)(14, 14), torch.rand(2, 197))
    assert trace.rows[-1].what == f"{call}(14, 14)"
    assert "197 numbers" in trace.wanted and "196 places" in trace.wanted


PROJECT = nn.Sequential(nn.Linear(5, 6))


def test_a_function_names_the_models_that_it_calls():
    trace = trace_shapes(lambda x: PROJECT(x).mean(1), torch.rand(2, 3, 5))
    assert [row.where for row in trace.rows] == ["PROJECT.0", ""]


def test_an_error_that_is_no_step_has_no_failed_row():
    def wrong(x):
        y = x.reshape(3, 2)
        raise KeyError(str(y.shape))

    trace = trace_shapes(wrong, torch.rand(2, 3))
    assert [row.gave for row in trace.rows] == ["(3, 2)"]
    assert isinstance(trace.error, KeyError) and "raise KeyError" in trace.line


@pytest.mark.parametrize("width", [6, 8])
def test_no_hook_stays_behind(width):
    hooks = nn.modules.module
    before = len(hooks._global_forward_hooks), len(hooks._global_forward_pre_hooks)
    model = Loop(width)
    trace = trace_shapes(model, torch.randn(2, 7, 5))
    rows = len(trace.rows)
    Loop()(torch.randn(2, 7, 5)), torch.rand(6).reshape(2, 3)
    after = len(hooks._global_forward_hooks), len(hooks._global_forward_pre_hooks)
    assert after == before and len(trace.rows) == rows


def test_html_is_escaped_and_marks_the_failure_in_words():
    trace = trace_shapes(lambda x: x.reshape(14, 14), torch.rand(197))
    trace.rows[0] = trace.rows[0]._replace(where="<script>")
    page = trace._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page and "FAILED" in page


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_lines_of_a_captioner_fit_in_a_terminal(variant):
    trace = trace_shapes(
        Captioner(variant).eval(),
        torch.randn(2, 3, 64, 80),
        torch.randint(0, 9, (2, 9)),
    )
    assert trace.error is None
    assert any(row.what.startswith("softmax") for row in trace.rows)
    assert max(len(line) for line in str(trace).splitlines()) < 130


def test_what_repeats_at_once_is_folded():
    rows = [("a", 1), *[("b", 1)] * 3, ("b", 2), ("a", 1)]
    assert fold(rows) == [("", rows[0]), ("x3", rows[1]), ("", rows[4]), ("", rows[0])]
    named = [(f"layer_{i}.norm1", 0) for i in range(3)]
    assert fold(named) == [("x3", ("layer_*.norm1", 0))]
    assert fold([("norm1", 0), ("norm2", 0)]) == [
        ("", ("norm1", 0)),
        ("", ("norm2", 0)),
    ]


def test_blocks_that_repeat_stand_once_and_those_that_differ_on_their_own():
    block = [("{}.mlp.0", 1), ("{}.mlp.1", 1), ("{}.norm", 2)]
    rows = [("in", 0)]
    rows += [
        (name.format(f"layers.{i}"), size) for i in range(5) for name, size in block
    ]
    folded = fold(rows + [("layers.5.mlp.0", 3)])
    assert [mark for mark, _ in folded] == ["", "x5", "|", "|", ""]
    assert [row[0] for _, row in folded[1:3]] == ["layers.*.mlp.0", "layers.*.mlp.1"]
    assert folded[-1] == ("", ("layers.5.mlp.0", 3))


def test_a_vit_of_twelve_blocks_fits_on_a_page():
    sizes = {"hidden_size": 24, "num_attention_heads": 3, "intermediate_size": 36}
    model = transformers.ViTModel(transformers.ViTConfig(**sizes)).eval()
    trace = trace_shapes(model, torch.rand(1, 3, 224, 224))
    marks = [mark for mark, *_ in trace.table()]
    assert "x12" in marks and len(str(trace).splitlines()) < 60 < len(trace.rows)


def recovers(x, then):
    """A layer and a function fail, the program catches both and goes on."""
    for step in (nn.Linear(3, 2), lambda x: x.reshape(4, 4)):
        try:
            step(x)
        except RuntimeError:
            pass
    return then(x.reshape(18))


def test_an_error_that_the_program_caught_is_not_the_cause():
    trace = trace_shapes(recovers, torch.rand(2, 9), lambda x: x.reshape(5, 5))
    assert [row.what for row in trace.rows] == ["reshape(18)", "reshape(5, 5)"]
    assert trace.rows[-1].gave == "FAILED" and "25 places" in trace.wanted
    trace = trace_shapes(recovers, torch.rand(2, 9), nn.Linear(18, 3))
    assert [row.what for row in trace.rows] == ["reshape(18)", "Linear"]
    assert trace.error is None and trace.rows[-1].gave == "(3,)"
    trace = trace_shapes(recovers, torch.rand(2, 9), lambda x: {}["word"])
    assert [row.gave for row in trace.rows] == ["(18,)"] and trace.wanted == ""


def test_an_error_that_was_raised_again_in_other_words_keeps_its_step():
    def wrap(x):
        try:
            return nn.Linear(3, 2)(x)
        except RuntimeError as error:
            raise ValueError("the width is wrong") from error

    trace = trace_shapes(wrap, torch.rand(2, 9))
    assert isinstance(trace.error, ValueError) and trace.rows[-1].what == "Linear"
    assert trace.rows[-1].gave == "FAILED"


KEYWORDS = [
    (lambda x: nn.Linear(9, 4)(input=x), "Linear", "input: (2, 9)", "(2, 4)"),
    (lambda x: torch.cat(tensors=[x, x], dim=1), "cat(dim=1)", None, "(2, 18)"),
    (
        lambda x: torch.matmul(x, other=torch.rand(9, 3)),
        "@",
        "(2, 9), (9, 3)",
        "(2, 3)",
    ),
    (lambda x: torch.reshape(x, shape=(5, 5)), "reshape(shape=(5, 5))", None, "FAILED"),
    (lambda x: x.view(size=(5, 5)), "view(size=(5, 5))", None, "FAILED"),
    (lambda x: nn.functional.softmax(x, dim=1), "softmax(dim=1)", "(2, 9)", "(2, 9)"),
    (lambda x: x.T, ".T", "(2, 9)", "(9, 2)"),
]


@pytest.mark.parametrize(("action", "what", "got", "gave"), KEYWORDS)
def test_steps_are_seen_however_they_are_written(action, what, got, gave):
    last = trace_shapes(action, torch.rand(2, 9)).rows[-1]
    assert (last.what, last.gave) == (what, gave) and got in (None, last.got)


ADVICE = [  # what a step wants, or nothing where its rule is not known
    (lambda: torch.rand(2, 197).unflatten(1, (14, 14)), "197 numbers; the shape"),
    (lambda: torch.rand(2, 9).reshape(-1, 4), "2 x 9 = 18 numbers, which must be a"),
    (lambda: torch.randn(2, 3) @ torch.randn(2, 3), "last axis of the left (3)"),
    (lambda: torch.rand(2, 7).unflatten(5, (7, 1)), None),
    (lambda: nn.Linear(3, 2)(torch.rand(2, 9)), None),
    (lambda: torch.einsum("td,nd->tn", torch.rand(2, 8), torch.rand(5, 7)), None),
    (lambda: torch.rand(2, 3).view(torch.float64), None),
    (lambda: torch.matmul(torch.tensor(1.0), torch.rand(2, 9)), None),
]


@pytest.mark.parametrize(("action", "text"), ADVICE)
def test_advice_is_right_or_left_out(action, text):
    trace = trace_shapes(action)
    assert trace.rows[-1].gave == "FAILED"
    assert trace.wanted == "" if text is None else text in trace.wanted


def test_models_are_named_in_closures_and_methods():
    net = nn.Sequential(nn.Linear(5, 6))
    loop = Loop()
    closure = trace_shapes(lambda x: net(x), torch.rand(2, 5))
    method = trace_shapes(loop.forward, torch.rand(2, 7, 5))
    assert closure.rows[-1].where == "net.0" and method.rows[-1].where == "out"
    late = trace_shapes(lambda x: unset(x), torch.rand(2))
    assert isinstance(late.error, NameError)
    if late is None:
        unset = net


def program(path, code):
    """A function `run` as if it stood in a file of that path."""
    linecache.cache[path] = (len(code), None, code.splitlines(True), path)
    scope = {"torch": torch}
    exec(compile(code, path, "exec"), scope)
    return scope["run"]


FAILS = "def run(x):\n    return x.reshape(14, 14)\n"


@pytest.mark.parametrize("path", ["/home/me/torch/model.py", r"C:\torch\model.py"])
def test_a_project_in_a_folder_named_torch_is_the_readers(path):
    trace = trace_shapes(program(path, FAILS), torch.rand(197))
    assert trace.line == "model.py, line 2: return x.reshape(14, 14)"


@pytest.mark.parametrize("folder", ["/env/torch/", "C:\\env\\torch\\"])
def test_the_files_of_pytorch_are_left_out(folder, monkeypatch):
    monkeypatch.setattr("helpers.inspection.shapes.trace.TORCH", folder)
    inner = program(f"{folder}functional.py", FAILS)
    trace = trace_shapes(lambda x: inner(x), torch.rand(197))
    assert "test_trace.py" in trace.line and "inner(x)" in trace.line


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="Tensor"):
        trace_shapes(torch.rand(3))
