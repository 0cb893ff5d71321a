"""From a control's move to the new picture, in the kernel.

    python tools/benchmarks/explorer.py

Moves every control of an explorer, and an object in the scene editor, many times for
each shipped captioner. Printed are medians and the slowest of ten, in milliseconds. The
way to the browser and back comes on top.
"""

import statistics
import time

from helpers.captioning import VARIANTS, load_captioner
from helpers.explorer import edit_scene

ROUNDS = 40


def moves(editor):
    """{what is moved: (control, the values that it takes in turn)}."""
    explorer = editor.explorer
    return {
        "word": (explorer.word, [1, 2]),
        "upsampling": (explorer.upsample, ["bilinear", "bicubic"]),
        "colours": (explorer.colormap, ["viridis", "inferno"]),
        "opacity": (explorer.opacity, [0.3, 0.6]),
        "head": (explorer.head, ["mean", 2]),
        "an object": (editor.things[0]["x"], [28, 32]),
    }


def milliseconds(control, values):
    """How long each of ROUNDS moves takes."""
    found = []
    for number in range(ROUNDS):
        start = time.perf_counter()
        control.value = values[number % 2]
        found.append(1000 * (time.perf_counter() - start))
    return found


def main():
    editor = edit_scene([load_captioner(variant) for variant in VARIANTS], (112, 152))
    for variant in VARIANTS:
        editor.explorer.variant.value = variant
        for name, (control, values) in moves(editor).items():
            if not control.disabled:
                found = milliseconds(control, values)
                slow = statistics.quantiles(found, n=10)[-1]
                usual = statistics.median(found)
                print(f"{variant:12} {name:10} {usual:6.1f} ms, slowest {slow:6.1f}")


if __name__ == "__main__":
    main()
