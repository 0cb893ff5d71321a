"""Equality of objects that hold tensors."""


class Alike:
    """Objects are equal, and hashed alike, if their `key()`s are, which are tuples."""

    def __eq__(self, other):
        return isinstance(other, Alike) and self.key() == other.key()

    def __hash__(self):
        return hash(self.key())
