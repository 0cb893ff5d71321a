"""Fail on purpose: show an error's message, and make sure that it is the right one."""


def expect_error(action, kind, text):
    """Run `action`, which must fail; print its error; check its type and its text.

    kind: the exception type. text: the part of the message that does not change from
    version to version. Raises AssertionError where nothing fails, or something else
    does.
    """
    try:
        action()
    except Exception as error:
        message = str(error).strip()
        said = f"{type(error).__name__}: {message}"
        assert isinstance(error, kind), f"expected {kind.__name__}, got {said}"
        assert text in message, f"expected {text!r} in {said}"
        print(said)
    else:
        raise AssertionError(f"expected {kind.__name__} with {text!r}: nothing failed")
