"""What a page says of itself in JSON-LD (schema.org)."""

import json
from collections.abc import Iterator

from archive.page import Tree, tidy

_ARTICLES = frozenset({"Article", "NewsArticle", "BlogPosting", "LiveBlogPosting", "ReportageNewsArticle"})
_MEDIA = frozenset({"VideoObject", "AudioObject"})
_MAX_NODES = 1000

Thing = dict[str, object]


def article(tree: Tree) -> Thing:
    """The first object of the page that describes an article, else a film or recording; empty where there is none."""
    things = list(_stated(tree))
    kinds = [set(texts(thing.get("@type"))) for thing in things]
    for wanted in (_ARTICLES, _MEDIA):
        for thing, kind in zip(things, kinds, strict=True):
            if kind & wanted:
                return thing
    return {}


def _stated(tree: Tree) -> Iterator[Thing]:
    """Everything that the page states."""
    for script in tree.tagged("script"):
        if script.get("type", "").strip().lower() == "application/ld+json":
            try:
                stated = json.loads("".join(script.itertext()), strict=False)
            except (ValueError, RecursionError):
                continue
            yield from _things(stated)


def _things(stated: object) -> Iterator[Thing]:
    """The objects at the top of a statement: alone, in a list, or in an ``@graph``."""
    waiting = [stated]
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        match waiting.pop(0):
            case list() as several:
                waiting += several
            case dict() as thing:
                yield thing
                waiting.append(thing.get("@graph"))


def texts(value: object) -> list[str]:
    """The texts in a value: itself, those of a list, or the names of things; tidy, none empty."""
    values = value if isinstance(value, list) else [value]
    named = [one.get("name") if isinstance(one, dict) else one for one in values[:_MAX_NODES]]
    return [text for one in named if isinstance(one, str) and (text := tidy(one))]


def text(value: object) -> str | None:
    """The first text in a value."""
    return next(iter(texts(value)), None)
