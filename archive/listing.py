"""A listing or day page is read for its cards and for the URL behind "Load more".

Posts are found by behaviour, not by one class (site-facts 2.3): a link in a title that names a post begins a card, the
body that follows is its inline text. The live run and ``rebuild`` read pages with this.
"""

import json
import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from archive.dates import moment
from archive.model import Card, Identity, Listing, PageOutcome
from archive.page import MAX_BYTES, Element, Tree, absolute, has_marker, is_blank, is_within, parse, parse_text, text_of
from archive.site import MoreRules, Site, identify

_STRAY_WORDS = 60
"""So many words of running text outside the bodies found are a text that the rules did not match."""
_NO_TEXT = frozenset({"a", "script", "style", "noscript", "figure", "button", "form", "template", "time"})


@dataclass(slots=True, kw_only=True)
class Shown:
    """A post as a listing shows it, with the elements it stands in."""

    identity: Identity
    url: str
    title: str | None
    published: datetime | None = None
    link: Element
    body: Element | None = None


@dataclass(slots=True, kw_only=True)
class Reading:
    """What a listing page holds: ``tree`` is ``None`` where ``outcome`` says why; ``orphans`` are bodies of no post."""

    outcome: PageOutcome
    tree: Tree | None = None
    posts: list[Shown] = field(default_factory=list)
    orphans: int = 0
    next_url: str | None = None


def read_listing(payload: bytes, *, content_type: str | None, url: str, site: Site) -> Listing:
    """Read a listing page, a day page, a "Load more" fragment or a JSON answer that holds one.

    Never raises. ``LAYOUT_DRIFT`` comes with the cards and the next URL that were still found.
    """
    reading = posts_of(payload, content_type=content_type, url=url, site=site)
    outcome, alarms = _judged(reading, payload, site)
    return Listing(
        outcome=outcome,
        cards=tuple(
            Card(
                position=position,
                url=post.url,
                identity=post.identity,
                title=post.title,
                published=post.published,
                has_text=post.body is not None,
            )
            for position, post in enumerate(reading.posts)
        ),
        next_url=reading.next_url,
        alarms=alarms,
    )


def posts_of(payload: bytes, *, content_type: str | None, url: str, site: Site) -> Reading:
    """Find the posts of a listing page, each once, in the order shown."""
    tree, next_url = _content(payload, content_type, url, site.listing.more)
    if isinstance(tree, PageOutcome):
        return Reading(outcome=tree, next_url=next_url)
    reading = Reading(outcome=PageOutcome.OK, tree=tree)
    outside = tree.every(site.listing.outside)
    for part in _parts(tree, site, outside):
        finder = _Finder(url, site)
        for element, role in _roles(tree, part, site, outside):
            finder.meet(element, role)
        reading.posts += finder.posts()
        reading.orphans += finder.orphans
    reading.posts = _merged(reading.posts)
    reading.orphans += _part_strangers(reading.posts)
    reading.next_url = next_url or _next_url(tree, url, site, outside, has_posts=bool(reading.posts))
    return reading


def _content(
    payload: bytes, content_type: str | None, url: str, more: MoreRules
) -> tuple[Tree | PageOutcome, str | None]:
    """The tree of an HTML answer, or of the HTML within a JSON answer together with the next URL beside it."""
    if is_blank(payload):
        return PageOutcome.EMPTY, None
    if len(payload) > MAX_BYTES:
        return PageOutcome.UNREADABLE, None
    if more.json_html is None or not _is_json(payload, more):
        return parse(payload, content_type), None
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return PageOutcome.UNREADABLE, None
    html = _at(answer, more.json_html)
    beyond = _at(answer, more.json_next) if more.json_next else None
    next_url = absolute(url, beyond) if isinstance(beyond, str) and beyond else None
    if not isinstance(html, str):
        return PageOutcome.LAYOUT_DRIFT, next_url
    tree = parse_text(html)
    return (PageOutcome.PAST_THE_END if tree is PageOutcome.EMPTY else tree), next_url


