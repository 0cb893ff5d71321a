"""The page for weights of one's own: files, what the doctor says of them, the map."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save

from helpers.inspection import diagnose
from tools.site.python.doctor import told

from .weights import bare_shapes, random_weights


@pytest.fixture(scope="module")
def page(open_live):
    page = open_live("weights.html")
    page.locator("#weights.ready").wait_for()
    page.evaluate(
        """async () => {
            for (const name of ["python", "arrays"])
                window[name] = await import(`./live/${name}.js`);
        }"""
    )
    return page


def asked(page, facts, values=None):
    """The report of the page's Python on weights, or on a bare shape."""
    numbers = None if values is None else values.double().flatten().tolist()
    numbers = numbers and [x if np.isfinite(x) else str(x) for x in numbers]
    return page.evaluate(
        """async ([facts, numbers]) => {
            const data = numbers ? Float64Array.from(numbers, Number) : undefined;
            return JSON.parse(await python.call("doctor", "as_json", facts, data));
        }""",
        [json.dumps(facts), numbers],
    )


def as_data(report):
    return json.loads(json.dumps(told(report)))


def test_the_report_is_python_s(page):
    kinds = set()
    for weights, facts in random_weights(500):
        expected = as_data(diagnose(weights, **facts))
        dtype = str(weights.dtype).removeprefix("torch.")
        found = asked(page, {"shape": weights.shape, "dtype": dtype, **facts}, weights)
        assert found == expected, (weights.shape, facts)
        kinds |= {problem["kind"] for problem in expected["problems"]}
    assert len(kinds) > 18, kinds


def test_the_report_of_a_bare_shape_is_python_s(page):
    counts = set()
    for shape, facts in bare_shapes(500):
        expected = as_data(diagnose(shape, **facts))
        assert asked(page, {"shape": shape, **facts}) == expected, (shape, facts)
        counts.add(len(expected["candidates"]))
    assert {0, 1, 2, 3} <= counts


def choose(page, label, name, content):
    files = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.get_by_label(label).set_input_files(files)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["<f4", "<f2", "<f8"])
def test_numpy_s_files_are_read(page, kind):
    array = np.random.default_rng(1).random((2, 3, 5)).astype(kind)
    found = page.evaluate(
        """bytes => {
            const buffer = Uint8Array.from(bytes).buffer;
            const { shape, data } = arrays.readArrays("a.npy", buffer)["a.npy"];
            return { shape, data: [...data] };
        }""",
        list(npy(array)),
    )
    assert found["shape"] == [2, 3, 5]
    assert found["data"] == array.astype(np.float64).flatten().tolist()


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
def test_safetensors_are_read(page, kind):
    tensors = {"first": torch.randn(4, 3).to(kind), "second": torch.randn(5).to(kind)}
    found = page.evaluate(
        """bytes => {
            const buffer = Uint8Array.from(bytes).buffer;
            const read = arrays.readArrays("a.safetensors", buffer);
            return Object.entries(read).map(
                ([name, { shape, data }]) => [name, shape, [...data]]);
        }""",
        list(save(tensors)),
    )
    found = {name: (shape, data) for name, shape, data in found}
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        expected = (list(tensor.shape), tensor.double().flatten().tolist())
        assert found[name] == expected


def test_a_map_comes_onto_the_photo(page):
    weights = torch.randn(2, 7, 1 + 6 * 9).softmax(-1)  # (A, T, N)
    photo = io.BytesIO()
    Image.new("RGB", (144, 96), "green").save(photo, "PNG")
    canvas = page.locator("#weights canvas")
    choose(page, "Choose weights", "mine.npy", npy(weights.numpy()))
    page.get_by_text("mine.npy: it did not leave this page").wait_for()
    choose(page, "Choose a photo", "photo.png", photo.getvalue())
    page.get_by_text("photo.png: it did not leave this page").wait_for()
    page.get_by_label("Image height").fill("96")
    page.get_by_label("Image width").fill("144")
    page.get_by_label("Patch", exact=True).fill("16")
    page.get_by_label("Patch", exact=True).press("Enter")
    best = diagnose(weights, image_size=(96, 144), patch_size=16)
    page.get_by_text(f"{best.reasons[0]}: counted only").wait_for()
    chosen = page.get_by_label("Layout").locator("option:checked")
    assert chosen.inner_text() == best.reasons[0]
    assert page.get_by_label("images or heads, axis 0").count() == 1
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    page.get_by_label("queries, axis 1").select_option("3")
    assert canvas.evaluate("canvas => canvas.toDataURL()") != before


def test_the_other_order_of_the_keys_is_another_map(page):
    weights = torch.arange(48.0).softmax(-1)[None]  # (T, N)
    choose(page, "Choose weights", "order.npy", npy(weights.numpy()))
    page.get_by_text("order.npy: it did not leave this page").wait_for()
    expected = diagnose(weights, image_size=(96, 128), patch_size=16).reasons
    for label, number in (("Image height", 96), ("Image width", 128), ("Patch", 16)):
        page.get_by_label(label, exact=True).fill(str(number))
        page.get_by_label(label, exact=True).press("Enter")
    page.get_by_text(f"{expected[1]}: counted only").wait_for()
    layout = page.get_by_label("Layout")
    names = layout.locator("option").all_inner_texts()
    assert names == expected
    seen = set()
    for name in names:
        layout.select_option(name)
        seen.add(page.locator("#weights canvas").evaluate("c => c.toDataURL()"))
    assert len(seen) == len(names)


def test_a_problem_is_said_with_its_remedy(page):
    scores = torch.randn(3, 4, 49)
    scores[0, 0, 0] = float("nan")
    choose(page, "Choose weights", "scores.safetensors", save({"a": scores}))
    page.get_by_text("1 of 588 values are NaN or infinite").wait_for()
    assert page.get_by_text("softmax").first.is_visible()
    assert page.locator(".problem", has_text="attention is never negative").count() == 1


@pytest.mark.parametrize(
    "name, content, said",
    [
        ("a.npy", b"not numpy", "9 bytes do not begin as those of numpy.save"),
        ("b.npy", npy(np.ones((4, 4), np.float32))[:-8], "cut short"),
        ("c.safetensors", b"\xff" * 20, "no header of safetensors"),
        ("d.npy", npy(np.ones(3, complex)), "of the kind <c16"),
        ("e.pt", b"", "neither .npy nor .safetensors"),
    ],
)
def test_a_damaged_file_gives_a_sentence(page, name, content, said):
    choose(page, "Choose weights", name, content)
    told = page.get_by_role("status").filter(has_text=f"{name} was not taken")
    told.wait_for()
    assert said in told.inner_text()


def test_nothing_is_uploaded(page, elsewhere):
    assert not elsewhere(page)
