"""One blog's rules, as a site file writes them.

Every key of a site file is a field below; its docstring is the key's documentation (docs/reference/config.md is
generated from it). Unknown keys and wrong units are refused with file, key and the nearest valid key. ``SiteFile``
shows which table of the file holds which.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from archive.site.values import (
    Host,
    LanguageTag,
    Line,
    Regex,
    RobotsRule,
    Seconds,
    Selector,
    SitePath,
    Slug,
    Span,
    Url,
    Window,
)
from archive.tables import NumberRule


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRules:
    """``[identity]``: what makes two URLs the same post."""

    patterns: tuple[Regex, ...]
    """Regular expressions searched in a URL's path, then in ``path?query``; the first that matches says that the URL
    is a post, and its group ``id`` is the post's identity. Without such a group the identity is ``permalink`` filled
    with the pattern's groups, or, without a permalink, the canonical URL. Without a match the URL is not a post."""
    permalink: SitePath | None = None
    """Path to ask for when only the identity is known, with ``{id}``; for posts without a number, the one spelling of
    their path, with the patterns' groups such as ``{slug}``."""
    ignored_parameters: tuple[Line, ...] = ()
    """Query parameters without meaning on this site, left out of the index key like those of well-known trackers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreRules:
    """``[listing.more]``: how the listing goes on. The first way that yields a URL is taken."""

    button: tuple[Selector, ...] = ()
    """CSS selectors of the "Load more" element or the link to the next page."""
    attributes: tuple[Line, ...] = ("href",)
    """Attributes of the button that may hold the next URL, in order of trust."""
    url: Url | None = None
    """URL pattern with ``{page}`` (the next page's number), for a site whose button names no URL."""
    first_page: Annotated[int, NumberRule(0)] = 0
    """The number of the first page in ``url``."""
    headers: tuple[tuple[str, str], ...] = ()
    """Headers sent with the request for the next page: a table of names and values."""
    json_html: Line | None = None
    """Dotted path, in a JSON answer, of the HTML that holds the cards."""
    json_next: Line | None = None
    """Dotted path, in a JSON answer, of the next URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRules:
    """``[listing]``: where the walk starts and how to read a page of it."""

    start: Url
    """URL of the blog's first listing page."""
    more: MoreRules = MoreRules()
    scope: tuple[Selector, ...] = ("body",)
    """CSS selectors; the first that matches holds the posts."""
    outside: tuple[Selector, ...] = ()
    """CSS selectors of parts within ``scope`` that hold no posts (sidebars)."""
    item: tuple[Selector, ...] = ()
    """CSS selectors of one post; empty: posts are found by behaviour (a body, and the permalink link before it)."""
    body: tuple[Selector, ...] = ()
    """CSS selectors of a post's inline text."""
    title: tuple[Selector, ...] = ("h1", "h2", "h3", "h4")
    """CSS selectors of elements that hold a post's title link."""
    marker: tuple[Line, ...] = ()
    """Strings of which one stands in every true page of this site; a page without is a block page."""
    day_page: Url | None = None
    """URL of a day page with ``{year}``, ``{month}``, ``{day}`` (no padding): newest posts on or before that day."""
    page_cap: Annotated[int, NumberRule(1, unit="pages")] = 20_000
    """The most listing pages one walk may ask for."""
    overlap: Annotated[int, NumberRule(1, unit="cards")] = 4
    """How many known cards in a row, past the first, make a later run "caught up"."""
    whole_every: Annotated[int, NumberRule(0, unit="days")] = 91
    """After so many days the listing is walked to its end again, for posts put in among older ones; 0: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRules:
    """``[feeds]``: the site's own lists of URLs."""

    sitemaps: tuple[Url, ...] = ()
    """Sitemap or sitemap index URLs of the whole site; what they alone name are candidates, never gaps."""
    latest: tuple[Url, ...] = ()
    """The sitemap files of what changed lately: asked for every night, since their ``lastmod`` tells of edits."""
    feeds: tuple[Url, ...] = ()
    """RSS or Atom URLs of this blog."""
    candidates_per_run: Annotated[int, NumberRule(0, unit="pages")] = 0
    """How many candidates one run may open where the listing may not be walked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """``[[layouts]]``: how article pages look, newest first; chosen by what the page holds, then by capture date."""

    name: Line
    """Short name of the layout; it is stored with every reading made by it."""
    until: date | None = None
    """Captures after this day use a newer layout; empty for the present one."""
    detect: tuple[Selector, ...] = ()
    """CSS selectors of which one must match for the layout to be tried."""
    body: tuple[Selector, ...] = ()
    """CSS selectors of the post's body; the first that matches outside ``outside`` is read."""
    outside: tuple[Selector, ...] = ()
    """CSS selectors of what is never the post: sidebars, players, promotions, share bars."""
    embeds: tuple[Selector, ...] = ()
    """CSS selectors of boxes within the body: their pictures are the post's, their text is not."""
    cover: tuple[Selector, ...] = ()
    """CSS selectors of the cover picture with its caption."""
    title: tuple[Selector, ...] = ("h1",)
    """CSS selectors of the headline; the first that matches is read."""
    authors: tuple[Selector, ...] = ()
    """CSS selectors of the author names, one element an author."""
    time: tuple[Selector, ...] = ("time[datetime]",)
    """CSS selectors of the time of publication."""
    category: tuple[Selector, ...] = ()
    """CSS selectors of the category."""
    dateline: tuple[Selector, ...] = ()
    """CSS selectors of the place in front of the text, where it has an element of its own."""
    intro: tuple[Selector, ...] = ()
    """CSS selectors of an introduction that stands outside the body."""
    drop_lines: tuple[Regex, ...] = ()
    """Regular expressions; a block that one matches whole is boilerplate."""
    keep_lines: tuple[Regex, ...] = ()
    """Regular expressions; a block that one matches is kept whatever ``drop_lines`` says."""
    textless: tuple[Selector, ...] = ()
    """CSS selectors that say the page is a video, audio or gallery item; then no body is no fault."""
    figure: tuple[Selector, ...] = ("figure",)
    """CSS selectors of a picture together with its caption, in the body and in ``cover``."""
    caption: tuple[Selector, ...] = ("figcaption",)
    """CSS selectors of the caption within a ``figure``."""
    categories: tuple[Line, ...] = ()
    """Category names that mark a page as this blog's, for candidates of site-wide sitemaps; empty: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRules:
    """``[text]``: lines with a meaning of their own, in the blog's language; regular expressions on tidy text."""

    credits: tuple[Regex, ...] = ()
    """Matched on a whole block: it is a credit line, kept. Its groups ``writer``, ``language``, ``service`` and
    ``sources`` (names between commas and "and") are what it says."""
    corrections: tuple[Regex, ...] = ()
    """Matched at the start of a block: it is a correction or clarification, kept and named as such."""
    datelines: tuple[Regex, ...] = ()
    """Matched at the start of the first paragraph: its group ``dateline`` is the place, for a page that has no
    element of its own for it."""
    missing: tuple[Regex, ...] = ()
    """Matched on a whole title: the page says "not found" although its status was 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRules:
    """``[images]``: where pictures live and how the original's URL follows from a thumbnail's."""

    hosts: tuple[Host, ...] = ()
    """Hosts of the pictures, for pages that show them from elsewhere than the blog's own hosts."""
    original: tuple[Regex, str] | None = None
    """Regular expression and replacement that turn a thumbnail's URL into the original's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequisiteRules:
    """``[requisites]``: pictures, styles, fonts and scripts that a post's page needs to look as it did."""

    enabled: bool = False
    """``true``: each post's page is kept with all that it needs; ``false``: the page alone."""
    hosts: tuple[Host, ...] = ()
    """Further hosts of requisites, beside the blog's own and those of ``[images]``; anything from other hosts is left
    out, with its reason."""
    originals: bool = True
    """Whether a picture of the post is also asked for in its original size, by ``images.original``."""
    scripts: bool = True
    """Whether script files are asked for; a page may need them to show its text."""
    media_megabytes: Annotated[int, NumberRule(0, 100_000, "megabytes")] = 0
    """The most that an audio or video file may have; 0 leaves all of them out."""
    max_bytes: Annotated[int, NumberRule(1, unit="bytes")] = 8 * 2**20
    """The most that any other requisite may have; a larger one is cut, marked, and counts as left out."""
    per_page: Annotated[int, NumberRule(1, 1_000, "requisites")] = 150
    """The most requisites of one page."""
    per_run: Annotated[int, NumberRule(0, unit="requests")] = 3_000
    """The most requests for requisites in one run; pages that are not done then are gone on with the next night."""
    every: Annotated[int, NumberRule(1, 3_650, "days")] = 30
    """For so many days a requisite is not asked for again, whichever pages need it; then conditionally, when a newly
    opened post needs it. A look at a known post asks only for what the archive never had an answer for."""

    @property
    def media_bytes(self) -> int:
        """The most bytes of an audio or video file."""
        return self.media_megabytes * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsException:
    """``[[robots.exceptions]]``: one rule of robots.txt that the operator sets aside, openly."""

    rule: RobotsRule
    """The ``Disallow`` pattern, exactly as in robots.txt."""
    urls: tuple[Regex, ...]
    """Regular expressions; only a URL that one matches whole is excepted."""
    reason: Line
    """Why; recorded in every run's warcinfo and report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Politeness:
    """``[politeness]``: how gently the site is asked."""

    delay: Seconds = 2.0
    """Seconds between two requests to one host; a longer ``Crawl-delay`` of robots.txt wins."""
    jitter: Annotated[float, NumberRule(0, 1)] = 0.5
    """Part of the delay by which it varies at random, 0 to 1."""
    connections: Annotated[int, NumberRule(1, 256, "connections")] = 1
    """Connections at once to one host."""
    timeout: Annotated[float, NumberRule(0.001, 86_400, "seconds")] = 60.0
    """Seconds until an exchange without progress to its end is given up."""
    max_bytes: Annotated[int, NumberRule(1, unit="bytes")] = 64 * 2**20
    """Bytes of one answer after which it is cut and marked."""
    retries: Annotated[int, NumberRule(0, 100, "tries")] = 3
    """Further tries of a request that failed or was answered 429, 500, 502, 503, 504, 522 or 524."""
    failures_in_row: Annotated[int, NumberRule(1, unit="exchanges")] = 20
    """Failed exchanges in a row after which the run ends (exit 12)."""
    user_agent: Line | None = None
    """``{version}`` and ``{contact}`` are filled in; without it: ``Mozilla/5.0 (compatible; vigil/…; +contact)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckTier:
    """``[[recheck.tiers]]``: how often posts of an age are looked at again, youngest first."""

    younger_than: Annotated[int, NumberRule(1, unit="days")] | None = None
    """Age below which a post belongs here: since its publication, or since it was last seen to change. Left out in the
    last tier, which takes the rest."""
    every: Annotated[int, NumberRule(1, 3_650, "days")]
    """The longest time between two looks at such a post, while the nightly budget suffices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckRules:
    """``[recheck]``: how posts that are archived are looked at again, to find edits and deletions."""

    budget: Annotated[int, NumberRule(0, unit="posts")] = 120
    """The most posts that one run looks at again; what is due beyond it waits for the next night and is not dropped."""
    full: Annotated[int, NumberRule(1, 3_650, "days")] = 30
    """The longest that a server's "not modified" (304) is believed: after so many days a look asks unconditionally."""
    tiers: tuple[RecheckTier, ...] = (
        RecheckTier(younger_than=7, every=1),
        RecheckTier(younger_than=30, every=7),
        RecheckTier(younger_than=365, every=30),
        RecheckTier(every=91),
    )
    """Ages and how often posts of that age are looked at; without any: every night for a week, weekly for a month,
    monthly for a year, then four times a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRules:
    """``[schedule]``: when ``vigil schedule`` crawls this blog; it needs ``cron`` or ``every``."""

    enabled: bool = True
    """``false`` rests the schedule; ``vigil crawl`` works all the same."""
    cron: Line | None = None
    """Crontab's five fields, like ``17 3 * * *``: minute, hour, day of the month, month, day of the week (0 and 7 are
    Sunday)."""
    every: Span | None = None
    """Instead of ``cron``: a span between the beginnings of two runs, like ``12h``."""
    jitter: Annotated[int, NumberRule(0, 21_600, "seconds")] = 0
    """Most seconds by which a run begins later, at random."""
    window: Window | None = None
    """Times of day between which a run may go on, like ``22:00-05:30``; one that is not done then is asked to end, and
    goes on the next night."""
    zone: Line = "UTC"
    """Time zone of ``cron`` and ``window``, like ``Europe/Prague``. Times that a night of summer time has twice or not
    at all are refused; UTC has no such night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    """``[alerts]``: which news of this blog is told at once; failures always are."""

    edited: bool = False
    """``true``: tell of every post whose text changed."""
    gone: bool = False
    """``true``: tell of every post that the site says is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteHead:
    """``[site]``: which blog this is."""

    id: Slug
    """Short name of the blog, the same as the file's; it stands in commands and in the names of WARC files."""
    title: Line
    """Name of the blog, for people."""
    language: LanguageTag | None = None
    """Language of the posts, where a page does not say it (BCP 47)."""
    hosts: tuple[Host, ...]
    """Hosts of the blog, canonical one first, the others are its aliases; requests to any other are refused and
    recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(SiteHead):
    """One blog we watch."""

    identity: IdentityRules
    listing: ListingRules
    feeds: FeedRules = FeedRules()
    layouts: tuple[Layout, ...] = ()
    text: TextRules = TextRules()
    images: ImageRules = ImageRules()
    requisites: RequisiteRules = RequisiteRules()
    robots_exceptions: tuple[RobotsException, ...] = ()
    politeness: Politeness = Politeness()
    recheck: RecheckRules = RecheckRules()
    schedule: ScheduleRules = ScheduleRules()
    alerts: AlertRules = AlertRules()

    @property
    def requisite_hosts(self) -> frozenset[str]:
        """Every host that may be asked for a requisite."""
        return frozenset((*self.hosts, *self.images.hosts, *self.requisites.hosts))


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsRules:
    """``[robots]``: the file is fetched and obeyed in every run; only exceptions are written down."""

    exceptions: tuple[RobotsException, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """The tables of a site file."""

    site: SiteHead
    identity: IdentityRules
    listing: ListingRules
    feeds: FeedRules = FeedRules()
    layouts: tuple[Layout, ...] = ()
    text: TextRules = TextRules()
    images: ImageRules = ImageRules()
    requisites: RequisiteRules = RequisiteRules()
    robots: RobotsRules = RobotsRules()
    politeness: Politeness = Politeness()
    recheck: RecheckRules = RecheckRules()
    schedule: ScheduleRules = ScheduleRules()
    alerts: AlertRules = AlertRules()