def _is_json(payload: bytes, more: MoreRules) -> bool:
    return more.json_html is not None and re.match(rb"\s*[\[{]", payload) is not None


def _at(answer: object, path: str) -> object:
    """What stands at a dotted path; a number picks from a list."""
    for name in path.split("."):
        if isinstance(answer, dict):
            answer = answer.get(name)
        elif isinstance(answer, list) and name.isdecimal() and int(name) < len(answer):
            answer = answer[int(name)]
        else:
            return None
    return answer


def _judged(reading: Reading, payload: bytes, site: Site) -> tuple[PageOutcome, tuple[str, ...]]:
    """Say what the page turned out to be."""
    rules, tree = site.listing, reading.tree
    if tree is None:
        is_known = reading.outcome is PageOutcome.EMPTY or _is_json(payload, rules.more)
        return (reading.outcome if is_known or has_marker(payload, rules.marker) else PageOutcome.BLOCKED), ()
    if not reading.posts and not has_marker(payload, rules.marker) and rules.more.json_html is None:
        return PageOutcome.BLOCKED, ()
    if alarms := tuple(_alarms(reading, tree, site)):
        return PageOutcome.LAYOUT_DRIFT, alarms
    if reading.posts:
        return PageOutcome.OK, ()
    if reading.next_url is None and tree.has(rules.scope):
        return PageOutcome.PAST_THE_END, ()
    return PageOutcome.LAYOUT_DRIFT, ("layout-drift: no post matched",)


def _alarms(reading: Reading, tree: Tree, site: Site) -> Iterator[str]:
    """Name what does not fit together on a page: bodies without links, links without bodies, text without either."""
    without_body = [post for post in reading.posts if post.body is None]
    if reading.orphans:
        yield f"layout-drift: {reading.orphans} bodies without a permalink"
    if not site.listing.body or (reading.posts and not without_body):
        return
    if len(without_body) < len(reading.posts):
        bare = [post for post in without_body if post.published is None]
        if bare and all(post.published for post in reading.posts if post.body is not None):
            yield f"layout-drift: {len(bare)} links among the posts have neither text nor date"
    if (words := _stray_words(tree, site)) >= _STRAY_WORDS:
        yield f"layout-drift: {words} words of running text in no body"


def _stray_words(tree: Tree, site: Site) -> int:
    """Words of running text where posts should be."""
    unread = tree.every((*site.listing.outside, *site.listing.title, *site.listing.body))
    words = 0
    for scope in tree.first(site.listing.scope):
        walk = etree.iterwalk(scope, events=("start", "end"))
        for event, element in walk:
            if event == "end":
                words += len((element.tail or "").split())
            elif element in unread or element.tag in _NO_TEXT:
                walk.skip_subtree()
            else:
                words += len((element.text or "").split())
    return words


# --- finding posts -----------------------------------------------------------------------------


def _parts(tree: Tree, site: Site, outside: AbstractSet[Element]) -> list[Element]:
    """The parts of the page to look through: each post's own element, or all that may hold posts."""
    found = tree.first(site.listing.item, outside) or tree.first(site.listing.scope, outside)
    return [part for part in found if not is_within(part, set(found) - {part})]


