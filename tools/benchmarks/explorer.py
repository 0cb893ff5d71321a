"""From a moved object to the new caption and maps, in the kernel.

    python tools/benchmarks/explorer.py

Moves an object back and forth for each shipped captioner. Printed are medians and the
slowest of ten, in milliseconds. The way to the browser and back comes on top; words,
heads, opacity and scale do not come here at all.
"""

import statistics
import time

from helpers.captioning import (
    VARIANTS,
    load_captioner,
    load_published,
    load_rendered,
    sample_rendered_scenes,
    sample_scenes,
)
from helpers.explorer import explore

ROUNDS = 40


def milliseconds(explorer, variant):
    """How long each of ROUNDS moves takes."""
    found = []
    for number in range(ROUNDS):
        things = [dict(thing) for thing in explorer.world["things"]]
        things[0]["x"] += 1 + number % 2
        start = time.perf_counter()
        asked = {"variant": variant, "things": things, "photo": None}
        explorer.asked = {"number": number, **asked}
        found.append(1000 * (time.perf_counter() - start))
        assert explorer.answered == {"number": number, "fault": ""}
    return found


def main():
    flat = [load_captioner(variant) for variant in VARIANTS]
    rendered = [load_published(), load_rendered()]
    for captioners, scenes in (
        (flat, sample_scenes(1, seed=11, size=(112, 152))),
        (rendered, sample_rendered_scenes(1, seed=4)),
    ):
        explorer = explore(captioners, scenes[0])
        for variant in explorer.world["variants"]:
            found = milliseconds(explorer, variant)
            slow = statistics.quantiles(found, n=10)[-1]
            usual = statistics.median(found)
            print(f"{variant:26} {usual:6.1f} ms, slowest {slow:6.1f}")


if __name__ == "__main__":
    main()
