"""The input of a model where the caller did not give its size: from the name."""

import re
from dataclasses import replace

from helpers.inspection.shapes.facts import as_pair
from helpers.inspection.shapes.readings import fits, likeliest

# 16 of "patch16", "ViT-B/16", "vitl16" and "ViT-L-16"; 224 of "_224" and "-448px".
BASE = r"vit[tsblhg]|(?:vit|clip|core|eva02|beit)[-_](?:[tsblhg]|so400m)[-_/]?"
PATCH = re.compile(
    r"patch(?P<one>\d{1,2})(?![a-z0-9])|"
    rf"(?:{BASE}|(?<![a-z0-9])[sblhgp]/?)(?P<two>8|14|16|28|32)(?![a-z0-9])"
)
SIZES = ("image_size", "patch_size")
SIDE = re.compile(r"(?<![a-z0-9.])(\d{3,4})(?:px)?(?![a-z0-9])")


def usual_input(shape, keys, facts):
    """The Facts with the sizes of a published input, and of its patches, where N keys
    fit one; in a prompt, the largest with room for its cells. Without the name where
    that leaves most keys over, and the count alone none. Else the same Facts.

    Numbers in the name come before those of the family.
    """
    N = shape[keys]
    if facts.given_grids() or None not in (facts.image_size, facts.patch_size):
        return facts
    own = tuple(n for n in SIZES if getattr(facts, n) is None)
    options = [replace(facts, assumed=own, **one) for one in published(facts)]
    text = sum(n or 0 for n in as_pair(facts.text or facts.words))
    found = [one for one in options if fits(N - text, one)]
    if not found and "windows" in facts.family.kinds:
        found = options  # the keys are those of a window
    if not found and facts.family.prompt:
        options.sort(key=least, reverse=True)
        found = [one for one in options if least(one) <= N - text]
        best = None if facts.in_prompt() else likeliest(N, replace(facts, name=""))
        whole = best and best.kind == "cells" and not best.off_grid
        if found and whole and 2 * least(found[0]) < N:
            return replace(facts, name="")  # the count leaves no key over
    return found[0] if found else facts


def published(facts):
    """[{"image_size": (H, W), "patch_size": p}], the most usual first."""
    name = facts.name.lower()
    patch, side = PATCH.search(name), SIDE.search(name)
    patch = facts.patch_size or (patch and int(patch["one"] or patch["two"]))
    size = facts.image_size or (side and (int(side[1]),) * 2)
    found = [{"image_size": size, "patch_size": patch}] * bool(size and patch)
    for text in facts.family.inputs:
        sides, _, own = text.partition("/")
        pixels = [int(n) for n in sides.split("x") if n != "any"]
        pixels = tuple(pixels * 2)[:2] if len(pixels) < 2 else tuple(pixels)
        one = {"image_size": pixels, "patch_size": int(own or 1)}
        if own:
            one = {"image_size": size or pixels, "patch_size": patch or int(own)}
        found += [one] * bool(one["image_size"] and one not in found)
    return found


def least(facts):
    """The fewest cells that a picture has in this model's prompt."""
    merge = facts.merges[0] if facts.merges else 1
    h, w = (n // facts.patch_size // merge for n in facts.image_size)
    return h * w
