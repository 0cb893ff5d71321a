"""How a call of torch was written."""

FIRST = ("input", "query", "tensors", "self")  # what torch calls a first argument


def first_in_front(args, kwargs):
    """The arguments of a call with what it works on in front, also if it was named, and
    without numpy's name for a dimension."""
    kwargs = {"dim" if n == "axis" else n: value for n, value in kwargs.items()}
    name = next((n for n in FIRST if n in kwargs), None)
    if args or name is None:
        return args, kwargs
    others = {n: value for n, value in kwargs.items() if n != name}
    return (kwargs[name],), others
