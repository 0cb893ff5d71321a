"""The course at the command line: `python -m helpers --help` lists what it can do."""

import argparse
import os
import re
import signal
import sys
import time

from helpers.captioning.checkpoints import VARIANTS
from helpers.classroom.setup_check import check_setup

SEED = 0
TEST_SEED, TEST_COUNT = 2026, 500
RENDERED = "rendered"  # both captioners of scenes with light and shadow


def main():
    if hasattr(signal, "SIGPIPE"):  # `| head` may close the pipe: that is no error
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    arguments = vars(make_parser().parse_args())
    command = arguments.pop("command")
    if command == "check":
        sys.exit(0 if check_setup() else 1)
    if command == "train":
        train_all(arguments["variants"])
    if command == "score":
        if arguments["world"] == RENDERED:
            score_rendered()
        else:
            score_all(tuple(arguments["size"]))
    if command == "explain":
        sys.exit(print_explanation(" ".join(arguments["message"])))
    if command == "diagnose":
        sys.exit(print_report(**arguments))


def make_parser():
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
    reader = commands.add_parser("explain", help="what is behind this error message?")
    reader.add_argument(
        "message", nargs="*", help="the message, or what you see; default: from a pipe"
    )
    add_doctor(commands.add_parser("diagnose", help="what is this weights tensor?"))
    return parser


def add_doctor(doctor):
    """The arguments of `diagnose`, under the same names."""
    pixels = {"dest": "image_size", "type": size, "metavar": "HxW"}
    facts = {
        "--image": {**pixels, "help": "the model's input (of one tile) in pixels"},
        "--patch": {"dest": "patch_size", "type": int, "help": "pixels of a cell"},
        "--model": {"help": "its name, such as Qwen2-VL: the order of its keys"},
        "--merge": {"type": int, "help": "patches of a side that become one key"},
        "--frames": {"type": int, "help": "of a video"},
        "--tiles": {"type": size, "metavar": "RxC", "help": "rows x columns of tiles"},
        "--text": {"type": text_around, "help": "keys before the image's[,behind]"},
        "--grid-thw": {"type": grids, "help": "of every image: t,h,w;t,h,w"},
        "--batch": {"type": int, "help": "how many images there are"},
        "--heads": {"type": int, "help": "how many heads there are"},
        "--queries": {"type": int, "help": "how many queries (words) there are"},
    }
    doctor.add_argument("weights", help="a shape, 1,12,197,197, or a file")
    for name, options in facts.items():
        metavar = {"metavar": "N"} if options.get("type") is int else {}
        doctor.add_argument(name, **metavar, **options)


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


def text_around(text):
    """35 -> 35, in front of the image's keys; 35,20 -> (35, 20), and behind."""
    numbers = whole_numbers(text, (1, 2))
    return numbers if len(numbers) > 1 else numbers[0]


def grids(text):
    """1,24,46;1,16,16 -> [(1, 24, 46), (1, 16, 16)]"""
    return [whole_numbers(grid, (3,)) for grid in text.split(";")]


def whole_numbers(text, counts):
    numbers = tuple(int(n) for n in text.split(",") if n.strip().isdecimal())
    if len(numbers) not in counts or len(numbers) < len(text.split(",")):
        form = " or ".join(map(str, counts))
        raise argparse.ArgumentTypeError(f"expected {form} whole numbers, got {text!r}")
    return numbers


def print_report(weights, **facts):
    """Print what `diagnose` says; return 2 for what cannot be read."""
    from helpers.inspection.shapes.diagnose import diagnose
    from helpers.inspection.shapes.files import read_weights

    try:
        if re.fullmatch(r"\d+(,\d+)*", weights):
            weights = tuple(int(number) for number in weights.split(","))
        else:
            weights = read_weights(weights)
        report = diagnose(weights, **facts)
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
