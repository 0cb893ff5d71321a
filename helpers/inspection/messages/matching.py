"""Compare texts without their numbers, and symptoms by their words."""

import math
import re
from collections import Counter
from functools import cache

from helpers.inspection.messages.numbers import HOLE, without_numbers

# The line of a traceback that names the error. pytest writes "E   " in front of it, and
# launchers write the number of the process.
ERROR_LINE = re.compile(
    r"^(?:\[?rank\d+\]?:?|E)?\s*(?:[\w.]*\.)?\w*"
    r"(?:Error|Exception|Warning|Interrupt)\b\s*(?::|\(|$)",
    re.MULTILINE,
)
QUOTES = str.maketrans({"`": "'", "‘": "'", "’": "'", "“": "'", "”": "'", '"': "'"})
SURE_LENGTH = 20  # letters of a wording that counts far from the last error
LONGEST_GAP = 200  # letters that `...` may stand for
WORD = re.compile(r"[a-z_]{2,}")
ONE, ZERO = (re.compile(rf"(?<![\w.]){n}(\.0+)?(?![\w.]*\w)") for n in (1, 0))
# Words that mean the same to somebody who describes a picture.
SAME = {
    "heatmap": "map", "heatmaps": "map", "maps": "map", "heat": "map",
    "saliency": "map", "picture": "image", "photo": "image", "img": "image",
    "pictures": "image", "photos": "image", "images": "image", "word": "token",
    "words": "token", "tokens": "token", "identical": "same", "equal": "same",
    "nothing": "empty", "none": "none", "null": "none", "blank": "black",
    "dark": "black", "offset": "shift", "shifted": "shift", "displaced": "shift",
    "misaligned": "shift", "moved": "shift", "rotated": "turn", "transposed": "turn",
    "flipped": "turn", "mirrored": "turn", "swapped": "swap", "reversed": "swap",
    "gradcam": "cam", "grad": "cam", "weights": "attention", "attentions": "attention",
    "attn": "attention", "alphas": "attention", "frames": "video", "frame": "video",
    "videos": "video", "crops": "tile", "tiles": "tile", "anyres": "tile",
    "bright": "peak", "brightest": "peak", "hot": "peak", "spot": "peak",
    "spots": "peak", "uniform": "flat", "constant": "flat", "noise": "meaningless",
    "random": "meaningless", "nonsense": "meaningless", "garbage": "meaningless",
    "noisy": "meaningless", "wrong": "meaningless", "corners": "corner",
    "sums": "sum", "summing": "sum", "rectangular": "rectangle", "nans": "nan",
    "cls": "class", "patches": "patch", "heads": "head", "layers": "layer",
    "registers": "register", "borders": "border", "edge": "border", "edges": "border",
}  # fmt: skip
ENDINGS = ("isation", "ization", "izing", "ising", "ized", "ised", "izes", "ises",
           "ize", "ise", "ing", "ed", "es", "ly", "s", "e")  # fmt: skip
IDLE = frozenset(
    "the a an is are was be to of in on at for and or not it its this that with as my "
    "me we you your he she they their there so if but by from when how why what which "
    "where do does did can could should would will get got getting have has had try "
    "trying tried want any some just only also than then each every all use using used "
    "one error issue problem please help thanks hi hello model code".split()
)


def prepare(text):
    """Lower case, one kind of quote, one space; the numbers as holes, and their values.

    Returns the text and a list of its numbers and shapes, one for each hole.
    """
    bare, numbers = without_numbers(text)
    return re.sub(r"\s+", " ", bare.translate(QUOTES).lower()).strip(), numbers


@cache
def pattern_of(example):
    """What finds an example's wording with other numbers."""
    bare = prepare(example)[0]
    parts = [re.escape(part.strip()) for part in bare.split("...")]
    return re.compile(rf"\s*.{{0,{LONGEST_GAP}}}?\s*".join(parts), re.DOTALL)


def last_error(text):
    """From the last line that names an error to the end, or all of the text."""
    starts = [match.start() for match in ERROR_LINE.finditer(text)]
    return text[starts[-1] :] if starts else text


def find_message(messages, text):
    """The message whose wording fits the text best, and its numbers in order.

    The last error of a traceback counts before all the rest, a longer wording before a
    shorter one. Returns (None, []) if no wording fits.
    """
    error = last_error(text)
    for part, shortest in ((error, 0), (text, 0 if error == text else SURE_LENGTH)):
        bare, numbers = prepare(part)
        best, length, found = None, shortest, []
        for message in messages:
            for example in message.says:
                match = pattern_of(example).search(bare)
                if match and len(example) > length:
                    first = bare[: match.start()].count(HOLE)
                    count = match[0].count(HOLE)
                    best, length = message, len(example)
                    found = numbers[first : first + count]
        if best:
            return best, found
    return None, []


def words_of(text):
    """The words that carry meaning, in one form each."""
    text = text.lower().replace("heat map", "heatmap")
    text = ZERO.sub(" zero ", ONE.sub(" ones ", text))
    names = WORD.findall(text)
    words = names + [part for name in names if "_" in name for part in name.split("_")]
    return [stem(word) for word in words if len(word) > 1 and word not in IDLE]


def stem(word):
    """One form for the forms of a word, roughly: visualise, visualizing, visualised."""
    word = SAME.get(word, word)
    for end in ENDINGS:
        if word.endswith(end) and len(word) - len(end) >= 4:
            word = word[: -len(end)]
            break
    return SAME.get(word, word)


# A text without any of these is about something else.
SUBJECT = frozenset(
    map(
        stem,
        "map attention token head patch cam mask beam grid feature overlay key query "
        "class register tile video sink nan shape hook gradient batch image reshape "
        "tensor peak column row memory transformers release version".split(),
    )
)


class ByWords:
    """How well texts fit a query, by their rare words in common (BM25, 1994)."""

    K, B = 1.2, 0.5

    def __init__(self, texts):
        """texts: {name: text}."""
        self.counts = {name: Counter(words_of(text)) for name, text in texts.items()}
        self.lengths = {name: sum(c.values()) for name, c in self.counts.items()}
        self.mean = sum(self.lengths.values()) / max(len(texts), 1)
        self.known = Counter(word for c in self.counts.values() for word in c)

    def weight(self, word):
        total, known = len(self.counts), self.known[word]
        return math.log(1 + (total - known + 0.5) / (known + 0.5)) if known else 0.0

    def agree(self, query, name):
        """Do they share two words, or all that a short query has?"""
        words = set(words_of(query))
        shared = words & self.counts[name].keys()
        about = words & SUBJECT or "atten" in query.lower()
        return len(shared) >= min(2, len(words)) and bool(about)

    def scores(self, query, idle=frozenset()):
        """{name: score} of the texts that share a word with the query, but for idle."""
        words = set(words_of(query)) - idle
        scores = {}
        for name, counts in self.counts.items():
            room = 1 - self.B + self.B * self.lengths[name] / self.mean
            shared = words & counts.keys()
            score = sum(
                self.weight(word)
                * counts[word] * (self.K + 1) / (counts[word] + self.K * room)
                for word in shared
            )  # fmt: skip
            if score:
                scores[name] = score
        return scores
