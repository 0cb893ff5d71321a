"""What capturing costs beside a plain call that asks for the weights.

    python tools/benchmarks/capture.py

A ViT of base size (random weights) on 4 images of 224 x 224, in turns in one process:
transformers with output_attentions=True, and the same model in capture_attention, once
in eager and once in sdpa mode. Then a probe of its 14 x 14 grid. Printed are median
seconds, the ratio to the plain call, and the most memory that the process ever had.
"""

import resource
import statistics
import time

import torch
import transformers

from helpers.inspection import capture_attention, probe_layout

ROUNDS = 7


def plain(model, images):
    model.set_attn_implementation("eager")
    return model(images, output_attentions=True).attentions


def captured(model, images):
    model.set_attn_implementation("eager")
    with capture_attention(model) as found:
        model(images)
    return found.weights


def captured_from_sdpa(model, images):
    model.set_attn_implementation("sdpa")
    with capture_attention(model) as found:
        model(images)
    return found.weights


def seconds(action, *inputs):
    start = time.perf_counter()
    assert len(action(*inputs)) == 12
    return time.perf_counter() - start


@torch.inference_mode()
def main():
    torch.manual_seed(0)
    model = transformers.ViTModel(transformers.ViTConfig()).eval()
    images = torch.rand(4, 3, 224, 224)  # (B, 3, H, W)
    contenders = (plain, captured, captured_from_sdpa)
    runs = {action: [] for action in contenders}
    for _ in range(ROUNDS + 1):  # the first round warms up
        for action in contenders:
            runs[action].append(seconds(action, model, images))
    base = statistics.median(runs[plain][1:])
    for action, times in runs.items():
        middle = statistics.median(times[1:])
        print(f"{action.__name__:19} {middle:6.3f} s  {middle / base:5.2f} times")
    start = time.perf_counter()
    layout = probe_layout(lambda x: model(x).last_hidden_state, images[0], (14, 14))
    print(f"probe, {layout}: {time.perf_counter() - start:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory {peak:.2f} GB")  # on Linux the unit is kB


if __name__ == "__main__":
    main()
