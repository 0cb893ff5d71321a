"""The course at the command line: `python -m helpers --help` lists what it can do."""

import argparse
import os
import re
import sys
import time

from helpers.captioning.checkpoints import VARIANTS
from helpers.classroom.setup_check import check_setup

SEED = 0
TEST_SEED, TEST_COUNT = 2026, 500
COUNTS = ("batch", "heads", "queries")
RENDERED = "rendered"  # both captioners of scenes with light and shadow


def main():
    parser = argparse.ArgumentParser(prog="python -m helpers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="is everything there that the course needs?")
    train = commands.add_parser("train", help="make the checkpoints in data/ again")
    train.add_argument(
        "variants", nargs="*", type=variant, help="default: the three on flat scenes"
    )
    score = commands.add_parser("score", help="score the checkpoints on unseen scenes")
    score.add_argument(
        "world", nargs="?", choices=("flat", RENDERED), default="flat", help="of scenes"
    )
    score.add_argument(
        "--size", type=int, nargs=2, default=(112, 112), metavar="PIXELS"
    )
    doctor = commands.add_parser("diagnose", help="what is this weights tensor?")
    doctor.add_argument("weights", help="a shape, 1,12,197,197, or a file")
    doctor.add_argument("--image", type=size, help="the model's input, HxW in pixels")
    doctor.add_argument("--patch", type=int, help="pixels from one cell to the next")
    for count in COUNTS:
        doctor.add_argument(f"--{count}", type=int, help=f"how many {count} there are")
    reader = commands.add_parser("explain", help="what is behind this error message?")
    reader.add_argument(
        "message", nargs="*", help="the message, or what you see; default: from a pipe"
    )
    arguments = parser.parse_args()
    if arguments.command == "check":
        sys.exit(0 if check_setup() else 1)
    if arguments.command == "train":
        train_all(arguments.variants)
    if arguments.command == "score":
        if arguments.world == RENDERED:
            score_rendered()
        else:
            score_all(tuple(arguments.size))
    if arguments.command == "explain":
        sys.exit(print_explanation(" ".join(arguments.message)))
    if arguments.command == "diagnose":
        counts = {count: getattr(arguments, count) for count in COUNTS}
        sys.exit(
            print_report(arguments.weights, arguments.image, arguments.patch, counts)
        )


def variant(text):
    """One of the captioners. (argparse's own `choices` refuses an empty list.)"""
    if text not in (*VARIANTS, RENDERED):
        choices = " or ".join((*VARIANTS, RENDERED))
        raise argparse.ArgumentTypeError(f"expected {choices}, got {text!r}")
    return text


def size(text):
    """224x320 -> (224, 320): rows first."""
    if not re.fullmatch(r"[1-9]\d*x[1-9]\d*", text):
        raise argparse.ArgumentTypeError(f"expected HxW such as 224x320, got {text!r}")
    return tuple(int(number) for number in text.split("x"))


def print_report(weights, image_size, patch_size, counts):
    """Print what `diagnose` says; return 2 for what cannot be read."""
    from helpers.inspection.shapes.diagnose import diagnose
    from helpers.inspection.shapes.files import read_weights

    try:
        if re.fullmatch(r"\d+(,\d+)*", weights):
            weights = tuple(int(number) for number in weights.split(","))
        else:
            weights = read_weights(weights)
        report = diagnose(weights, image_size, patch_size, **counts)
    except (OSError, TypeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(report)
    return 0


def print_explanation(text):
    """Print what `explain` says of a text or of standard input; 2 if there is none."""
    from helpers.inspection.messages import explain

    if not text and sys.stdin.isatty():
        print("paste the message, then press Ctrl + D", file=sys.stderr)
    try:
        said = explain(text or sys.stdin.buffer.read().decode("utf-8", "replace"))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        print(said, flush=True)
    except BrokenPipeError:  # `| head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def train_all(variants):
    """Train, score on 500 scenes that training never saw, and save with the scores."""
    import torch

    from helpers.captioning.captioners import REDUCTION, Captioner
    from helpers.captioning.checkpoints import save_weights
    from helpers.captioning.training import STEPS, train

    for variant in variants or VARIANTS:
        if variant == RENDERED:
            train_rendered()
            continue
        torch.manual_seed(SEED)
        captioner = Captioner(variant)
        print(f"{variant}: {STEPS[variant]} steps")
        start = time.perf_counter()
        # Another number of threads gives other last digits: keep the one torch chose.
        threads = torch.get_num_threads()
        history = train(captioner, STEPS[variant], seed=SEED, threads=threads)
        seconds = round(time.perf_counter() - start)
        if history.interrupted:
            sys.exit(f"{variant}: interrupted, so nothing is saved")
        scores = score_one(captioner, (112, 112))
        print(f"{variant}: {seconds} s, {scores}")
        save_weights(
            captioner,
            variant,
            command=f"python -m helpers train {variant}",
            seed=SEED,
            steps=STEPS[variant],
            seconds=seconds,
            parameters=sum(p.numel() for p in captioner.parameters()),
            maps=REDUCTION if variant == "transformer" else "the weights themselves",
            scores={"scenes": TEST_COUNT, "scenes_seed": TEST_SEED, **scores},
        )


def train_rendered():
    """Train both captioners of rendered scenes on one pool, score, save."""
    from helpers.captioning.rendered.saving import train_and_save

    train_and_save()


def score_rendered():
    from helpers.captioning.rendered.scores import print_scores

    print_scores()


def score_all(size):
    from helpers.captioning.captioners import load_captioner

    for variant in VARIANTS:
        print(f"{variant}: {score_one(load_captioner(variant), size)}")


def score_one(captioner, size):
    from helpers.captioning.metrics import score
    from helpers.captioning.scenes import sample_scenes

    scenes = sample_scenes(TEST_COUNT, TEST_SEED, size)
    return score(captioner.captions([scene.image for scene in scenes]), scenes)


if __name__ == "__main__":
    main()
