"""What a person types becomes an FTS5 expression; whatever they type, SQLite never sees it raw.

Words stand together (AND is implied), ``OR``, ``NOT`` or a leading ``-``, and parentheses combine; ``"a phrase"``,
``begin*``, ``title:word``, ``text:(one OR two)``, ``NEAR(one "two three", 5)``: at most 5 words between them, 10 where
no number is given. A word is found in each spelling that ``archive.query.letters`` knows; in a phrase or NEAR, and in
quotation marks, only as it is written, but for case and accents.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from archive.errors import QueryError
from archive.query.letters import spellings

COLUMNS = ("title", "text")
"""What may stand before a colon."""

_FILTERS = {
    name: f"--{name}" for name in ("site", "since", "until", "author", "category", "service", "language", "state")
}
_FILTERS |= {"by": "--author", "lang": "--language", "date": "--since and --until", "year": "--since and --until"}
_HINT = (
    'Try: press freedom · "press freedom" · journalis* · title:court · arrest NOT minsk · (kyiv OR lviv) trial · '
    "NEAR(court verdict, 5)"
)
_MOST_LETTERS = 1000
_MOST_DEPTH = 20
_NEAR = 10
_OPENING, _CLOSING = '"“„«”»', '"”“»«'
_TOKEN = re.compile(
    rf"""\s*(?:
      NEAR\((?P<near>[^()]*)(?P<near_end>\)?) | (?P<open>\() | (?P<close>\))
      | [{_OPENING}](?P<phrase>[^{_CLOSING}]*)(?P<end>[{_CLOSING}]?)(?P<any>\*?)
      | (?P<column>(?i:{"|".join(COLUMNS)}|[^\W\d_]+(?=:[^\s)]))):
      | (?P<minus>-)(?=[^\s)-])
      | (?P<word>[^\s(){_OPENING}]+)
    )""",
    re.VERBOSE,
)
_WORDS = re.compile(r"\w+")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_OPERATORS = {"AND", "OR", "NOT"}
_TERMS = {"term", "word"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int
    exact: str = ""
    said: tuple[str, ...] = ()


def to_fts5(query: str, is_known: Callable[[str], bool] = bool) -> str:
    """Turn a search expression into one of FTS5, every word quoted.

    ``is_known`` tells of another spelling, quoted, whether it is worth asking for: each costs time in every text.

    Raises:
        QueryError: it cannot be read; the message says where and why.
    """
    query = query.encode("utf-8", "replace").decode()
    if len(query) > _MOST_LETTERS:
        raise QueryError(f"a search of more than {_MOST_LETTERS} letters", hint=_HINT)
    if not query.strip():
        raise QueryError("there is nothing to search for", hint=_HINT)
    parser = _Parser(query, _tokens(query, is_known))
    return parser.whole()


def phrases_in(query: str) -> tuple[str, ...]:
    """Give what a search finds only as it is written: its phrases, and what stands in a NEAR.

    Raises:
        QueryError: it cannot be read.
    """
    return tuple(phrase for token in _tokens(query) if token.kind == "term" for phrase in token.said)


def needs_places(expression: str) -> bool:
    """Tell whether FTS5 has to look where words stand in each text: for a phrase, NEAR, or one column."""
    rest = _QUOTED.sub("", expression)
    return "NEAR(" in rest or "{" in rest or any(len(_WORDS.findall(one)) > 1 for one in _QUOTED.findall(expression))


def _tokens(query: str, is_known: Callable[[str], bool] = bool) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while query[at:].strip():
        found = _TOKEN.match(query, at)
        if found is None:
            _refuse(query, at, "this cannot be read")
        token = _token(query, found, is_known)
        tokens += [token] if token else []
        at = found.end()
    if not tokens:
        _refuse(query, 0, "there is no word to search for")
    return tokens


def _token(query: str, found: re.Match[str], is_known: Callable[[str], bool]) -> _Token | None:
    """Make a token; None for a lone dash or the like, which stands in many a headline."""
    at = found.end() - len(found[0].lstrip())
    if found["phrase"] is not None:
        if not found["end"]:
            _refuse(query, at, "the phrase that begins here has no closing quotation mark")
        phrase = found["phrase"]
        return _Token("term", _quoted(query, phrase, at) + found["any"], at, said=(phrase,))
    if found["near"] is not None:
        return _near(query, found, at)
    if found["column"] is not None:
        column = found["column"].lower()
        if column not in COLUMNS:
            _refuse(query, at, f"{found['column']!r} is no field (those are {' and '.join(COLUMNS)}); {_cure(column)}")
        return _Token("column", column, at)
    kind = next(kind for kind in ("open", "close", "minus", "word") if found[kind] is not None)
    if kind == "word":
        return _word(query, found["word"], at, is_known)
    return _Token("NOT" if kind == "minus" else kind, found[kind], at)


def _cure(column: str) -> str:
    """Say what to write in the place of what is no field."""
    name = _FILTERS.get(column.removesuffix("s"))
    if name is not None:
        return f"choose by it with a filter, {name}"
    if column in {"http", "https"}:
        return "vigil show and vigil captures take an address"
    nearest = get_close_matches(column, COLUMNS, 1)
    return f"did you mean {nearest[0]}: ?" if nearest else "quote it if it is text"


def _near(query: str, found: re.Match[str], at: int) -> _Token:
    """Read ``NEAR(words, number)``: words, phrases and beginnings, in any order, no operators."""
    inner, comma, number = found["near"].rpartition(",")
    words, most = (inner, number.strip()) if comma else (number, str(_NEAR))
    if not found["near_end"]:
        _refuse(query, at, "this NEAR( is never closed, or has parentheses within")
    if not re.fullmatch(r"[0-9]{1,4}", most):
        _refuse(query, at, "behind the comma of NEAR( ) stands how many words may lie between, like NEAR(one two, 5)")
    terms = _tokens(words) if words.strip() else []
    if len(terms) < 2 or any(term.kind not in _TERMS for term in terms):
        _refuse(query, at, "NEAR( ) takes two or more words or phrases and nothing else, like NEAR(one two, 5)")
    said = tuple(phrase for term in terms for phrase in term.said)
    return _Token("term", f"NEAR({' '.join(term.exact or term.text for term in terms)}, {int(most)})", at, said=said)


def _word(query: str, word: str, at: int, is_known: Callable[[str], bool]) -> _Token | None:
    if word in _OPERATORS:
        return _Token(word, word, at)
    stem = word.removesuffix("*")
    if "*" in stem:
        _refuse(query, at, "a * can only stand at the end of a word")
    if word == stem and not any(letter.isalnum() for letter in stem):
        return None
    star = word[len(stem) :]
    typed, *others = (_quoted(query, way, at) + star for way in (stem, *spellings(stem)))
    ways = [typed, *filter(is_known, others)]
    return _Token("word", typed if len(ways) == 1 else f"({' OR '.join(ways)})", at, typed, (stem,))


def _quoted(query: str, text: str, at: int) -> str:
    if not any(letter.isalnum() for letter in text):
        _refuse(query, at, "there is no word to search for")
    return '"' + text.replace('"', '""').replace("\0", " ") + '"'


def _refuse(query: str, at: int, what: str) -> NoReturn:
    raise QueryError(f"in the search {query!r}, at character {at + 1}: {what}", hint=_HINT)


class _Parser:
    """Recursive descent over the tokens; gives FTS5 with all its parentheses written out."""

    def __init__(self, query: str, tokens: list[_Token]) -> None:
        self._query = query
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> str:
        expression = self._either()
        token = self._next()
        if token is not None:
            _refuse(self._query, token.at, "this closing parenthesis was never opened")
        return expression

    def _either(self) -> str:
        parts = [self._all()]
        while self._take("OR"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"

    def _all(self) -> str:
        wanted: list[str] = []
        unwanted: list[str] = []
        start = self._next()
        while (token := self._next()) is not None and token.kind not in {"close", "OR"}:
            if self._take("AND"):
                if not wanted and not unwanted:
                    _refuse(self._query, token.at, "there is nothing before this AND")
                self._need(token)
            elif self._take("NOT"):
                self._need(token)
                unwanted.append(self._one())
            else:
                wanted.append(self._one())
        if not wanted:
            at = len(self._query) if start is None else start.at
            _refuse(
                self._query, at, "say what to find, not only what to leave out" if unwanted else "a word is missing"
            )
        found = " AND ".join(wanted) if len(wanted) == 1 else f"({' AND '.join(wanted)})"
        return f"({found} NOT {' NOT '.join(unwanted)})" if unwanted else found

    def _one(self) -> str:
        token = self._next()
        if token is None or token.kind in {"close", *_OPERATORS}:
            _refuse(self._query, len(self._query) if token is None else token.at, "a word is missing")
        self._at += 1
        if token.kind in _TERMS:
            return token.text
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            _refuse(self._query, token.at, f"this goes deeper than {_MOST_DEPTH}")
        inner = self._one() if token.kind == "column" else self._either()
        self._depth -= 1
        if token.kind == "column":
            return f"({{{token.text}}} : ({inner}))"
        if not self._take("close"):
            _refuse(self._query, token.at, "this parenthesis is never closed")
        return f"({inner})"

    def _need(self, token: _Token) -> None:
        """Refuse an operator with nothing behind it."""
        following = self._next()
        if following is None or following.kind in {"close", "AND", "OR"}:
            _refuse(self._query, token.at, f"a word is missing behind this {token.kind}")

    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, kind: str) -> bool:
        token = self._next()
        if token is None or token.kind != kind:
            return False
        self._at += 1
        return True
