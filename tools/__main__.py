"""For maintainers and teachers: `python -m tools --help` lists what it can do."""

import argparse
import subprocess
import sys
from functools import partial
from pathlib import Path
from pkgutil import resolve_name

from tools.other_machines import PACKAGES, SETTINGS

# Each command, the function that it calls, and what that does. Modules are imported
# when they are needed: a reset of the exercises must not wait for torch.
ON_NOTEBOOKS = {
    "notebooks": ("notebooks:run_all", "run the notebooks in place"),
    "reset": ("exercises:reset_all", "put the exercises back to their stubs"),
    "slides": ("slides:build", "write slides into build/slides"),
    "minutes": ("notebooks:print_minutes", "how long a learner takes for each"),
    "matrix": ("other_machines:run", "run the notebooks as other machines would"),
}
ON_THE_COURSE = {
    "picture": ("picture:draw", "draw the pictures of the README again"),
    "index": ("index:make_index", "make the error index from data/errors"),
    "comparison": ("comparison:write", "train four captioners (15 minutes)"),
    "constraints": ("requirements:write", "write the releases of this machine"),
}


def main():
    parser = argparse.ArgumentParser(prog="python -m tools", description=__doc__)
    commands = parser.add_subparsers(metavar="command", required=True)
    for name, (function, text) in (ON_NOTEBOOKS | ON_THE_COURSE).items():
        command = commands.add_parser(name, help=text)
        command.set_defaults(function=f"tools.{function}")
        if name in ON_NOTEBOOKS:
            command.add_argument("files", nargs="*", type=Path, help="default: all")
        if name == "matrix":
            add = partial(command.add_argument, nargs="+")
            add("--settings", choices=SETTINGS, default=[*SETTINGS])
            add("--deps", choices=PACKAGES, default=["installed"])
    arguments = vars(parser.parse_args())
    try:
        sys.exit(resolve_name(arguments.pop("function"))(**arguments))
    except (OSError, ValueError, ImportError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
