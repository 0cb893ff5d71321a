"""Every slide in a browser: it fits, its figures are large, nothing is fetched."""

import subprocess

import pytest

from tools.notebooks import lessons
from tools.slides import build

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
