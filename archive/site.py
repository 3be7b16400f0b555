"""One blog's rules: a TOML file becomes a ``Site``; URLs become canonical, posts get their identity.

Every key of a site file is a field below; its docstring is the key's documentation (docs/reference/config.md is
generated from it). Unknown keys and wrong units are refused with file, key and the nearest valid key.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRules:
    """``[identity]``: what makes two URLs the same post."""

    patterns: tuple[str, ...]
    """Regular expressions searched in a URL's path (and query); the first that matches and its group ``id`` give the
    identity. Without a match the URL is not a post."""
    permalink: str | None = None
    """Path to ask for when only the id is known, with ``{id}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreRules:
    """``[listing.more]``: how the listing goes on. The first way that yields a URL is taken."""

    button: tuple[str, ...] = ()
    """CSS selectors of the "Load more" element or the link to the next page."""
    attributes: tuple[str, ...] = ("href",)
    """Attributes of the button that may hold the next URL, in order of trust."""
    url: str | None = None
    """URL pattern with ``{page}`` (the next page's number), for a site whose button names no URL."""
    first_page: int = 0
    """The number of the first page in ``url``."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers sent with the request for the next page."""
    json_html: str | None = None
    """Dotted path, in a JSON answer, of the HTML that holds the cards."""
    json_next: str | None = None
    """Dotted path, in a JSON answer, of the next URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRules:
    """``[listing]``: where the walk starts and how to read a page of it."""

    start: str
    """URL of the blog's first listing page."""
    more: MoreRules = MoreRules()
    scope: tuple[str, ...] = ("body",)
    """CSS selectors; the first that matches holds the posts."""
    outside: tuple[str, ...] = ()
    """CSS selectors of parts within ``scope`` that hold no posts (sidebars)."""
    item: tuple[str, ...] = ()
    """CSS selectors of one post; empty: posts are found by behaviour (a body, and the permalink link before it)."""
    body: tuple[str, ...] = ()
    """CSS selectors of a post's inline text."""
    title: tuple[str, ...] = ("h1", "h2", "h3", "h4")
    """CSS selectors of elements that hold a post's title link."""
    marker: tuple[str, ...] = ()
    """Strings of which one stands in every true page of this site; a page without is a block page."""
    day_page: str | None = None
    """URL of a day page with ``{year}``, ``{month}``, ``{day}`` (no padding): newest posts on or before that day."""
    page_cap: int = 20_000
    """The most listing pages one walk may ask for."""
    overlap: int = 4
    """How many known cards in a row, past the first, make a later run "caught up"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRules:
    """``[feeds]``: the site's own lists of URLs."""

    sitemaps: tuple[str, ...] = ()
    """Sitemap or sitemap index URLs of the whole site; what they alone name are candidates, never gaps."""
    feeds: tuple[str, ...] = ()
    """RSS or Atom URLs of this blog."""
    candidates_per_run: int = 0
    """How many candidates one run may open where the listing may not be walked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """``[[layouts]]``: how article pages look, newest first; chosen by what the page holds, then by capture date."""

    name: str
    until: date | None = None
    """Captures after this day use a newer layout; empty for the present one."""
    detect: tuple[str, ...] = ()
    """CSS selectors of which one must match for the layout to be tried."""
    body: tuple[str, ...] = ()
    """CSS selectors of the post's body; the first that matches outside ``outside`` is read."""
    outside: tuple[str, ...] = ()
    """CSS selectors of what is never the post: sidebars, players, promotions, share bars."""
    cover: tuple[str, ...] = ()
    """CSS selectors of the cover picture with its caption."""
    title: tuple[str, ...] = ("h1",)
    authors: tuple[str, ...] = ()
    time: tuple[str, ...] = ("time[datetime]",)
    category: tuple[str, ...] = ()
    dateline: tuple[str, ...] = ()
    intro: tuple[str, ...] = ()
    drop_lines: tuple[str, ...] = ()
    """Regular expressions; a block that one matches whole is boilerplate."""
    keep_lines: tuple[str, ...] = ()
    """Regular expressions; a block that one matches is kept whatever ``drop_lines`` says."""
    textless: tuple[str, ...] = ()
    """CSS selectors that say the page is a video, audio or gallery item; then no body is no fault."""
    categories: tuple[str, ...] = ()
    """Category names that mark a page as this blog's, for candidates of site-wide sitemaps; empty: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRules:
    """``[images]``: where pictures live and how the original's URL follows from a thumbnail's."""

    hosts: tuple[str, ...] = ()
    original: tuple[str, str] | None = None
    """Regular expression and replacement that turn a thumbnail's URL into the original's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsException:
    """``[[robots.exceptions]]``: one rule of robots.txt that the operator sets aside, openly."""

    rule: str
    """The ``Disallow`` pattern, exactly as in robots.txt."""
    urls: tuple[str, ...]
    """Regular expressions; only a URL that one matches whole is excepted."""
    reason: str
    """Why; recorded in every run's warcinfo and report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Politeness:
    """``[politeness]``: how gently the site is asked."""

    delay: float = 2.0
    """Seconds between two requests to one host; a longer ``Crawl-delay`` of robots.txt wins."""
    jitter: float = 0.5
    """Part of the delay by which it varies at random, 0 to 1."""
    connections: int = 1
    """Connections at once to one host."""
    timeout: float = 60.0
    """Seconds until an exchange without progress to its end is given up."""
    max_bytes: int = 64 * 2**20
    """Bytes of one answer after which it is cut and marked."""
    retries: int = 3
    """Further tries of a request that failed or was answered 429, 500, 502, 503, 504, 522 or 524."""
    failures_in_row: int = 20
    """Failed exchanges in a row after which the run ends (exit 12)."""
    user_agent: str | None = None
    """``{version}`` and ``{contact}`` are filled in; empty: an honest ``Mozilla/5.0 (compatible; vigil/…; +contact)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One blog we watch."""

    id: str
    title: str
    language: str | None
    hosts: tuple[str, ...]
    """Hosts of the blog, canonical one first; requests to any other are refused and recorded."""
    identity: IdentityRules
    listing: ListingRules
    feeds: FeedRules = FeedRules()
    layouts: tuple[Layout, ...] = ()
    images: ImageRules = ImageRules()
    robots_exceptions: tuple[RobotsException, ...] = ()
    politeness: Politeness = Politeness()
