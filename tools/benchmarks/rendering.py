"""Seconds to draw a scene with light and shadow, with and without supersampling.

    python tools/benchmarks/rendering.py

Printed are milliseconds a scene, the median of several batches of 32 scenes, their
sampling included.
"""

import argparse
import statistics
import time

import torch

from helpers.captioning.rendered.scenes import draw_scenes

CASES = (((64, 96), 1), ((64, 96), 2), ((112, 112), 1), ((112, 112), 2))
ROUNDS, COUNT = 5, 64


def milliseconds(size, samples):
    """Of one scene, the median of the rounds."""
    found = []
    for seed in range(ROUNDS):
        start = time.perf_counter()
        for _ in draw_scenes(COUNT, seed, size, samples):
            pass
        found.append(1000 * (time.perf_counter() - start) / COUNT)
    return statistics.median(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    torch.set_num_threads(parser.parse_args().threads)
    for size, samples in CASES:
        H, W = size
        print(
            f"{H} x {W}, {samples} x {samples} rays a pixel: "
            f"{milliseconds(size, samples):.1f} ms a scene"
        )
