"""For maintainers: `python -m tools --help` lists what it can do."""

import argparse
import sys

from tools import constraints, matrix


def main():
    parser = argparse.ArgumentParser(prog="python -m tools", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    matrix.add_command(commands)
    constraints.add_command(commands)
    arguments = parser.parse_args()
    sys.exit(arguments.run(arguments))


if __name__ == "__main__":
    main()
