"""What entries that are not shown, or their other notes, say of a text."""

from math import fsum

from helpers.inspection.messages.notes import held_in
from helpers.inspection.messages.search import terms_of

WIDE = 40  # causes whose notes are looked at
LEAST = 10.0  # what the words in common weigh together


def beside(text, ranked, weights):
    """((id, note), ...) of likely causes that a text asks for, the best first.

    ranked: the causes, the likeliest first. weights: {term: weight} of the text.
    """
    found = {}
    for one in ranked[:WIDE]:
        for words, note in held_in(text, one.cause.notes):
            score = in_common(f"{words} {note}", weights)
            if score >= LEAST and note not in found:
                found[note] = score, one.cause.id
    best = sorted(found, key=lambda note: -found[note][0])
    return tuple((found[note][1], note) for note in best)


def in_common(text, weights):
    """What the words weigh that two texts have in common; parts of words count not."""
    shared = terms_of(text) & weights.keys()
    return fsum(weights[term] for term in shared if term[0] != "~")
