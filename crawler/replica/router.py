"""URL to answer: what the site serves under each address (Facts 1)."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

from crawler.replica import assets, feeds, images
from crawler.replica.article_page import amp_page, article_page, gone_page
from crawler.replica.framing import Answer, html, mixed, wishes
from crawler.replica.listing_page import listing_fragment, listing_page, teaser_page
from crawler.replica.model import CANONICAL_HOST, IMAGE_HOST, WATCHDOG, Post, Template, Zone
from crawler.replica.page_2013 import page_2013
from crawler.replica.server import Request
from crawler.replica.simulator import BlogSimulator

ALIAS_HOSTS = ("m.rferl.org", "www1.rferl.org", "www.rferl.eu")
HOSTS = (CANONICAL_HOST, "rferl.org", IMAGE_HOST, *ALIAS_HOSTS)
"""Every host that the replica answers for; 127.0.0.1 and localhost are the canonical one."""

_ARTICLE = re.compile(r"/(a|amp|content|articleprintview)/(?:([^/]+)/)?(\d+)(/lbl\d+lbi\d+)?\.html")
_DAY = re.compile(r"/((?:z/)?[^/]+)/(\d{4})/(\d{1,2})/(\d{1,2})")
_IMAGE = re.compile(r"/([0-9A-Fa-f-]{36})((?:_\w+)*)\.(\w+)")
_AGENT = re.compile(r"^Mozilla/5\.0 ")
_ASSETS_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_RSS_MOST, _RSS_DEFAULT = 200, 20
_TEASERS = 12


def is_refused(request: Request) -> bool:
    """Whether the edge takes the user agent for a library's (Facts 1.7)."""
    return not _AGENT.search(request.headers.get("user-agent", ""))


def refusal() -> Answer:
    """The edge's 403."""
    page = "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\nReference #18.0</BODY></HTML>"
    return replace(html(page, status=403), is_compressible=False)


def answer(blog: BlogSimulator, request: Request) -> Answer:
    """What the site says to a GET."""
    if request.host == IMAGE_HOST:
        return _image(request.target)
    if request.host in ALIAS_HOSTS:
        return _redirect(f"{_home_of(request)}{request.target}")
    path = urlsplit(request.target).path
    for pattern, make in _ROUTES:
        if found := pattern.fullmatch(path):
            made = make(blog, request, found)
            return blog.lie(made) if blog.lie else made
    return _not_found(blog)


def _home_of(request: Request) -> str:
    """Where redirects lead: the canonical host, or 127.0.0.1 with its port for who came that way."""
    host = CANONICAL_HOST if request.host in HOSTS else request.headers.get("host", CANONICAL_HOST)
    return f"{'https' if request.is_tls else 'http'}://{host}"


def _redirect(location: str) -> Answer:
    return Answer(status=301, headers=(("Location", location),), is_compressible=False)


def _not_found(blog: BlogSimulator, status: int = 404) -> Answer:
    return html(gone_page(blog.column()), status=status)


def _query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}


