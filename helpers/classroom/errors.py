"""Fail on purpose: print an error's message, and make sure it is the expected one."""

from contextlib import contextmanager


@contextmanager
def failing(kind, text):
    """A block that must fail: prints its error, checks its type and its text.

    kind: the exception type, or several. text: the part of the message that does not
    change from version to version. Raises AssertionError where nothing fails, or
    something else does.
    """
    try:
        yield
    except Exception as error:
        message = str(error).strip()
        said = f"{type(error).__name__}: {message}"
        kinds = kind if isinstance(kind, tuple) else (kind,)
        names = " or ".join(one.__name__ for one in kinds)
        assert isinstance(error, kind), f"expected {names}, got {said}"
        assert text in message, f"expected {text!r} in {said}"
        print(said)
        return
    raise AssertionError(f"expected an error with {text!r}: nothing failed")


def expect_error(action, kind, text):
    """Run `action`, which must fail as `failing` says."""
    with failing(kind, text):
        action()
