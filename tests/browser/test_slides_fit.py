"""Every slide in a browser: it fits, its figures are large, nothing is fetched."""

import shutil
import subprocess

import pytest

from tools.notebooks import lessons
from tools.slides import LIVE, build

from .conftest import served

# Show each slide in turn and open its answers; report what is lower than the screen.
WALK = """() => {
  const found = [];
  for (const slide of Reveal.getSlides()) {
    const {h, v} = Reveal.getIndices(slide);
    Reveal.slide(h, v);
    const answers = [...slide.querySelectorAll('details')];
    if (answers.some(a => a.open)) found.push(`${h}/${v}: an answer is open`);
    answers.forEach(a => a.open = true);
    const top = slide.getBoundingClientRect().top, scale = Reveal.getScale();
    for (const part of slide.querySelectorAll(':not(aside, aside *)')) {
      const box = part.getBoundingClientRect();
      const low = Math.round((box.bottom - top) / scale);
      if (box.height && (low > 720 || box.right > 1280)) {
        found.push(`${h}/${v}: ${low} pixels: ${part.textContent.slice(0, 40)}`);
        break;
      }
    }
    answers.forEach(a => a.open = false);
    const pictures = [...slide.querySelectorAll('img')];
    for (const picture of pictures) {
      const tall = Math.round(picture.getBoundingClientRect().height / scale);
      if (tall < 260 / pictures.length) {
        found.push(`${h}/${v}: a picture has only ${tall} pixels`);
      }
    }
  }
  return found;
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    try:
        build(lessons(), folder)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.skip(f"reveal.js could not be fetched: {error}")
    return folder


@pytest.mark.parametrize("name", [file.stem for file in lessons()])
def test_every_slide_fits_and_the_network_is_left_alone(browser, folder, name):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((folder / f"{name}.html").as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    assert page.evaluate(WALK) == []
    assert not errors
    assert all(url.startswith(("file:", "data:")) for url in asked)
    page.close()


def test_out_of_a_file_the_live_slide_is_a_picture_with_the_command(browser, folder):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto((folder / f"{LIVE}.html").as_uri() + "#/1")
    slide = page.locator("#scene")
    assert slide.get_by_role("img").is_visible()
    assert slide.get_by_text("python -m http.server --directory build").is_visible()
    page.close()


def test_beside_the_site_the_scene_is_live_in_its_slide(browser, folder, site):
    if not (site / "live").exists():
        pytest.skip("the site was built without npm")
    shutil.copytree(folder, site.parent / "slides", dirs_exist_ok=True)
    with served(site.parent) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{address}slides/{LIVE}.html#/1")
        scene = page.frame_locator("#scene iframe")
        scene.locator("#live.ready").wait_for()
        words = scene.get_by_role("radiogroup", name="Words of the caption")
        said = words.inner_text()
        handle = scene.get_by_role("button", name="the red star")
        for _ in range(12):
            handle.press("Shift+ArrowRight")
        scene.get_by_text("a blue circle left of a red star").wait_for()
        assert words.inner_text() != said
        assert page.evaluate("Reveal.getIndices().h") == 1, "arrow keys move the star"
        tall = scene.locator("html").evaluate("e => e.scrollHeight - innerHeight")
        assert tall <= 0, "nothing is cut"
        page.close()
