"""A progress bar for training, which the stop button ends without a traceback."""

import time
from contextlib import contextmanager

from tqdm.auto import tqdm

from helpers.captioning.temporary import use_threads


class Steps(tqdm):
    """A progress bar over steps that says, after ten of them, how long all will take.

    done: how many steps are finished. stopped: whether the stop button ended it.
    """

    done, stopped = 0, False

    def __iter__(self):
        for step in super().__iter__():
            if self.done == 1:  # the first step warms up
                start = time.perf_counter()
            if self.done == 11:
                seconds = (time.perf_counter() - start) / 10 * self.total
                self.set_description(f"training, about {in_words(seconds)} in all")
            yield step
            self.done += 1


def in_words(seconds):
    """A duration, rounded: "40 seconds", "3 minutes"."""
    if seconds < 90:
        return f"{10 * max(1, round(seconds / 10))} seconds"
    return f"{max(2, round(seconds / 60))} minutes"


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
