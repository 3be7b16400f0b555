"""A post's own page becomes an ``Article``, or the outcome that says why there is none."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from archive.model import Article, Block, Identity, Link, Page, PageOutcome, Statement, TextOrigin
from archive.page import Element, Tree, has_marker, is_below, is_blank, parse, text_of
from archive.site import Layout, Site, canonical, identify
from archive.text import extract, fields, layouts, lines, strays
from archive.text.body import Source, sources
from archive.text.pictures import images_in

_MOST_LOST = 0.1
"""Share of the body's words that trafilatura may leave out, whole boxes only, before the layout counts as drifted."""
_LOST_WORDS = 25
_MOST_UNREADABLE = 0.005
_DASHES = " -\N{EN DASH}\N{EM DASH}\N{HORIZONTAL BAR}"


@dataclass(slots=True, kw_only=True)
class Text:
    """What was read of a body; ``lost`` is what trafilatura left out."""

    blocks: list[Source]
    lost: list[Source]
    dateline: str | None

    def alarms(self) -> list[str]:
        """Name what trafilatura took for no part of the post, and what could not be decoded, if it is much."""
        alarms: list[str] = []
        lost = sum(len(block.text.split()) for block in self.lost)
        kept = sum(len(block.text.split()) for block in self.blocks)
        if lost >= _LOST_WORDS and lost > _MOST_LOST * (lost + kept):
            alarms.append(f"layout-drift: {lost} of {lost + kept} words of the body are in boxes of no known kind")
        told = "".join(block.text for block in self.blocks)
        share = told.count("\N{REPLACEMENT CHARACTER}") / max(1, len(told))
        if share > _MOST_UNREADABLE:
            alarms.append(f"undecodable: {share:.0%} of the characters are not in the page's character set")
        return alarms

    def statements(self) -> list[Statement]:
        """Name every block that trafilatura left out, and every box of no known kind whose text was kept."""
        words: Counter[str] = Counter()
        for block in self.blocks:
            words[_name(block.box)] += len(block.text.split())
        usual = max(words, key=words.__getitem__, default="")
        boxes = [name for name in words if name not in {usual, ""}]
        return [Statement(field="left-out", source="layout", value=block.text) for block in self.lost] + [
            Statement(field="unknown-box", source="layout", value=name) for name in boxes
        ]


def _name(box: Element | None) -> str:
    """A box as a selector would name it; empty for the body itself."""
    if box is None:
        return ""
    names = [f".{name}" for name in box.get("class", "").split()]
    return str(box.tag) + "".join(names or [f"#{box.get('id')}"])


def read_post(payload: bytes, *, content_type: str | None, url: str, site: Site, captured: datetime) -> Page:
    """Read a post's page as one capture brought it.

    Never raises; a page beyond the limits of ``archive.page`` is ``UNREADABLE``. An article with ``alarms`` comes with
    the outcome ``LAYOUT_DRIFT`` and must not be taken for a version.
    """
    if is_blank(payload):
        return Page(outcome=PageOutcome.EMPTY)
    tree = parse(payload, content_type)
    is_marked = has_marker(payload, site.listing.marker)
    if isinstance(tree, PageOutcome):
        return Page(outcome=tree if is_marked or tree is PageOutcome.EMPTY else PageOutcome.BLOCKED)
    layout = layouts.choose(tree, site, captured)
    if not is_marked and (layout is None or not layout.detect):
        return Page(outcome=PageOutcome.BLOCKED)
    if _is_missing(tree, site):
        return Page(outcome=PageOutcome.SOFT_404)
    if layout is None:
        return Page(outcome=PageOutcome.LAYOUT_DRIFT)
    article = _article(tree, layout, url, site)
    return Page(outcome=PageOutcome.LAYOUT_DRIFT if article.alarms else PageOutcome.OK, article=article)


