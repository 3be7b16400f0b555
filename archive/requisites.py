"""What a page needs to look as it did: found in its bytes and in those of its stylesheets. Pure; nothing is asked for.

Everything here is hostile input. A reference is resolved as a browser does, and then judged by ``refusal``: scheme,
host, port, length. ``data:`` URLs are part of the page itself; of several sizes of one picture the one is taken that a
browser with a window of 1280 pixels would choose (site-facts 1.8, 3.20).
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from urllib.parse import urldefrag, urljoin, urlsplit

from w3lib.url import safe_url_string

from archive import stylesheet
from archive.model import OmissionKind
from archive.needs import LeftOut, Role
from archive.page import Element, Tree, decode, is_within, parse
from archive.site import Site, original_of
from archive.stylesheet import Reference

WINDOW = 1280
"""Width, in CSS pixels, of the window for which one of several sizes is chosen."""
MAX_STYLE_BYTES = 2 * 2**20
"""A stylesheet beyond this is kept, but its own parts are not looked for."""
MAX_URL = 2_048
"""Characters of a URL; what is longer is no address of a file."""
MAX_FOUND = 2_000
"""References that are read of one page or stylesheet; a page of the site has some hundred."""


ROLES = tuple(Role)
"""In the order in which requisites are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requisite:
    """One thing that a page needs; ``via`` is the page or stylesheet that names it."""

    url: str
    role: Role
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a page or stylesheet names: each URL once, what is asked for first in front."""

    wanted: tuple[Requisite, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset")
_LINKS = {
    "stylesheet": Role.STYLE,
    "icon": Role.ICON,
    "apple-touch-icon": Role.ICON,
    "apple-touch-icon-precomposed": Role.ICON,
    "mask-icon": Role.ICON,
    "modulepreload": Role.SCRIPT,
}
_PRELOADS = {"style": Role.STYLE, "font": Role.FONT, "image": Role.IMAGE, "script": Role.SCRIPT}
_PICTURES = {"img", "amp-img", "image"}
_MEDIA = ((Role.MEDIA, ("src",)), (Role.POSTER, ("poster", "data-poster")))
_FRAME = ((Role.FRAME, ("src", "data-src")),)
_BACKGROUND = ((Role.IMAGE, ("background",)),)
_ATTRIBUTES: dict[str, tuple[tuple[Role, tuple[str, ...]], ...]] = {
    **dict.fromkeys(("source", "audio", "video", "track"), _MEDIA),
    **dict.fromkeys(("iframe", "frame", "embed"), _FRAME),
    **dict.fromkeys(("body", "table", "td", "th"), _BACKGROUND),
    "object": ((Role.FRAME, ("data",)),),
    "script": ((Role.SCRIPT, ("src", "data-src")),),
    "input": ((Role.IMAGE, ("src",)),),
    "use": ((Role.IMAGE, ("href", "xlink:href")),),
}
"""What further elements name, and in which attributes."""
_TYPED = {
    "script": {"", "module", "text/javascript", "application/javascript", "application/x-javascript"},
    "input": {"image"},
}
"""Values of ``type`` by which an element of that name counts."""
_PORTS = {"http": 80, "https": 443}
_SILENT = re.compile(r"\s*(?:data|about|blob):|\s*#|\s*$", re.IGNORECASE)
_CANDIDATE = re.compile(r"[\s,]*(?P<url>\S*[^\s,])(?:\s+(?P<size>\d+(?:\.\d+)?)(?P<unit>[wx])[^,]*)?(?:\s*,|\s*$|\s+)")
_CONDITION = re.compile(r"\((min|max)-width:\s*(\d+(?:\.\d+)?)(px|em|rem)\)")
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(px|vw)")


# --- a page ------------------------------------------------------------------------------------


def in_page(page: bytes, content_type: str | None, url: str, site: Site) -> Found:
    """Find what a page needs, by the site's rules; nothing in a page that cannot be read as one."""
    tree = parse(page, content_type)
    if not isinstance(tree, Tree):
        return Found()
    base = _base(tree, url)
    sidelines = tree.every(chain.from_iterable(layout.outside for layout in site.layouts))
    references = chain.from_iterable(_of_element(element, sidelines, site, base) for element in tree.root.iter())
    return _judged(references, base=base, via=url, site=site)


