"""Find a symptom by its words: those that are rare, and said alike."""

import math
import re
from collections import Counter

WORD = re.compile(r"[a-z_][a-z_\d]+")
CODE = re.compile(r"[()\[\]{}=]|\w\.\w")
NAME = re.compile(r"\w*[a-z]_[a-z]\w*")
ONE, ZERO = (re.compile(rf"(?<![\w.]){n}(\.0+)?(?![\w.]*\w)") for n in (1, 0))
# Words that mean the same to somebody who describes a picture.
SYNONYMS = (
    "map heatmap heat saliency", "image picture photo img", "token word",
    "same identical equal", "empty nothing", "none null", "black blank dark",
    "shift offset displaced misaligned moved", "turn rotated transposed flipped "
    "mirrored", "swap swapped reversed", "cam gradcam grad", "attention weight attn "
    "alpha", "video frame", "tile crop anyres", "peak bright brightest hot spot",
    "flat uniform constant", "meaningless noise noisy random nonsense garbage wrong",
    "sum summing", "rectangle rectangular", "class cls", "border edge",
)  # fmt: skip
ENDINGS = ("isation", "ization", "izing", "ising", "ized", "ised", "izes", "ises",
           "ize", "ise", "ing", "ed", "es", "ly", "e")  # fmt: skip
IDLE = frozenset(
    "the a an is are was be to of in on at for and or not it its this that with as my "
    "me we you your he she they their there so if but by from when how why what which "
    "where do does did can could should would will get got getting have has had try "
    "trying tried want any some just only also than then each every all use using used "
    "one error issue problem please help thanks hi hello model code".split()
)


def words_of(text, parts=True):
    """The words that carry meaning, in one form each; with the parts of code names."""
    text = text.lower().replace("heat map", "heatmap")
    text = ZERO.sub(" zero ", ONE.sub(" ones ", text))
    words = WORD.findall(text)
    if parts:
        words += [part for name in words if "_" in name for part in name.split("_")]
    return [stem(word) for word in words if len(word) > 1 and word not in IDLE]


def prose(text):
    """A text without its code, of which names with an underscore stay."""
    parts = []
    for part in text.split():
        bare = part.strip("\"'`.,;:!?)")
        code = "':" in part or CODE.search(bare)
        parts += NAME.findall(bare) if code else [bare]
    return " ".join(parts)


def base(word):
    """One form for the forms of a word, roughly: visualise, visualizing, visualised."""
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        word = word[:-1]
    for end in ENDINGS:
        if word.endswith(end) and len(word) - len(end) >= 4:
            return word[: -len(end)]
    return word


SAME = {base(w): base(group.split()[0]) for group in SYNONYMS for w in group.split()}


def stem(word):
    """The base of a word, or of the one that stands for all that mean the same."""
    return SAME.get(base(word), base(word))


def rarity(texts):
    """A function: what a set of words weighs, by how few of the texts have each."""
    known = Counter(word for words in texts for word in words)

    def weight(words):
        counts = (known[word] for word in words if word in known)
        return sum(math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for n in counts)

    return weight


CORE = frozenset(map(stem, "map attention cam".split()))
# A text without any of these is about something else.
SUBJECT = CORE | frozenset(map(stem, (
    "token head patch mask beam grid feature overlay key query class register tile "
    "video sink nan shape hook gradient batch image reshape tensor peak column row "
    "memory transformers release version color"
).split()))  # fmt: skip


class ByWords:
    """How well texts fit a query, by their rare words in common."""

    def __init__(self, texts, phrases):
        """texts: {name: text}; phrases: {name: what people say, one by one}."""
        self.words = {name: set(words_of(text)) for name, text in texts.items()}
        self.weight = rarity(list(self.words.values()))
        self.phrases = {
            name: [set(words_of(phrase, parts=False)) for phrase in said]
            for name, said in phrases.items()
        }

    def said(self, words, name):
        """(share, weight) of the phrase of `name` that is found best in the words.

        What is said of a map says nothing to a text that has none.
        """
        best = (0.0, 0.0)
        for phrase in self.phrases[name]:
            if phrase & CORE and not words & CORE:
                continue
            whole, found = self.weight(phrase), self.weight(phrase & words)
            if whole and found * found / whole > best[0] * best[1]:
                best = (found / whole, found)
        return best

    def scores(self, words):
        """{name: score} of the texts that share one of the words."""
        scores = {name: self.weight(words & mine) for name, mine in self.words.items()}
        return {name: score for name, score in scores.items() if score}
