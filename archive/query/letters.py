"""Other spellings of a word that a reader takes for the same, where the full-text index keeps them apart.

The index folds case and the accents of Latin letters (tokenizer unicode61, decision 0014). It does not fold letters
that Unicode knows as letters of their own (ł, ı, đ, ø, ß, ё), nor the ways of writing Arabic script, whose article and
prepositions are moreover written with the word. So a word is searched for in each such spelling.
"""

import unicodedata
from collections.abc import Iterable, Iterator

_LEAST = 3
"""Shorter words are left as they are."""
_MOST = 80
_LATIN = (("l", "ł"), ("i", "ı"), ("d", "đ"), ("dj", "đ"), ("o", "ø"), ("ss", "ß"))
_PLAIN = str.maketrans({"ł": "l", "ı": "i", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
_ALEF = "اأإآٱ"
_YEH = str.maketrans({"ی": "ي", "ک": "ك", "ى": "ي"})
_PERSIAN = str.maketrans({"ي": "ی", "ك": "ک", "ى": "ی"})
_ENDS = {"ة": "ه", "ه": "ة", "ى": "ي", "ي": "ى"}
_ARTICLE = "ال"
_BEFORE = ("ال", "وال", "بال", "كال", "فال", "لل", "و", "ب", "ل", "ف")
_TATWEEL, _JOINER = "\N{ARABIC TATWEEL}", "\N{ZERO WIDTH NON-JOINER}"

_ALIKE = _PLAIN | _YEH | dict.fromkeys(map(ord, _ALEF), "ا") | str.maketrans({"ة": "ه", _TATWEEL: None, _JOINER: None})


def folded(text: str | None) -> str | None:
    """Fold case, accents and letters that a reader takes for the same: for names, which filters find in parts.

    SQLite's own functions know only ASCII.
    """
    if text is None or text.isascii():
        return text and text.lower()
    apart = unicodedata.normalize("NFD", text.casefold().translate(_ALIKE))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def spellings(word: str) -> tuple[str, ...]:
    """Give the other spellings in which a word is to be found; none of what is short, or not of letters alone."""
    word = unicodedata.normalize("NFC", word).lower()
    bare = "".join(letter for letter in word if not _is_mark(letter))
    if len(bare) < _LEAST or not bare.replace(_JOINER, "").isalpha():
        return ()
    if any("\u0600" <= letter <= "\u06ff" for letter in bare):
        found = _arabic(bare)
    elif any("\u0400" <= letter <= "\u052f" for letter in bare):
        found = iter({word.replace("ё", "е"), *_each(word, "е", "ё")})
    else:
        found = _latin(word)
    return tuple(sorted(set(found) - {word}))[:_MOST]


def _is_mark(letter: str) -> bool:
    return letter == _TATWEEL or unicodedata.category(letter) == "Mn"


def _latin(word: str) -> Iterator[str]:
    """Give the word without letters of their own, and with each in the place of a plain one: one of them, or all."""
    plain = word.translate(_PLAIN)
    yield plain
    if plain == word:
        for usual, own in _LATIN:
            yield word.replace(usual, own)
            yield from _each(word, usual, own)


def _each(word: str, usual: str, other: str) -> Iterator[str]:
    at = word.find(usual)
    while at >= 0:
        yield word[:at] + other + word[at + len(usual) :]
        at = word.find(usual, at + 1)


def _arabic(word: str) -> Iterator[str]:
    """Give the ways to write the word, by itself and behind an article or preposition."""
    stem = word.removeprefix(_ARTICLE)
    stem = stem if len(stem) >= _LEAST else word
    for way in _ways(word):
        yield way
    for way in _ways(stem):
        yield way
        yield from (before + way for before in _BEFORE)


def _ways(word: str) -> Iterable[str]:
    joined = {word, word.replace(_JOINER, "")}
    alike = {one.translate(table) for one in joined for table in (_YEH, _PERSIAN, {})}
    first = {letter + one[1:] for one in alike for letter in (_ALEF if one[0] in _ALEF else one[0])}
    return first | {one[:-1] + _ENDS[one[-1]] for one in first if one[-1] in _ENDS}