def _base(tree: Tree, url: str) -> str:
    """Give the URL against which a page's references are resolved (HTML, section 2.4.3)."""
    for element in tree.root.iter("base"):
        if href := element.get("href"):
            return _absolute(url, href) or url
    return url


def _of_element(element: Element, sidelines: AbstractSet[Element], site: Site, base: str) -> Iterator[Reference]:
    tag = str(element.tag)
    if tag in _PICTURES or (tag == "source" and _parent_tag(element) == "picture"):
        yield from _of_picture(element, sidelines, site, base)
    elif tag == "link":
        yield from _of_link(element)
    elif tag == "style":
        yield from stylesheet.references("".join(element.itertext()))
    elif tag not in _TYPED or (element.get("type") or "").strip().lower() in _TYPED[tag]:
        for role, attributes in _ATTRIBUTES.get(tag, ()):
            yield from _named(element, role, *attributes)
    if "url" in (style := element.get("style") or "").lower():
        yield from stylesheet.references(style)
    yield from _named(element, Role.IMAGE, "data-bg", "data-background-image")


def _parent_tag(element: Element) -> object:
    parent = element.getparent()
    return None if parent is None else parent.tag


def _named(element: Element, role: Role, *attributes: str) -> Iterator[Reference]:
    for attribute in attributes:
        if value := element.get(attribute):
            yield role, value


def _of_picture(element: Element, sidelines: AbstractSet[Element], site: Site, base: str) -> Iterator[Reference]:
    shown = [value for _, value in _named(element, Role.IMAGE, "src", "href", "xlink:href", *_LAZY)]
    sets = [value for _, value in _named(element, Role.IMAGE, "srcset", *_LAZY_SETS)]
    shown += filter(None, (choose(one, element.get("sizes") or element.get("data-sizes")) for one in sets))
    for value in shown:
        yield Role.IMAGE, value
    if not site.requisites.originals or is_within(element, sidelines):
        return
    for value in shown:
        place = None if _SILENT.match(value) else _absolute(base, value)
        if place is not None and (original := original_of(site, place)) != place:
            yield Role.ORIGINAL, original


def _of_link(element: Element) -> Iterator[Reference]:
    words = (element.get("rel") or "").lower().split()
    href = element.get("href")
    if not href:
        return
    if "preload" in words:
        role = _PRELOADS.get((element.get("as") or "").lower())
        if role is not None:
            yield role, href
    elif "alternate" not in words:
        for word in words:
            if word in _LINKS:
                yield _LINKS[word], href
                return


# --- one of several sizes ----------------------------------------------------------------------


def choose(srcset: str, sizes: str | None) -> str | None:
    """Choose from a ``srcset`` as a browser does whose window is ``WINDOW`` wide and has one dot a pixel.

    None where it names nothing. What of ``sizes`` is not understood counts as the whole window.
    """
    candidates: list[tuple[float, str]] = []
    wanted = _slot(sizes)
    for found in _CANDIDATE.finditer(srcset[: MAX_URL * 16]):
        size = float(found["size"] or 1)
        density = size / wanted if found["unit"] == "w" and wanted else size
        candidates.append((density, found["url"]))
    if not candidates:
        return None
    enough = [one for one in candidates if one[0] >= 1]
    return min(enough, key=itemgetter(0))[1] if enough else max(candidates, key=itemgetter(0))[1]


def _slot(sizes: str | None) -> float:
    """Say how many pixels wide a picture is shown, by its ``sizes``."""
    for part in (sizes or "").lower().split(","):
        conditions = _CONDITION.findall(part)
        length = _LENGTH.search(_CONDITION.sub("", part))
        if length is None or not all(_holds(*one) for one in conditions):
            continue
        return float(length[1]) * (WINDOW / 100 if length[2] == "vw" else 1)
    return WINDOW


def _holds(bound: str, number: str, unit: str) -> bool:
    width = float(number) * (1 if unit == "px" else 16)
    return width <= WINDOW if bound == "min" else width >= WINDOW