def _is_missing(tree: Tree, site: Site) -> bool:
    """Tell whether the page says "not found" in its title or first heading, as the site file knows it."""
    said = [text_of(element) for element in (*tree.tagged("title")[:1], *tree.tagged("h1")[:1])]
    return any(re.fullmatch(pattern, text) for pattern in site.text.missing for text in said if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Where on a page the post stands; ``outside`` is what the layout knows to be no part of it."""

    bodies: list[Element]
    covers: list[Element]
    intros: list[Element]
    datelines: list[Element]
    outside: set[Element]

    @property
    def known(self) -> set[Element]:
        """Every part of the page that a rule has read or left out."""
        return self.outside.union(self.bodies, self.covers, self.intros)


def _article(tree: Tree, layout: Layout, url: str, site: Site) -> Article:
    parts = _parts(tree, layout)
    facts = fields.read(tree, layout, url, site, parts.outside)
    silent = parts.outside.union(tree.every(layout.embeds), parts.datelines)
    text = read_text(parts.intros + parts.bodies, silent, layout, site)
    facts.statements += text.statements()
    identity, page_says = identify(site, url), identify(site, facts.canonical_url or "")
    alarms = _alarms(tree, layout, text, parts)
    if identity and page_says and identity != page_says:
        alarms.append(f"another-post: the page says that it is {page_says}")
    if text.blocks and layout.category and not tree.every(layout.category) and not tree.every(layout.time):
        # Where these are gone, so are the marks of what is no part of the post: its text would pass for an edit.
        alarms.append("layout-drift: neither time nor category where the layout has them")
    if not facts.title and text.blocks:
        alarms.append("layout-drift: no title")
    dateline = facts.choose("dateline", (("layout", shown_dateline(parts.datelines)), ("visible-text", text.dateline)))
    return Article(
        identity=identity or page_says or Identity(canonical(site, url)),
        url=url,
        canonical_url=facts.canonical_url,
        title=facts.title,
        authors=facts.authors,
        published=facts.published.instant if facts.published else None,
        published_offset=facts.published.offset if facts.published else None,
        modified=facts.modified,
        dateline=dateline,
        category=facts.category,
        tags=facts.tags,
        language=facts.language,
        blocks=blocks_of(text),
        images=images_in(parts.covers + parts.bodies, outside=parts.outside, layout=layout, url=url, site=site),
        links=links_of(text, url),
        credit=lines.credit_of((block.text for block in text.blocks), site.text),
        corrections=lines.corrections_in((block.text for block in text.blocks), site.text),
        is_textless=not text.blocks and not alarms,
        extractor=extract.extractor(layout.name),
        origin=TextOrigin.PERMALINK,
        statements=tuple(facts.statements),
        alarms=tuple(alarms),
    )


def _parts(tree: Tree, layout: Layout) -> Parts:
    outside = tree.every(layout.outside)
    found = tree.first(layout.body, outside)
    around = set(found)
    return Parts(
        bodies=[body for body in found if not is_below(body, around)],
        covers=tree.first(layout.cover, outside | around),
        intros=tree.first(layout.intro, outside | around),
        datelines=tree.first(layout.dateline, outside),
        outside=outside,
    )


def _is_trusted(tree: Tree, layout: Layout, bodies: list[Element]) -> bool:
    """Tell whether several bodies are the parts of one: the layout's first choice, or all in the same place."""
    return set(bodies) <= tree.every(layout.body[:1]) or len({body.getparent() for body in bodies}) == 1


def read_text(parts: list[Element], silent: set[Element], layout: Layout, site: Site) -> Text:
    """Read running text from parts of a page: cut, let trafilatura choose, take boilerplate out."""
    found = [block for part in parts for block in sources(part, silent)]
    wanted = lines.without_boilerplate(found, layout, site.text)
    kept, lost = extract.select(wanted)
    dateline = lines.dateline_of(kept, site.text)
    return Text(blocks=lines.without_bare_dateline(kept, site.text), lost=lost, dateline=dateline)


def blocks_of(text: Text) -> tuple[Block, ...]:
    """The blocks of an article."""
    return tuple(Block(kind=block.kind, text=block.text) for block in text.blocks)


def links_of(text: Text, url: str) -> tuple[Link, ...]:
    """The links in the text, in reading order, each once."""
    return tuple(dict.fromkeys(link for block in text.blocks for link in block.links(url)))


def _alarms(tree: Tree, layout: Layout, text: Text, parts: Parts) -> list[str]:
    """Name what the layout expects and the page does not have; silence would be an edit that never was."""
    if not text.blocks:
        if not tree.has(layout.textless):
            return ["layout-drift: no text, and no sign of an item without text"]
        unread = strays.unread_words(tree, parts.known)
        return [f"layout-drift: no body, but {unread} unread words"] if unread >= strays.NO_TEXT else []
    alarms = text.alarms()
    if len(parts.bodies) > 1 and not _is_trusted(tree, layout, parts.bodies):
        alarms.append(f"layout-drift: {len(parts.bodies)} bodies in different places")
    read = sum(len(block.text.split()) for block in text.blocks)
    unread = strays.unread_paragraphs(tree, parts.known)
    if unread >= strays.MOST_WORDS and unread > strays.MOST_SHARE * read:
        alarms.append(f"layout-drift: {unread} words in paragraphs outside the body")
    return alarms


def shown_dateline(elements: Iterable[Element]) -> str | None:
    """The place of the post from an element of its own, without the dash behind it."""
    return next((said for element in elements if (said := text_of(element).rstrip(_DASHES))), None)
