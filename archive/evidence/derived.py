"""Copies for reading, derived from a capture: text, a page made harmless, a picture. They prove nothing."""

from collections.abc import Callable, Sequence
from html import escape

from lxml import etree, html

from archive.browser import Browser, Shown, find_program
from archive.collection import Collection
from archive.errors import VigilError
from archive.model import Capture, CaptureKind
from archive.payload import decode
from archive.warc import entity_of, load_exchange

_LIMIT = 64 << 20
_GONE = (
    "script", "style", "iframe", "frame", "frameset", "object", "embed", "applet", "link", "meta", "base", "form",
    "input", "button", "select", "textarea", "svg", "math", "audio", "video", "track",
    "template", "noscript", "canvas", "portal", "dialog",
)  # fmt: skip
_KEPT = {"alt", "title", "lang", "dir", "datetime", "colspan", "rowspan"}
_HEAD = """\
<!DOCTYPE html>
<html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Derived copy</title></head><body>
<p style="border:2px solid #900;padding:1em"><b>DERIVED COPY, made for reading. It is not the evidence.</b><br>
Scripts, pictures, styles, forms and everything that would load something were removed. The evidence is
evidence.warc.gz.<br>{url}<br>captured {time}{test}</p><hr>
"""
_WEB = ("http://", "https://")
_PLACE = "https://derived.invalid/"


def page_of(collection: Collection, capture: Capture) -> bytes:
    """Give the content of a capture, chunks and content-encoding undone; nothing where there is none to be had."""
    if capture.kind is CaptureKind.FAILURE:
        return b""
    try:
        exchange = load_exchange(collection, capture)
        return decode(exchange.head, entity_of(exchange), _LIMIT)
    except VigilError:
        return b""


def harmless(content: bytes, *, url: str, time: str, is_test: bool) -> bytes:
    """Make a page that runs nothing and loads nothing, whatever it is opened with; it says itself that it is derived.

    Empty where there is no page to be read.
    """
    inner = stripped(content, lambda href: href if href.startswith(_WEB) else None)
    if not inner:
        return b""
    test = "<br><b>TEST: no capture of the real site</b>" if is_test else ""
    head = _HEAD.format(url=escape(url), time=escape(time), test=test)
    return head.encode() + inner + b"\n</body></html>\n"


def stripped(
    content: bytes, link: Callable[[str], str | None], picture: Callable[[Sequence[str]], str | None] = lambda _: None
) -> bytes:
    """Give the body of a page without anything that runs or loads; empty where there is no page to be read.

    ``link`` says where a link leads instead; ``picture``, from which address a picture may be loaded whose addresses
    the page gives, the likeliest first; None leaves them out.
    """
    try:
        parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        tree = html.document_fromstring(content, parser=parser)
    except (ValueError, etree.LxmlError):
        return b""
    for element in list(tree.iter("picture", "source")):  # the parser takes what follows a source for its content
        element.drop_tag()
    for image in list(tree.iter("img")):
        source = picture(_sources(image))
        if source is None:
            image.drop_tree()
        else:
            image.attrib["src"] = source
    for element in list(tree.iter(*_GONE)):
        element.drop_tree()
    for element in tree.iter():
        _clean(element, link)
    return _body_of(tree)


def _body_of(tree: html.HtmlElement) -> bytes:
    """Give a page's body as an element that goes into another page, in the language and direction of the whole."""
    body = tree.find("body")
    if body is None:
        return b""
    for name in ("lang", "dir"):
        if name in tree.attrib and name not in body.attrib:
            body.attrib[name] = tree.attrib[name]
    body.tag = "div"
    return bytes(html.tostring(body, encoding="utf-8", with_tail=False))


def _clean(element: html.HtmlElement, link: Callable[[str], str | None]) -> None:
    for name in list(element.attrib):
        target = link(str(element.get(name))) if element.tag == "a" and name == "href" else None
        if target is not None:
            element.attrib[name] = target
        elif name not in _KEPT and not (element.tag == "img" and name == "src"):
            del element.attrib[name]


def _sources(image: html.HtmlElement) -> list[str]:
    sets = [image.get(name) or "" for name in ("data-srcset", "srcset")]
    listed = [part.split()[0] for one in sets for part in one.split(",") if part.strip()]
    given = [image.get(name) for name in ("data-src", "data-original", "src")]
    return [one.strip() for one in (*given, *listed) if one and one.strip()]


def picture_of(page: bytes) -> bytes | None:
    """Picture a harmless page with Chromium, offline; ``None`` where there is none, or it would not."""
    if not page or find_program() is None:
        return None
    shown = Shown(status=200, headers={"Content-Type": "text/html; charset=utf-8"}, body=page)
    try:
        with Browser(lambda url: shown if url == _PLACE else None, width=1000, height=800) as browser:
            browser.open(_PLACE)
            return browser.picture()
    except VigilError:
        return None