def _roles(tree: Tree, part: Element, site: Site, outside: AbstractSet[Element]) -> Iterator[tuple[Element, str]]:
    """What in a part of the page matters, in reading order; nothing outside, and nothing from within a body."""
    bodies, titles = tree.every(site.listing.body), tree.every(site.listing.title)
    title: Element | None = None
    walk = etree.iterwalk(part, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            title = None if element is title else title
        elif element in outside:
            walk.skip_subtree()
        elif element in bodies:
            walk.skip_subtree()
            yield element, "body"
        elif element.tag == "a":
            is_title = title is not None or any(inner in titles for inner in element.iterdescendants())
            yield element, "title" if is_title else "link"
        elif element in titles:
            title = element
        elif element.tag == "time":
            yield element, "time"


class _Finder:
    """Gathers, element by element, which post each thing belongs to."""

    def __init__(self, url: str, site: Site) -> None:
        self._url, self._site = url, site
        self._posts: list[Shown] = []
        self._link: Shown | None = None
        """The last link to a post since the last body, title or not."""
        self._time: datetime | None = None
        """A time that no post has claimed yet."""
        self._is_time_first = False
        """Whether times stand before the titles on this page."""
        self.orphans = 0

    def posts(self) -> list[Shown]:
        """The posts met; where none has a title link, the one that the first link names."""
        return self._posts or ([self._link] if self._link and self._site.listing.item else [])

    def meet(self, element: Element, role: str) -> None:
        """Take the next element of the page."""
        match role:
            case "title" | "link":
                self._meet_link(element, is_title=role == "title")
            case "time":
                self._meet_time(element)
            case _:
                self._meet_body(element)

    def _meet_link(self, element: Element, *, is_title: bool) -> None:
        url = absolute(self._url, element.get("href", ""))
        identity = identify(self._site, url) if url else None
        if url is None or identity is None:
            return
        post = Shown(identity=identity, url=url, title=text_of(element) or None, link=element)
        if is_title and not (self._posts and self._posts[-1].identity == identity):
            self._is_time_first |= not self._posts and self._time is not None
            self._begin(post)
        if self._link is None or is_title or not self._site.listing.item:
            self._link = post

    def _begin(self, post: Shown) -> None:
        post.published, self._time = self._time, None
        self._posts.append(post)

    def _meet_time(self, element: Element) -> None:
        read = moment(element.get("datetime"))
        if read is None:
            return
        if self._posts and not self._is_time_first:
            self._posts[-1].published = self._posts[-1].published or read.instant
        else:
            self._time = read.instant

    def _meet_body(self, body: Element) -> None:
        if not self._posts or self._posts[-1].body is not None:
            if self._link is None:
                self.orphans += 1
                return
            self._begin(self._link)
        self._posts[-1].body, self._link = body, None


def _merged(posts: Iterable[Shown]) -> list[Shown]:
    """Each post once, where it was shown first, with its body from wherever one was."""
    known: dict[Identity, Shown] = {}
    for post in posts:
        first = known.setdefault(post.identity, post)
        if first.body is None:
            first.body, first.link = post.body, post.link
        first.published = first.published or post.published
    return list(known.values())


def _part_strangers(posts: list[Shown]) -> int:
    """Take a body from a post that it stands too far from: what holds the two holds another post's link and body too.

    It is a sidebar's, after a post without text.
    """
    homes = {
        post.identity: home
        for post in posts
        if post.body is not None and (home := _home(post.link, post.body)) is not None
    }
    wide = {parent for home in set(homes.values()) for parent in home.iterancestors()}
    strangers = [post for post in posts if homes.get(post.identity) in wide]
    for post in strangers:
        post.body = None
    return len(strangers)


def _home(link: Element, body: Element) -> Element | None:
    """The smallest element around both."""
    around = {link, *link.iterancestors()}
    return next((parent for parent in body.iterancestors() if parent in around), None)


# --- "Load more" -------------------------------------------------------------------------------


def _next_url(tree: Tree, url: str, site: Site, outside: AbstractSet[Element], *, has_posts: bool) -> str | None:
    """The URL of the next page: as the button names it, else by the site file's pattern."""
    more = site.listing.more
    buttons = tree.first(more.button, outside)
    for button in buttons:
        for attribute in more.attributes:
            named = button.get(attribute, "").strip()
            if named and not named.startswith("#") and (found := absolute(url, named)):
                return found
    if more.url is None or not (buttons if more.button else has_posts):
        return None
    return more.url.replace("{page}", str(_page_number(url, more) + 1))


def _page_number(url: str, more: MoreRules) -> int:
    """The number of the page at ``url``; the first page's where the pattern does not fit."""
    before, _, after = (more.url or "").partition("{page}")
    found = re.fullmatch(f"{re.escape(before)}([0-9]{{1,9}}){re.escape(after)}", url)
    return int(found[1]) if found else more.first_page
