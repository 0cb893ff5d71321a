"""For maintainers and teachers: `python -m tools --help` lists what it can do."""

import argparse
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

from tools import matrix

# Each command, the function that it calls, and what that does. Modules are imported
# when they are needed: a reset of the exercises must not wait for torch.
ON_NOTEBOOKS = {
    "notebooks": ("tools.notebooks:run_all", "run the notebooks in place"),
    "reset": ("tools.exercises:reset_all", "put the exercises back to their stubs"),
    "slides": ("tools.__main__:make_slides", "write slides into build/slides"),
    "minutes": ("tools.notebooks:print_minutes", "how long a learner takes for each"),
}
ON_THE_COURSE = {
    "picture": ("tools.picture:draw", "draw the pictures of the README again"),
    "index": ("tools.index:make_index", "make the error index from data/errors"),
    "comparison": ("tools.comparison:write", "train four captioners (15 minutes)"),
    "constraints": ("tools.requirements:write", "write the releases of this machine"),
}


def main():
    parser = argparse.ArgumentParser(prog="python -m tools", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (function, text) in (ON_NOTEBOOKS | ON_THE_COURSE).items():
        command = commands.add_parser(name, help=text)
        command.set_defaults(function=function)
        if name in ON_NOTEBOOKS:
            command.add_argument("files", nargs="*", type=Path, help="default: all")
    matrix.add_options(commands.add_parser("matrix", help=matrix.__doc__))
    arguments = vars(parser.parse_args())
    del arguments["command"]
    sys.exit(resolve_name(arguments.pop("function"))(**arguments))


def make_slides(files):
    """Write the decks; return 2, and say what is missing, if that cannot be done."""
    from tools.notebooks import lessons
    from tools.slides import FOLDER, build

    try:
        build(files or lessons(), FOLDER)
    except (OSError, ValueError, ImportError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    main()
