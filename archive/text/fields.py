"""Title, authors, dates, category, tags, language: from every place of a page that says them, the best one chosen.

What each place says is kept as a ``Statement``, so that a disagreement stays visible.
"""

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from archive.dates import Moment, moment
from archive.model import Statement
from archive.page import Element, Tree, absolute, text_of, tidy
from archive.site import Layout, Site, identify
from archive.text import jsonld
from archive.text.clock import visible_moment

_BY = re.compile(r"by\b[:\s]*", re.IGNORECASE)
Said = tuple[str, str | None]
"""A source, and what it says."""


@dataclass(slots=True, kw_only=True)
class Fields:
    """What a page says about its post beside the text."""

    title: str = ""
    authors: tuple[str, ...] = ()
    published: Moment | None = None
    modified: datetime | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    canonical_url: str | None = None
    statements: list[Statement] = field(default_factory=list)

    def choose(self, name: str, said: Iterable[Said]) -> str | None:
        """Note what each source says of a field; the first that says something is believed."""
        spoken = [(source, value) for source, value in said if value]
        self.statements += [Statement(field=name, source=source, value=value) for source, value in spoken if value]
        return spoken[0][1] if spoken else None


def read(tree: Tree, layout: Layout, url: str, site: Site, outside: AbstractSet[Element]) -> Fields:
    """Read the fields of a post's own page."""
    fields, stated, meta = Fields(), jsonld.article(tree), _meta(tree)
    fields.title = fields.choose("title", _titles(tree, layout, outside, stated, meta)) or ""
    fields.authors = _authors(fields, tree, layout, outside, stated, meta)
    fields.language = _language(fields, tree, stated, site)
    fields.published = _published(fields, tree, layout, outside, stated, meta)
    fields.modified = _modified(fields, stated, meta)
    fields.category = fields.choose("category", _categories(tree, layout, outside, stated))
    fields.tags = _tags(stated, meta, fields.category)
    fields.canonical_url = _canonical(fields, tree, url, site, stated, meta)
    return fields


def _meta(tree: Tree) -> dict[str, str]:
    """The page's ``meta`` values by lower-case name or property; the first of a name counts."""
    found: dict[str, str] = {}
    for element in tree.tagged("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        content = tidy(element.get("content", ""))
        if name and content:
            found.setdefault(name.strip().lower(), content)
    return found


def _titles(
    tree: Tree, layout: Layout, outside: AbstractSet[Element], stated: jsonld.Thing, meta: dict[str, str]
) -> Iterator[Said]:
    shown = [text for element in tree.first(layout.title, outside) if (text := text_of(element))]
    yield "layout", shown[0] if shown else None
    yield "json-ld", jsonld.text(stated.get("headline"))
    yield "meta", meta.get("og:title")
    named = [text for element in tree.tagged("title") if (text := text_of(element))]
    if not shown and "headline" not in stated and "og:title" not in meta:
        yield "visible-text", named[0] if named else None


def _authors(
    fields: Fields,
    tree: Tree,
    layout: Layout,
    outside: AbstractSet[Element],
    stated: jsonld.Thing,
    meta: dict[str, str],
) -> tuple[str, ...]:
    shown = tuple(dict.fromkeys(name for element in tree.first(layout.authors, outside) for name in _names(element)))
    told = tuple(dict.fromkeys(jsonld.texts(stated.get("author"))))
    named = tuple(filter(None, [meta.get("author")]))
    for source, names in (("layout", shown), ("json-ld", told), ("meta", named)):
        fields.statements += [Statement(field="authors", source=source, value=name) for name in names]
    return shown or told or named


def _names(element: Element) -> list[str]:
    """The authors' names in a byline, without the "By" before them; a link is one name, plain text may be several."""
    line = _BY.sub("", text_of(element), count=1) if _BY.match(text_of(element)) else text_of(element)
    names = [line] if next(element.iter("a"), None) is not None else line.split(",")
    return [name for part in names if (name := part.strip())]


def _language(fields: Fields, tree: Tree, stated: jsonld.Thing, site: Site) -> str | None:
    """The language's main tag (``en`` of ``en-US``), since the sources of a page write it at different lengths."""
    said = (("json-ld", jsonld.text(stated.get("inLanguage"))), ("meta", tidy(tree.root.get("lang", "")) or None))
    found = fields.choose("language", said) or site.language
    return re.split("[-_]", found)[0].lower() if found else None


def _published(
    fields: Fields,
    tree: Tree,
    layout: Layout,
    outside: AbstractSet[Element],
    stated: jsonld.Thing,
    meta: dict[str, str],
) -> Moment | None:
    """When the post was published: JSON-LD's instant, with the offset of the time element where both have one."""
    elements = tree.first(layout.time, outside)[:1]
    told = jsonld.text(stated.get("datePublished"))
    marked = next((value for element in elements if (value := element.get("datetime"))), None)
    named = meta.get("article:published_time") or meta.get("datepublished")
    seen = next((text for element in elements if (text := text_of(element))), None)
    said = (("json-ld", told), ("time-element", marked), ("meta", named), ("visible-text", seen))
    fields.choose("published", said)
    exact = [found for text in (told, marked, named) if (found := moment(text))]
    if not exact:
        return visible_moment(seen, fields.language) if seen else None
    local = moment(marked)
    if local is not None and local.offset is not None and local.instant == exact[0].instant:
        return local
    return exact[0]


def _modified(fields: Fields, stated: jsonld.Thing, meta: dict[str, str]) -> datetime | None:
    told, named = jsonld.text(stated.get("dateModified")), meta.get("article:modified_time")
    fields.choose("modified", (("json-ld", told), ("meta", named)))
    found = moment(told) or moment(named)
    return found.instant if found else None


def _categories(tree: Tree, layout: Layout, outside: AbstractSet[Element], stated: jsonld.Thing) -> Iterator[Said]:
    yield "layout", next((text for element in tree.first(layout.category, outside) if (text := text_of(element))), None)
    yield "json-ld", jsonld.text(stated.get("articleSection"))


def _tags(stated: jsonld.Thing, meta: dict[str, str], category: str | None) -> tuple[str, ...]:
    """The keywords, without the category's name, which the CMS puts before them."""
    keywords = jsonld.texts(stated.get("keywords")) or [meta.get("keywords", "")]
    tags = [tag for words in keywords for word in words.split(",") if (tag := tidy(word))]
    return tuple(dict.fromkeys(tag for tag in tags if tag != category))


def _canonical(
    fields: Fields, tree: Tree, url: str, site: Site, stated: jsonld.Thing, meta: dict[str, str]
) -> str | None:
    """The page's own URL of itself, if it names a post of this blog."""
    links = [link.get("href") for link in tree.tagged("link") if "canonical" in (link.get("rel") or "").lower().split()]
    said: list[Said] = [("meta", link) for link in links[:1]]
    said += [("json-ld", jsonld.text(stated.get("url"))), ("meta", meta.get("og:url"))]
    named = [(source, absolute(url, value)) for source, value in said if value]
    return fields.choose(
        "canonical_url", [(source, value) for source, value in named if value and identify(site, value)]
    )
