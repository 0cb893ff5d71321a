"""A training loop that the stop button ends, on as many threads as serve it."""

from contextlib import contextmanager

import torch
from tqdm.auto import tqdm


@contextmanager
def use_threads(count):
    """Let torch use `count` threads in a `with` block: with tensors as small as those
    of the course, to wait for a second one costs more than it saves, above all on a
    busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Steps(tqdm):
    """A progress bar over steps.

    done: how many steps are finished. stopped: whether the stop button ended it.
    """

    done, stopped = 0, False

    def __iter__(self):
        for step in super().__iter__():
            yield step
            self.done += 1


@contextmanager
def stoppable(steps, threads=1):
    """To train in a `with` block: yields a progress bar over `steps`, a range.

    The stop button, or Ctrl-C, ends the block with a sentence instead of a traceback,
    and the code after the block runs. Inside it torch uses one thread, or `threads`:
    a second one saves a third of the time on an idle machine, and triples it on a busy
    one.
    """
    with use_threads(threads), Steps(steps, desc="training", unit="step") as bar:
        try:
            yield bar
        except KeyboardInterrupt:
            bar.stopped = True
            print(
                f"Stopped after {bar.done} of {bar.total} steps: the model keeps what "
                "it has learned so far."
            )
