"""Notes of an entry or a message: what is more to say where a text names some words."""

import re
from collections import defaultdict


def by_owner(shared):
    """{("entries" or "messages", id): [note]} of notes that several have."""
    found = defaultdict(list)
    for note in shared:
        for kind in ("entries", "messages"):
            for name in note.get(kind, ()):
                found[kind, name].append(note["note"])
    return found


def with_shared(one, shared):
    """An entry or a message; behind its own notes those that it shares with others."""
    return one | {"notes": "\n".join(filter(None, [one.get("notes", ""), *shared]))}


def mentions(text, clue):
    """Does a word of the text begin with the clue? (A number has to stand alone.)

    text: in lower case; many clues are asked of one.
    """
    clue = clue.lower()
    if clue not in text:
        return False
    end = r"(?!\d)" if clue[-1].isdigit() else ""
    start = r"(?<![a-z\d])" if clue[0].isalnum() else ""
    return bool(re.search(start + re.escape(clue) + end, text))


def pairs_of(notes):
    """[(when, note)] of lines *when => note*."""
    return [tuple(line.split(" => ", 1)) for line in notes.splitlines()]


def held_in(text, notes):
    """[(words, note)] of the notes that a text asks for, by which words of it.

    notes: lines *when => note*. when: words with commas between them, of which the text
    has to mention one; of "swin & window_size" it has to mention both.
    """
    found, text = [], text.lower()
    for when, note in pairs_of(notes):
        ways = [[word.strip() for word in way.split("&")] for way in when.split(",")]
        if held := [way for way in ways if all(mentions(text, word) for word in way)]:
            found.append((" ".join(max(held, key=lambda way: len("".join(way)))), note))
    return found


def notes_in(text, notes):
    """The notes that a text asks for, those by the longest words first."""
    found = held_in(text, notes)
    return [note for _, note in sorted(found, key=lambda one: -len(one[0]))]
