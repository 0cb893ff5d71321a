"""The course at the command line: `python -m helpers --help` lists what it can do."""

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

from helpers.checkpoints import VARIANTS
from helpers.setup_check import check_setup

SEED = 0
TEST_SEED, TEST_COUNT = 2026, 500
COUNTS = ("batch", "heads", "queries")


def main():
    parser = argparse.ArgumentParser(prog="python -m helpers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="is everything there that the course needs?")
    train = commands.add_parser("train", help="make the checkpoints in data/ again")
    train.add_argument("variants", nargs="*", type=variant, help="default: all three")
    score = commands.add_parser("score", help="score the checkpoints on unseen scenes")
    score.add_argument(
        "--size", type=int, nargs=2, default=(112, 112), metavar="PIXELS"
    )
    run = commands.add_parser("notebooks", help="run the notebooks in place")
    run.add_argument("files", nargs="*", help="default: all of them")
    reset = commands.add_parser("reset", help="put the exercises back to their stubs")
    reset.add_argument("files", nargs="*", help="default: all lessons")
    slides = commands.add_parser("slides", help="write slides into build/slides")
    slides.add_argument("files", nargs="*", help="default: all lessons")
    commands.add_parser("minutes", help="how long a learner takes for each notebook")
    commands.add_parser("picture", help="draw the picture of the README again")
    doctor = commands.add_parser("diagnose", help="what is this weights tensor?")
    doctor.add_argument("weights", help="a shape, 1,12,197,197, or a file")
    doctor.add_argument("--image", type=size, help="the model's input, HxW in pixels")
    doctor.add_argument("--patch", type=int, help="pixels from one cell to the next")
    for count in COUNTS:
        doctor.add_argument(f"--{count}", type=int, help=f"how many {count} there are")
    arguments = parser.parse_args()
    if arguments.command == "check":
        sys.exit(0 if check_setup() else 1)
    if arguments.command == "train":
        train_all(arguments.variants)
    if arguments.command == "score":
        score_all(tuple(arguments.size))
    if arguments.command == "notebooks":
        from helpers.notebooks import run_all

        run_all(arguments.files)
    if arguments.command == "reset":
        from helpers.exercises import reset_all

        sys.exit(0 if reset_all(lessons_or(arguments.files)) else 1)
    if arguments.command == "slides":
        sys.exit(make_slides(lessons_or(arguments.files)))
    if arguments.command == "minutes":
        from helpers.notebooks import lessons, minutes

        for file in lessons():
            print(f"{minutes(file):3} {file.stem}")
    if arguments.command == "picture":
        draw_picture()
    if arguments.command == "diagnose":
        counts = {count: getattr(arguments, count) for count in COUNTS}
        sys.exit(
            print_report(arguments.weights, arguments.image, arguments.patch, counts)
        )


def variant(text):
    """One of the three captioners. (argparse's own `choices` refuses an empty list.)"""
    if text not in VARIANTS:
        choices = " or ".join(VARIANTS)
        raise argparse.ArgumentTypeError(f"expected {choices}, got {text!r}")
    return text


def size(text):
    """224x320 -> (224, 320): rows first."""
    if not re.fullmatch(r"[1-9]\d*x[1-9]\d*", text):
        raise argparse.ArgumentTypeError(f"expected HxW such as 224x320, got {text!r}")
    return tuple(int(number) for number in text.split("x"))


def lessons_or(files):
    """The files that were named, or else all lessons."""
    from helpers.notebooks import lessons

    return [Path(file) for file in files] or lessons()


def make_slides(files):
    """Write the decks; return 2, and say what is missing, if that cannot be done."""
    from helpers.decks import FOLDER, build

    try:
        build(files, FOLDER)
    except (OSError, ValueError, ImportError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def print_report(weights, image_size, patch_size, counts):
    """Print what `diagnose` says; return 2 for what cannot be read."""
    from helpers.shapes.diagnose import diagnose
    from helpers.shapes.files import read_weights

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


def train_all(variants):
    """Train, score on 500 scenes that training never saw, and save with the scores."""
    import torch

    from helpers.captioners import REDUCTION, Captioner
    from helpers.checkpoints import save_weights
    from helpers.training import STEPS, train

    for variant in variants or VARIANTS:
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


def score_all(size):
    from helpers.captioners import load_captioner

    for variant in VARIANTS:
        print(f"{variant}: {score_one(load_captioner(variant), size)}")


def draw_picture():
    from helpers.captioners import load_captioner
    from helpers.checkpoints import DATA
    from helpers.overlay import show_caption
    from helpers.scenes import sample_scenes

    scene = sample_scenes(1, seed=5)[0]
    caption = load_captioner("additive").caption(scene.image)
    figure = show_caption(scene.image, caption, columns=len(caption.words))
    figure.savefig(DATA / "caption.png", dpi=60)
    print(DATA / "caption.png", "shows:", " ".join(caption.words))


def score_one(captioner, size):
    from helpers.metrics import score
    from helpers.scenes import sample_scenes

    scenes = sample_scenes(TEST_COUNT, TEST_SEED, size)
    return score(captioner.captions([scene.image for scene in scenes]), scenes)


if __name__ == "__main__":
    main()
