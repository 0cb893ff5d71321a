"""The tools behind the notebooks, on five floors; each names the few things to use.

maps: from keys to pictures. captioning: scenes, attentions, captioners. inspection: for
a model of your own. explorer: the widgets. classroom: what a lesson needs.
"""

from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent  # of the repository


def public(floor, rooms):
    """`__getattr__` and `__all__` of a floor: names are imported when they are used.

    floor: its full name. rooms: {module: "the names that it holds"}. So the set-up
    check runs where nothing is installed, and a name costs only its own imports.
    """
    where = {name: room for room, names in rooms.items() for name in names.split()}

    def get(name):
        if name not in where:
            raise AttributeError(f"{floor} has no {name!r}; it has {', '.join(where)}")
        return getattr(import_module(f"{floor}.{where[name]}"), name)

    return get, sorted(where)
