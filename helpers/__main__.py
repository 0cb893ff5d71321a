"""The course at the command line: `python -m helpers --help` lists what it can do."""

import argparse
import re
import signal
import sys

from helpers.captioning.checkpoints import VARIANTS
from helpers.classroom.setup_check import check_setup

RENDERED = "rendered"  # both captioners of scenes with light and shadow


def main():
    if hasattr(signal, "SIGPIPE"):  # `| head` may close the pipe: that is no error
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    arguments = vars(make_parser().parse_args())
    command = arguments.pop("command")
    if command == "check":
        sys.exit(0 if check_setup() else 1)
    if command == "train":
        train(**arguments)
    if command == "score":
        score(**arguments)
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
        "--grid-thw": {"type": grids(3), "help": "of every image: t,h,w;t,h,w"},
        "--spatial-shapes": {"type": grids(2), "help": "of every image: h,w;h,w"},
        "--batch": {"type": int, "help": "how many images there are"},
        "--heads": {"type": int, "help": "how many heads there are"},
        "--queries": {"type": int, "help": "how many queries (words) there are"},
        "--layers": {"type": int, "help": "how many layers there are"},
        "--words": {"type": int, "help": "how many tokens the text has"},
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


def grids(axes):
    """With 3 axes: 1,24,46;1,16,16 -> [(1, 24, 46), (1, 16, 16)]"""
    return lambda text: [whole_numbers(grid, (axes,)) for grid in text.split(";")]


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
        print(explain(text or sys.stdin.buffer.read().decode("utf-8", "replace")))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def train(variants):
    """Make checkpoints again: the flat captioners' by name, or both rendered ones."""
    from helpers.captioning import training
    from helpers.captioning.rendered.training import train_and_save

    for variant in variants or VARIANTS:
        if variant == RENDERED:
            train_and_save()
        elif not training.train_and_save(variant):
            sys.exit(f"{variant}: interrupted, so nothing is saved")


def score(world, size):
    """Print what the checkpoints reach on 500 scenes that training never saw."""
    if world == RENDERED:
        from helpers.captioning.rendered.scores import print_scores

        print_scores()
        return
    from helpers.captioning.captioners import load_captioner
    from helpers.captioning.metrics import score_captioner
    from helpers.captioning.scenes import sample_scenes
    from helpers.captioning.training import TEST_COUNT, TEST_SEED

    scenes = sample_scenes(TEST_COUNT, TEST_SEED, tuple(size))
    for variant in VARIANTS:
        print(f"{variant}: {score_captioner(load_captioner(variant), scenes)}")


if __name__ == "__main__":
    main()
