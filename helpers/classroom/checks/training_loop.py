"""Check of notebook 03: the training loop, begun from shipped weights."""

from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from helpers.captioning import load_captioner, training_batch
from helpers.captioning.training import caption_loss, copy_state
from helpers.classroom.checks.judge import Check, Fault

SIZE = (64, 72)  # (H, W) in pixels


class Fit(NamedTuple):
    losses: torch.Tensor
    checks: torch.Tensor
    best: torch.Tensor  # the loss on the held-out scenes with the weights that stayed


def loss_of(model, images, words):
    logits, _ = model(images, words[:, :-1])  # (B, T, V)
    return caption_loss(logits, words)


def unshifted(model, images, words):
    logits, _ = model(images, words)  # (B, T + 1, V)
    return cross_entropy(logits.flatten(0, 1), words.flatten(), ignore_index=0)


def same_word(model, images, words):
    logits, _ = model(images, words[:, :-1])  # (B, T, V)
    targets = words[:, :-1].flatten()  # (B * T,)
    return cross_entropy(logits.flatten(0, 1), targets, ignore_index=0)


def with_padding(model, images, words):
    logits, _ = model(images, words[:, :-1])  # (B, T, V)
    return cross_entropy(logits.flatten(0, 1), words[:, 1:].flatten())


def two_ahead(model, images, words):
    logits, _ = model(images, words[:, :-2])  # (B, T - 1, V)
    return cross_entropy(logits.flatten(0, 1), words[:, 2:].flatten(), ignore_index=0)


def looked_at(loss_of, mode="eval"):
    """A check on held-out scenes; mode: that in which the model is then."""

    @torch.inference_mode()
    def check(model, images, words):
        model.train(mode == "train")
        loss = loss_of(model, images, words).item()
        model.train(mode != "stays in eval")
        return loss

    return check


in_evaluation = looked_at(loss_of)


def loop(
    loss_of=loss_of,
    check=in_evaluation,
    zero=True,
    update=True,
    clip=1.0,
    training=True,
    keep=copy_state,
    wanted=min,
    restore=True,
    before=False,
    by_training=False,
):
    """The training loop with one of its parts replaced. keep: how weights are kept."""

    def attempt(model, batches, held_out, optimizer):
        losses, checks, best = [], [], None
        model.train(training)
        for images, words in batches:
            if before:
                checks.append(check(model, *held_out))
            loss = loss_of(model, images, words)
            if zero:
                optimizer.zero_grad()
            loss.backward()
            if clip:
                clip_grad_norm_(model.parameters(), clip)
            if update:
                optimizer.step()
            losses.append(loss.item())
            if not before:
                checks.append(check(model, *held_out))
            seen = losses if by_training else checks
            if seen[-1] == wanted(seen):
                best = keep(model)
        if restore:
            model.load_state_dict(best)
        return losses, checks

    return attempt


class FitCheck(Check):
    """Looks at the weights that the loop leaves in the model, too."""

    def run(self, function):
        return super().run(lambda *inputs: self.fitted(function, *inputs))

    @staticmethod
    def fitted(function, model, batches, held_out, optimizer):
        answer = function(model, batches, held_out, optimizer)
        if not isinstance(answer, tuple | list) or len(answer) != 2:
            raise Fault("return two lists of floats, the losses and the checks")
        if any(getattr(x, "requires_grad", False) for part in answer for x in part):
            raise Fault(
                "return floats: loss.item(); a tensor keeps the whole graph alive"
            )
        losses, checks = (torch.tensor([float(x) for x in part]) for part in answer)
        with torch.inference_mode():
            best = loss_of(model.eval(), *held_out)
        return Fit(losses, checks, best)


def scrambled(images, words):
    """A batch whose captions belong to other pictures."""
    return images, words.roll(1, 0)


def wiped(B, steps, bad):
    """The shipped captioner without its last layer; the last `bad` batches are wrong,
    so that the best weights are not the last."""
    model = load_captioner("dot-product")
    for parameter in model.decoder.logits.parameters():
        parameter.data.zero_()
    batches = [training_batch(B, seed, SIZE) for seed in range(steps)]
    batches[-bad:] = [scrambled(*batch) for batch in batches[-bad:]]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return model, batches, training_batch(B + 1, 10**9, SIZE), optimizer


check_fit = FitCheck(
    "attempt(model, batches, held_out, optimizer) -> losses, checks, two lists of "
    "floats; the model keeps its best weights.",
    loop(),
    lambda: {
        "4 batches of 2 scenes": wiped(2, 4, 2),
        "5 batches of 3 scenes": wiped(3, 5, 1),
    },
    {
        "compare with the NEXT word: words[:, :-1] goes in, words[:, 1:] is the "
        "target": (
            loop(unshifted, looked_at(unshifted)),
            loop(same_word, looked_at(same_word)),
            loop(two_ahead, looked_at(two_ahead)),
        ),
        "padding is no word to be learned: ignore_index=0": (
            loop(with_padding, looked_at(with_padding)),
            loop(with_padding),
        ),
        "the gradients add up: optimizer.zero_grad() before every backward": loop(
            zero=False
        ),
        "nothing is learned: optimizer.step() after every backward": loop(update=False),
        "clip the norm of the gradients to 1, between backward and step": loop(
            clip=None
        ),
        "check in evaluation mode, model.eval(): batch norm must not learn from the "
        "held-out scenes": loop(check=looked_at(loss_of, "train")),
        "back into training mode, model.train(), after every check": loop(
            check=looked_at(loss_of, "stays in eval")
        ),
        "train in training mode: model.train() before the first step": (
            loop(training=False, check=looked_at(loss_of, "stays in eval")),
            loop(training=False),
        ),
        "the weights that stay are the last, not the best. Put the best back, and "
        "clone what you keep: state_dict() hands out the tensors themselves, and they "
        "go on changing": (
            loop(restore=False),
            loop(keep=lambda model: model.state_dict()),
        ),
        "the best is the lowest held-out loss, not the highest": loop(wanted=max),
        "choose the best by the check, not by the training loss": loop(
            by_training=True
        ),
        "check after the step, not before it": loop(before=True),
    },
)
