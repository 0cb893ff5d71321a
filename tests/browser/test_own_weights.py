"""The page for weights of one's own: files, rules as Python has them, the map."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save

from helpers.inspection.shapes.proposals import BLOCKS, USUAL_EXTRAS, propose
from helpers.inspection.shapes.sums import softmax_axes
from helpers.maps import TokenLayout


@pytest.fixture(scope="module")
def page(browser, address, site):
    if not (site / "live").exists():
        pytest.skip("the site was built without npm")
    page = browser.new_page()
    page.requests = []
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(address + "weights.html")
    page.locator("#weights.ready").wait_for()
    page.evaluate(
        """async () => {
            for (const name of ["rules", "arrays"])
                window[name] = await import(`./live/${name}.js`);
            window.known = (await (await fetch("./live/course.json")).json()).doctor;
        }"""
    )
    yield page
    page.close()


def random_tensors(count):
    """Weights of many kinds: a softmax over one axis or two, scores, half precision."""
    random = torch.Generator().manual_seed(11)
    for number in range(count):
        rank = int(torch.randint(1, 5, (1,), generator=random))
        shape = torch.randint(1, 7, (rank,), generator=random).tolist()
        scores = torch.randn(shape, generator=random)
        axis = int(torch.randint(rank, (1,), generator=random))
        kind = number % 5
        if kind == 0:
            yield scores
        elif kind == 1:
            yield scores.flatten().softmax(0).reshape(shape)
        elif kind == 2:
            yield scores.softmax(axis).bfloat16().float()
        else:
            yield scores.softmax(axis)


def test_the_axis_of_the_keys_is_python_s(page):
    tensors = list(random_tensors(500))
    found = page.evaluate(
        """tensors => tensors.map(({ shape, data }) =>
            rules.softmaxAxis({ shape, data: Float64Array.from(data) }))""",
        [{"shape": list(t.shape), "data": t.flatten().tolist()} for t in tensors],
    )
    expected = [softmax_axes(tensor) for tensor in tensors]
    assert found == [axes[0] if len(axes) == 1 else None for axes in expected]
    assert len(set(found)) == 5, "every axis of four, and none"


def cases(count):
    """Numbers of keys, with image and patch, and without."""
    random = np.random.default_rng(12)
    for number in range(count):
        h, w = random.integers(3, 30, 2).tolist()
        patch = int(random.choice([4, 8, 14, 16, 32]))
        extras = int(random.choice([0, 1, 2, 3, 4, 5]))
        size = [h * patch + int(random.integers(patch)), w * patch]
        yield [
            (h * w + extras, size, patch),
            (h * w + extras, size, None),
            (h * w + extras, None, None),
        ][number % 3]


def test_the_grids_are_python_s(page):
    asked = list(cases(500))
    found = page.evaluate(
        "cases => cases.map(([N, ...image]) => rules.propose(N, ...image, known))",
        asked,
    )
    lengths = set()
    for case, grids in zip(asked, found, strict=True):
        ours = [(g["h"], g["w"], g["extras"], g["source"], g["likely"]) for g in grids]
        assert ours == one_block(propose(*case)), case
        lengths.add(len(ours))
    assert {0, 1, 2} <= lengths


def one_block(candidates):
    """Those of Python's proposals that the page has: cells row by row at the end."""
    return [
        (*c.layout.grid, c.off_grid, c.grid, c.likely)
        for c in candidates
        if len(c.layout.grid) == 2
        and BLOCKS not in c.grid
        and c.off_grid in USUAL_EXTRAS
        and c.layout == TokenLayout.from_grid(*c.layout.grid, prefix=c.off_grid)
    ]


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
    page.get_by_label("Patch").fill("16")
    grid = page.get_by_label("Grid").locator("option:checked").inner_text()
    assert grid.startswith("6 × 9, 1 class token in front")
    assert page.get_by_text("The keys are axis 2: the weights sum to 1").is_visible()
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    page.get_by_label("Axis 1").select_option("3")
    assert canvas.evaluate("canvas => canvas.toDataURL()") != before


def test_scores_and_nan_are_said(page):
    scores = torch.randn(3, 4, 49)
    scores[0, 0, 0] = float("nan")
    choose(page, "Choose weights", "scores.safetensors", save({"a": scores}))
    page.get_by_text("1 values are NaN or infinite").wait_for()
    assert page.get_by_text("scores before the softmax").is_visible()


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


def test_nothing_is_uploaded(page, address):
    ours = (address, "data:", "blob:")
    assert not [url for url in page.requests if not url.startswith(ours)]