# --- stylesheets -------------------------------------------------------------------------------


def in_style(style: bytes, content_type: str | None, url: str, site: Site) -> Found:
    """Find what a stylesheet needs: further stylesheets, fonts, pictures."""
    if len(style) > MAX_STYLE_BYTES:
        reason = f"a stylesheet of more than {MAX_STYLE_BYTES} bytes, whose own parts are not looked for"
        return Found(left_out=(LeftOut(url=url, role=Role.STYLE, kind=OmissionKind.LIMIT, reason=reason),))
    return _judged(stylesheet.references(decode(style, content_type)), base=url, via=url, site=site)


# --- what may be asked for ---------------------------------------------------------------------


def _judged(references: Iterable[Reference], *, base: str, via: str, site: Site) -> Found:
    """Resolve references and sort them: each URL once, in its first role of importance."""
    wanted: dict[str, Requisite] = {}
    left_out: dict[str, LeftOut] = {}
    for number, (role, text) in enumerate(references):
        if number >= MAX_FOUND:
            reason = f"more than {MAX_FOUND} references: those that follow are not read"
            left_out[via] = LeftOut(url=via, role=role, kind=OmissionKind.LIMIT, reason=reason)
            break
        if _SILENT.match(text):
            continue
        url = _absolute(base, text)
        told = refusal(url or text, role, site) if url else (OmissionKind.SCHEME, "no http or https URL")
        if told is not None:
            key = (url or text)[:MAX_URL]
            left_out.setdefault(key, LeftOut(url=key, role=role, kind=told[0], reason=told[1]))
        elif url is not None and (url not in wanted or ROLES.index(role) < ROLES.index(wanted[url].role)):
            wanted[url] = Requisite(url=url, role=role, via=via)
    ordered = sorted(wanted.values(), key=lambda one: ROLES.index(one.role))
    return Found(wanted=tuple(ordered), left_out=tuple(one for key, one in left_out.items() if key not in wanted))


def refusal(url: str, role: Role, site: Site) -> tuple[OmissionKind, str] | None:
    """Say why a requisite may not be asked for, by the site's rules; None where it may.

    A host that the site file does not name is never asked, and no other port than the scheme's own: what a page names
    must not lead a crawler to machines behind it (SSRF).
    """
    if len(url) > MAX_URL:
        return OmissionKind.LIMIT, f"a URL of {len(url)} characters"
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return OmissionKind.SCHEME, "no URL that can be read"
    if parts.scheme not in _PORTS:
        return OmissionKind.SCHEME, f"the scheme {parts.scheme!r} is not a web page's"
    if host not in site.requisite_hosts:
        kind = OmissionKind.PRIVATE_ADDRESS if _is_private(host) else OmissionKind.FOREIGN_HOST
        return kind, f"the host {host} is not one of the site's, nor of [requisites] or [images]"
    if port not in {None, _PORTS[parts.scheme]} or parts.username is not None:
        return OmissionKind.PRIVATE_ADDRESS, "it names a port or a user"
    unwanted = _unwanted(role, site)
    return None if unwanted is None else (OmissionKind.UNWANTED, unwanted)


def _unwanted(role: Role, site: Site) -> str | None:
    if role is Role.FRAME:
        return "a page within the page"
    if role is Role.SCRIPT and not site.requisites.scripts:
        return "the site file wants no scripts"
    return "the site file wants no audio or video" if role is Role.MEDIA and not site.requisites.media_bytes else None


def limit_for(role: Role, site: Site) -> int:
    """Give the most bytes that a requisite may have."""
    return site.requisites.media_bytes if role is Role.MEDIA else site.requisites.max_bytes


def _absolute(base: str, text: str) -> str | None:
    """Resolve a reference as a browser does: white space gone, what a URL may not hold percent-encoded, no fragment."""
    tidy = re.sub(r"[\t\r\n]", "", text.strip())
    try:
        url = urldefrag(safe_url_string(urljoin(base, tidy))).url
        parts = urlsplit(url)
    except (ValueError, UnicodeError):
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