def _number(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdecimal() else default


# --- articles ---------------------------------------------------------------------------------------


def _article(blog: BlogSimulator, request: Request, found: re.Match[str]) -> Answer:
    kind, slug, post_id, live_item = found.groups()
    post = blog.find(int(post_id))
    if post is None:
        return _not_found(blog)
    if blog.status(post.id) != 200:
        return _not_found(blog, blog.status(post.id))
    if kind == "amp":
        return html(amp_page(post), modified=post.touched)
    is_canonical = kind == "a" and unquote(slug or "") == unquote(post.slug or "") and request.host != "rferl.org"
    if not is_canonical:
        path = post.path.removesuffix(".html") + live_item + ".html" if live_item else post.path
        return _redirect(f"{_home_of(request)}{path}")
    render = page_2013 if post.template is Template.T2013 else article_page
    page = render(post, blog.column())
    return mixed(html(blog.ballast(page, post.id) if blog.ballast else page, modified=post.touched), post.path)


# --- listings ---------------------------------------------------------------------------------------


def _zone_of(blog: BlogSimulator, path: str) -> Zone | None:
    name = path.removeprefix("/").removeprefix("z/")
    return blog.zone(name)


def _until(parts: tuple[int, int, int]) -> datetime | None:
    try:
        return datetime(*parts, tzinfo=UTC) + timedelta(days=1, microseconds=-1)
    except ValueError:
        return None


def _listing(blog: BlogSimulator, request: Request, found: re.Match[str]) -> Answer:
    zone = _zone_of(blog, found[0])
    if zone is None:
        return _not_found(blog)
    query = _query(request)
    day = (_number(query.get("y")), _number(query.get("m")), _number(query.get("d")))
    values = {"d": day[2], "m": day[1], "y": day[0]}

    def more(page: int) -> str:
        given = {"p": page} | (values if all(day) else {})
        return f"{found[0]}?" + "&".join(f"{name}={given[name]}" for name in blog.more_order if name in given)

    return _page_of(blog, request, zone, _until(day) if all(day) else None, more)


def _day_page(blog: BlogSimulator, request: Request, found: re.Match[str]) -> Answer:
    zone = _zone_of(blog, found[1])
    until = _until((int(found[2]), int(found[3]), int(found[4])))
    if zone is None or until is None:
        return _not_found(blog)
    is_numbered = found[1].startswith("z/")
    date = f"d={until.day}&m={until.month}&y={until.year}"

    def more(page: int) -> str:
        return f"{found[0]}?p={page}" if is_numbered else f"/{found[1]}?p={page}&{date}"

    return _page_of(blog, request, zone, until, more)


def _page_of(
    blog: BlogSimulator, request: Request, zone: Zone, until: datetime | None, more: Callable[[int], str]
) -> Answer:
    page = _number(_query(request).get("p"))
    size = blog.page_size if zone is WATCHDOG else _TEASERS
    posts = blog.listing(zone, until=until)
    shown = posts[page * size : (page + 1) * size]
    button = more(page + 1) if len(posts) > (page + 1) * size else None
    if zone is not WATCHDOG:
        return html(teaser_page(zone, shown, button, blog.column()))
    if wishes(request)[3]:
        return mixed(html(listing_fragment(shown, button)), request.target)
    return mixed(html(listing_page(zone, shown, button, blog.column())), request.target)


def _home(blog: BlogSimulator, _: Request, __: re.Match[str]) -> Answer:
    front = Zone(number=1, alias="", name="Radio Free Europe / Radio Liberty")
    return html(teaser_page(front, blog.everything()[:_TEASERS], None, blog.column()))


def _before_2016(_: BlogSimulator, request: Request, found: re.Match[str]) -> Answer:
    return _redirect(f"{_home_of(request)}/{found[1]}?istransferred=1&wr=1")


# --- robots, sitemaps, feeds ------------------------------------------------------------------------


def _robots(blog: BlogSimulator, _: Request, __: re.Match[str]) -> Answer:
    return Answer(content_type="text/plain; charset=utf-8", body=blog.robots)


def _shards(blog: BlogSimulator) -> list[tuple[Post, ...]]:
    posts = [post for post in blog.everything() if post.published <= blog.shards_built]
    size = blog.shard_size
    return [tuple(posts[start : start + size]) for start in range(0, len(posts), size)]


def _index(blog: BlogSimulator, _: Request, __: re.Match[str]) -> Answer:
    return Answer(content_type="text/xml", body=feeds.sitemap_index(len(_shards(blog)), blog.shards_built))


def _sitemap(blog: BlogSimulator, _: Request, found: re.Match[str]) -> Answer:
    name = found[1]
    everything = blog.everything()
    if name == "latest":
        recent = [post for post in everything if post.published > blog.now - timedelta(days=30)]
        body = feeds.urlset([(post.url, post.modified, "hourly") for post in recent])
    elif name == "news":
        body = feeds.news_sitemap([post for post in everything if post.published > blog.now - timedelta(days=2)])
    elif name == "sections":
        body = feeds.urlset([(f"{feeds.ROOT}/{zone.alias}", blog.now, "hourly") for zone in blog.zones.values()])
    elif name.isdecimal() and 0 < int(name) <= len(shards := _shards(blog)):
        body = feeds.urlset([(post.url, _shard_time(blog, post), "weekly") for post in shards[int(name) - 1]])
    else:
        return _not_found(blog)
    return Answer(content_type="application/x-gzip", body=body, is_compressible=False)


def _shard_time(blog: BlogSimulator, post: Post) -> datetime:
    """What the shard knew when it was made; posts before 2011 carry the day of a mass edit (Facts 1.5)."""
    if post.published.year < 2011:
        return datetime(2012, 2, 2, 16, 23, 37, 700_000, tzinfo=UTC)
    return post.modified if post.modified <= blog.shards_built else post.published


def _rss(blog: BlogSimulator, request: Request, found: re.Match[str]) -> Answer:
    query = {name.lower(): value for name, value in _query(request).items()}
    zone = blog.zone(query.get("zoneid", ""))
    if zone is None or found[0].startswith("/api"):
        return Answer(content_type="text/xml", body=feeds.DEAD_FEED, is_compressible=False)
    count = _number(query.get("count"), _RSS_DEFAULT)
    posts = blog.listing(zone)[: count if 0 < count <= _RSS_MOST else _RSS_DEFAULT]
    return Answer(content_type="application/rss+xml; charset=utf-8", body=feeds.rss(zone, posts, blog.now))


# --- what pages look like ---------------------------------------------------------------------------


def _asset(blog: BlogSimulator, _: Request, found: re.Match[str]) -> Answer:
    made = assets.asset(found[0])
    if made is None:
        return _not_found(blog)
    kind, body = made
    return Answer(content_type=kind, body=body, modified=_ASSETS_MADE, is_compressible=kind.startswith("text/"))


# --- pictures ---------------------------------------------------------------------------------------


def _image(target: str) -> Answer:
    found = _IMAGE.fullmatch(urlsplit(target).path)
    if not found:
        return Answer(status=404, content_type="text/plain", body=b"no such picture", is_compressible=False)
    body = images.picture(found[1], found[2], found[3])
    kind = "image/png" if found[3] == "png" else "image/jpeg"
    return Answer(content_type=kind, body=body, modified=datetime(2020, 1, 1, tzinfo=UTC), is_compressible=False)


_ROUTES: tuple[tuple[re.Pattern[str], Callable[[BlogSimulator, Request, re.Match[str]], Answer]], ...] = (
    (_ARTICLE, _article),
    (_DAY, _day_page),
    (re.compile(r"/"), _home),
    (re.compile(r"/robots\.txt"), _robots),
    (re.compile(r"/sitemap\.xml"), _index),
    (re.compile(r"/sitemap_8_(\w+)\.xml\.gz"), _sitemap),
    (re.compile(r"/(?:rss/|podcast/|api/\w*)"), _rss),
    (re.compile(r"/archive/(\w+)/(?:latest|\d+)/\d+/\d+\.html"), _before_2016),
    (re.compile(r"/(?:Content|Scripts)/.+"), _asset),
    (re.compile(r"/z/\d+|/[\w-]+"), _listing),
)
