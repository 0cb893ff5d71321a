"""Ten maps on a 224 x 224 picture, three on 4000 x 3000: overlay beside two peers.

    pip install --editable ".[bench]"
    python tools/benchmarks/overlay.py

Each contender runs in a process of its own, in turns; printed are the median seconds
for all maps, the ratio to `overlay`, and by how much the process grew at its peak.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
from PIL import Image

CASES = {"small": ((224, 224), 10), "large": ((3000, 4000), 3)}  # (H, W), maps
ROUNDS = 5


def course(picture, maps):
    from helpers.maps import overlay

    return [overlay(picture, heat) for heat in maps]


def grad_cam(picture, maps):
    """pytorch-grad-cam: its own scaling to the picture's size, then its blending."""
    from pytorch_grad_cam.utils.image import scale_cam_image, show_cam_on_image

    scaled = scale_cam_image(maps, picture.size)  # (maps, H, W)
    floats = np.asarray(picture, np.float32) / 255  # (H, W, 3)
    return [show_cam_on_image(floats, heat, use_rgb=True) for heat in scaled]


def two_imshows(picture, maps):
    """matplotlib: the picture, and the map over it, at one dot for each pixel."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    found = []
    W, H = picture.size
    for heat in maps:
        figure = plt.figure(figsize=(W / 100, H / 100), dpi=100)
        panel = figure.add_axes((0, 0, 1, 1))
        panel.set_axis_off()
        panel.imshow(picture)
        panel.imshow(
            heat,
            cmap="inferno",
            alpha=0.5,
            extent=(-0.5, W - 0.5, H - 0.5, -0.5),
            interpolation="bilinear",
        )
        figure.canvas.draw()
        found.append(np.asarray(figure.canvas.buffer_rgba())[..., :3].copy())
        plt.close(figure)
    return found


CONTENDERS = {f.__name__: f for f in (course, grad_cam, two_imshows)}


def measure(name, case):
    """Seconds and megabytes of one contender, in this process."""
    (H, W), count = CASES[case]
    random = np.random.default_rng(0)
    picture = Image.fromarray(random.integers(0, 256, (H, W, 3), np.uint8))
    maps = random.random((count, 14, 14), np.float32)
    CONTENDERS[name](picture.resize((28, 28)), maps[:1])  # imports and caches
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    pictures = CONTENDERS[name](picture, maps)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(pictures) == count
    print(seconds, (after - before) / 1024)  # on Linux the unit is kB


def compare():
    for case, ((H, W), count) in CASES.items():
        print(f"{count} maps on {H} x {W}")
        runs = {name: [] for name in CONTENDERS}
        for _ in range(ROUNDS):
            for name in CONTENDERS:
                command = [sys.executable, __file__, "--one", name, case]
                done = subprocess.run(command, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(done.stderr)
                runs[name].append([float(x) for x in done.stdout.split()])
        medians = {name: np.median(run, axis=0) for name, run in runs.items()}
        base = medians["course"]
        for name, (seconds, megabytes) in medians.items():
            print(
                f"  {name:12} {seconds:7.3f} s  {seconds / base[0]:5.1f} times"
                f"  {megabytes:7.0f} MB"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", nargs=2, metavar=("CONTENDER", "CASE"))
    one = parser.parse_args().one
    measure(*one) if one else compare()
