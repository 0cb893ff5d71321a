"""The course at the command line: `python -m helpers --help` lists what it can do."""

import argparse
import gc
import re
import signal
import sys

from helpers import classroom
from helpers.captioning.checkpoints import VARIANTS

RENDERED = "rendered"  # both captioners of scenes with light and shadow


def main():
    if hasattr(signal, "SIGPIPE"):  # `| head` may close the pipe: that is no error
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    arguments = vars(make_parser().parse_args())
    sys.exit(arguments.pop("run")(**arguments))


def make_parser():
    parser = argparse.ArgumentParser(prog="python -m helpers", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name, run, text):
        command = commands.add_parser(name, help=text)
        command.set_defaults(run=run)
        return command.add_argument

    add("check", check, "is everything there that the course needs?")
    argument = add("train", train, "make the checkpoints in data/ again")
    text = "default: the three on flat scenes"
    argument("variants", nargs="*", type=variant, help=text)
    argument = add("score", score, "score the checkpoints on unseen scenes")
    worlds = ("flat", RENDERED)
    argument("world", nargs="?", choices=worlds, default="flat", help="of scenes")
    argument("--size", type=int, nargs=2, default=(112, 112), metavar="PIXELS")
    argument = add("explain", print_explanation, "what is behind this error message?")
    argument("message", nargs="*", help="or what you see; default: from a pipe")
    argument = add("diagnose", print_report, "what is this weights tensor?")
    argument("weights", help="a shape, 1,12,197,197, or a file")
    for name, (option, kind, form, text) in doctor_facts().items():
        argument(option, dest=name, type=kind, metavar=form, help=text)
    return parser


def doctor_facts():
    """Of each argument of `diagnose`: option, how it is read, how written, and help."""
    return {
        "image_size": ("--image", size, "HxW", "pixels of the model's input, or tile"),
        "patch_size": ("--patch", int, "N", "pixels of a cell"),
        "model": ("--model", str, "NAME", "such as Qwen2-VL: the order of its keys"),
        "merge": ("--merge", int, "N", "patches of a side that become one key"),
        "frames": ("--frames", int, "N", "how many frames of a video"),
        "tiles": ("--tiles", tiles, "RxC", "of a picture; or N pictures (cameras)"),
        "text": ("--text", text_around, "N[,M]", "keys before the image's, and behind"),
        "grid_thw": ("--grid-thw", grids(3), "T,H,W[;..]", "of every image"),
        "spatial_shapes": ("--spatial-shapes", grids(2), "H,W[;..]", "of every image"),
        "batch": ("--batch", int, "N", "how many images there are"),
        "heads": ("--heads", int, "N", "how many heads there are"),
        "queries": ("--queries", int, "N", "how many queries (words) there are"),
        "layers": ("--layers", int, "N", "how many layers there are"),
        "words": ("--words", int, "N", "how many tokens the text has"),
    }


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


def tiles(text):
    """2x3 -> (2, 3), rows first; 6 -> 6 pictures."""
    return int(text) if text.isdecimal() else size(text)


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
        report = diagnose(shape_in(weights) or read_weights(weights), **facts)
    except (OSError, TypeError, ValueError) as error:
        print(as_option(str(error)), file=sys.stderr)
        return 2
    print(in_options(report, facts))
    return 0


def shape_in(text):
    """1,12,197,197 as a tuple, also as PyTorch prints it; () for what is no shape."""
    bare = re.sub(r"torch\.Size|[()\[\]\s]", "", text).strip(",")
    return tuple(map(int, bare.split(","))) if re.fullmatch(r"\d+(,\d+)*", bare) else ()


def in_options(report, facts):
    """The report with options for arguments; and what `report` is in Python."""
    text = report.text(as_option)
    if "report." in report.next:
        given = [f"{name}={fact!r}" for name, fact in facts.items() if fact is not None]
        text += f"\nin Python: report = diagnose({', '.join(['weights', *given])})"
    return text


def as_option(text):
    """heads= -> --heads N; merge=2 -> --merge 2; tiles=(2, 3) -> --tiles 2x3."""
    options = doctor_facts()

    def option(match):
        (flag, _, form, _), value = options[match[1]], match[2] or ""
        numbers = [] if re.search("[a-z]", value, re.I) else re.findall(r"\d+", value)
        return f"{flag} {('x' if 'x' in form else ',').join(numbers) or form}"

    text = re.sub(r"\b(?=(input_ids|read_tokens)=)", "in Python ", text)
    return re.sub(rf"\b({'|'.join(options)})=(\([^)]*\)|\d+)?", option, text)


def print_explanation(message):
    """Print what `explain` says of words or of standard input; 2 if there are none."""
    from helpers.inspection.messages import explain

    gc.disable()  # nearly all that is read stays until the end
    text = " ".join(message)
    if not text and sys.stdin.isatty():
        print("paste the message, then press Ctrl + D", file=sys.stderr)
    try:
        print(explain(text or sys.stdin.buffer.read().decode("utf-8", "replace")))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def check():
    """Print what is there of the set-up; return 1 if something is missing."""
    return 0 if classroom.check_setup() else 1


def train(variants):
    """Make checkpoints again: the flat captioners' by name, or both rendered ones."""
    from helpers.captioning import training
    from helpers.captioning.rendered.training import train_and_save

    for variant in variants or VARIANTS:
        if variant == RENDERED:
            train_and_save()
        elif not training.train_and_save(variant):
            return f"{variant}: interrupted, so nothing is saved"
    return 0


def score(world, size):
    """Print what the checkpoints reach on 500 scenes that training never saw."""
    if world == RENDERED:
        from helpers.captioning.rendered.scores import print_scores

        return print_scores()
    from helpers.captioning.captioners import load_captioner
    from helpers.captioning.metrics import score_captioner
    from helpers.captioning.scenes import sample_scenes
    from helpers.captioning.training import TEST_COUNT, TEST_SEED

    scenes = sample_scenes(TEST_COUNT, TEST_SEED, tuple(size))
    for variant in VARIANTS:
        print(f"{variant}: {score_captioner(load_captioner(variant), scenes)}")


if __name__ == "__main__":
    main()
