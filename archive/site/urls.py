"""URLs become canonical, posts get their identity: pure, and quick enough for a whole site's sitemaps."""

import re
from functools import lru_cache
from urllib.parse import quote, unquote

from archive.model import Identity
from archive.site.rules import Site
from archive.site.values import URL

_DEFAULT_PORTS = {"http": "80", "https": "443"}
_TRACKING = re.compile(
    r"utm_\w+|fbclid|fb_comment_id|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|ysclid|twclid|ttclid|igshid|mc_[ce]id",
    re.IGNORECASE,
)


def identify(site: Site, url: str) -> Identity | None:
    """Say which post a URL names, whichever way it is spelled; ``None`` where it names none of this blog's.

    Hosts outside ``site.hosts`` name no post (site-facts 1.1). Any text may be asked about; nothing is raised.
    """
    parts = URL.fullmatch(url)
    if parts is None or parts["user"] or _host(parts["host"]) not in site.hosts:
        return None
    path, query = parts["path"] or "/", parts["query"]
    found = _search(site, path, query)
    if found is None and "%" in path:
        found = _search(site, unquote(path), query)
    if found is None:
        return None
    groups = found.groupdict(default="")
    if groups.get("id"):
        return Identity(groups["id"])
    if site.identity.permalink:
        return Identity(_encoded(_root(site) + _filled(site.identity.permalink, groups)))
    return Identity(_encoded(canonical(site, url)))


def permalink(site: Site, identity: Identity) -> str | None:
    """URL to ask for when only a post's identity is known; ``None`` where the site file gives no way."""
    if identity.startswith(("http://", "https://")):
        return identity
    if site.identity.permalink is None:
        return None
    return _root(site) + _filled(site.identity.permalink, {"id": identity})


def original_of(site: Site, url: str) -> str:
    """Give the picture in its original size behind that of a thumbnail (site-facts 1.8), by ``images.original``."""
    if site.images.original is None:
        return url
    pattern, replacement = site.images.original
    return re.sub(pattern, replacement, url)


def canonical(site: Site, url: str) -> str:
    """Key under which a URL is indexed; the request itself keeps the URL as the site spells it.

    Folded: scheme and aliases of the blog's hosts, default port, fragment, trackers' and ignored parameters, order of
    the query. Kept: the path's letters, case and percent-encoding (site-facts 3.9), every other parameter. The key of
    a key is itself; what is no http URL is its own key. Nothing is raised.
    """
    parts = URL.fullmatch(url)
    if parts is None:
        return url
    scheme, host, port = parts["scheme"].lower(), _host(parts["host"]), parts["port"] or ""
    if port == _DEFAULT_PORTS[scheme]:
        port = ""
    if host in site.hosts:
        host = site.hosts[0]
        scheme = scheme if port else site.listing.start.partition(":")[0].lower()
    query = _kept(site, parts["query"]) if parts["query"] else ""
    authority = f"{parts['user']}{host}:{port}" if port else f"{parts['user']}{host}"
    return f"{scheme}://{authority}{parts['path'] or '/'}{'?' if query else ''}{query}"


def _kept(site: Site, query: str) -> str:
    """The parameters that mean something, sorted by name; those of one name keep their order."""
    ignored = site.identity.ignored_parameters
    named = [(pair.partition("=")[0], pair) for pair in query.split("&") if pair]
    kept = [(name, pair) for name, pair in named if name not in ignored and not _TRACKING.fullmatch(name)]
    return "&".join(pair for _, pair in sorted(kept, key=lambda entry: entry[0]))


def _search(site: Site, path: str, query: str | None) -> re.Match[str] | None:
    patterns = _compiled(site.identity.patterns)
    found = next(filter(None, (pattern.search(path) for pattern in patterns)), None)
    if found is None and query:
        whole = f"{path}?{query}"
        found = next(filter(None, (pattern.search(whole) for pattern in patterns)), None)
    return found


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


@lru_cache(maxsize=1024)
def _host(text: str) -> str:
    """A host as it is compared: small letters, no dot at the end, in ASCII (RFC 5891)."""
    host = text.rstrip(".").lower() or text
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return text


def _root(site: Site) -> str:
    """Scheme, canonical host and port of the blog."""
    start = URL.fullmatch(site.listing.start)
    port = f":{start['port']}" if start and start["port"] else ""
    return f"{site.listing.start.partition(':')[0].lower()}://{site.hosts[0]}{port}"


def _filled(template: str, groups: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: groups.get(name[1], ""), template)


def _encoded(url: str) -> str:
    """One spelling of percent-encoded letters, for identities that are URLs (RFC 3986 section 6.2.2.1)."""
    return re.sub(
        r"%[0-9A-Fa-f]{2}|[^\x00-\x7f]+",
        lambda part: part[0].upper() if part[0][0] == "%" else quote(part[0], errors="surrogatepass"),
        url,
    )
