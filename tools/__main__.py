"""For maintainers and teachers: `python -m tools --help` lists what it can do."""

import argparse
import subprocess
import sys
from pathlib import Path

from tools import constraints, matrix


def main():
    parser = argparse.ArgumentParser(prog="python -m tools", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run, text, default in (
        ("notebooks", run_notebooks, "run the notebooks in place", "all of them"),
        ("reset", reset, "put the exercises back to their stubs", "all lessons"),
        ("slides", make_slides, "write slides into build/slides", "all lessons"),
        ("minutes", print_minutes, "how long a learner takes for each", "all lessons"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("files", nargs="*", type=Path, help=f"default: {default}")
        command.set_defaults(run=run)
    command = commands.add_parser(
        "picture", help="draw the picture of the README again"
    )
    command.set_defaults(run=draw_picture)
    command = commands.add_parser("index", help="make the error index from data/errors")
    command.set_defaults(run=make_index)
    command = commands.add_parser(
        "comparison", help="train four captioners, three seeds each (15 minutes)"
    )
    command.set_defaults(run=compare)
    matrix.add_command(commands)
    constraints.add_command(commands)
    arguments = parser.parse_args()
    sys.exit(arguments.run(arguments))


def run_notebooks(arguments):
    from tools.notebooks import run_all

    run_all(arguments.files)


def reset(arguments):
    """Put the stubs back; 1 if a notebook could not be read."""
    from tools.exercises import reset_all
    from tools.notebooks import lessons

    return 0 if reset_all(arguments.files or lessons()) else 1


def make_slides(arguments):
    """Write the decks; return 2, and say what is missing, if that cannot be done."""
    from tools.notebooks import lessons
    from tools.slides import FOLDER, build

    try:
        build(arguments.files or lessons(), FOLDER)
    except (OSError, ValueError, ImportError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2


def print_minutes(arguments):
    from tools.notebooks import lessons, minutes

    for file in arguments.files or lessons():
        print(f"{minutes(file):3} {file.stem}")


def make_index(_):
    from tools.index import make_index

    make_index()


def compare(_):
    from tools.comparison import write

    write()


def draw_picture(_):
    import matplotlib

    from helpers.captioning import (
        load_captioner,
        load_published,
        sample_rendered_scenes,
        sample_scenes,
    )
    from helpers.captioning.checkpoints import DATA
    from helpers.maps import show_caption
    from tools.notebooks import FOLDER

    flat = sample_scenes(1, seed=41, size=(80, 112))[0]
    rendered = sample_rendered_scenes(1, seed=4, samples=3)[0]
    for name, scene, captioner in (
        ("caption.png", flat, load_captioner("additive")),
        ("rendered-caption.png", rendered, load_published()),
    ):
        caption = captioner.caption(scene.image)
        with matplotlib.rc_context(fname=FOLDER / "matplotlibrc"):
            figure = show_caption(scene, caption)
            figure.savefig(DATA / name, dpi=200)  # sharp on every screen
        print(DATA / name, "shows:", " ".join(caption.words))


if __name__ == "__main__":
    main()
