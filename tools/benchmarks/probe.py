"""What a probe costs beside the model that it calls.

    python tools/benchmarks/probe.py

The first stage of a Swin Transformer: 56 x 56 cells of 4 pixels, 96 numbers a key.
Printed are the seconds of the whole probe, those that the model took, and the rest.
"""

import time

import torch
from torch import nn

from helpers.inspection import probe_layout
from helpers.maps import TokenLayout

GRIDS = (14, 28, 40, 56)


@torch.inference_mode()
def main():
    torch.manual_seed(0)
    embed = nn.Conv2d(3, 96, 4, 4)
    spent = []

    def read_tokens(images):
        start = time.perf_counter()
        tokens = embed(images).flatten(2).mT  # (B, N, D)
        spent.append(time.perf_counter() - start)
        return tokens

    print(f"{torch.get_num_threads()} threads; seconds: whole probe, model, the rest")
    for side in GRIDS:
        image = torch.rand(3, 4 * side, 4 * side)  # (3, H, W)
        spent.clear()
        start = time.perf_counter()
        layout = probe_layout(read_tokens, image, (side, side))
        whole = time.perf_counter() - start
        assert layout == TokenLayout.from_grid(side, side) and not layout.unresolved
        model = sum(spent)
        print(f"{side} x {side}: {whole:.2f}, {model:.2f}, {whole - model:.2f}")


if __name__ == "__main__":
    main()
