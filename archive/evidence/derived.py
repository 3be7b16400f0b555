"""Copies for reading, derived from a capture: text, a page made harmless, a picture. They prove nothing."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from lxml import etree, html

from archive.collection import Collection
from archive.errors import VigilError
from archive.model import Capture, CaptureKind
from archive.payload import decode
from archive.warc import entity_of, load_exchange

_LIMIT = 64 << 20
_GONE = (
    "script", "style", "iframe", "frame", "frameset", "object", "embed", "applet", "link", "meta", "base", "form",
    "input", "button", "select", "textarea", "svg", "math", "audio", "video", "source", "track", "picture", "img",
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
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 40


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
    try:
        parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
        tree = html.document_fromstring(content, parser=parser)
    except (ValueError, etree.LxmlError):
        return b""
    for element in list(tree.iter(*_GONE)):
        element.drop_tree()
    for element in tree.iter():
        for name in list(element.attrib):
            is_link = (
                element.tag == "a" and name == "href" and str(element.get(name)).startswith(("http://", "https://"))
            )
            if name not in _KEPT and not is_link:
                del element.attrib[name]
    body = tree.find("body")
    inner = b"" if body is None else html.tostring(body, encoding="utf-8", with_tail=False)
    test = "<br><b>TEST: no capture of the real site</b>" if is_test else ""
    head = _HEAD.format(url=_escaped(url), time=_escaped(time), test=test)
    return head.encode() + inner + b"\n</body></html>\n"


def picture_of(page: bytes) -> bytes | None:
    """Picture a harmless page with Chromium, offline; ``None`` where there is none, or it would not."""
    program = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if program is None or not page:
        return None
    with TemporaryDirectory(prefix="vigil-picture-") as name:
        folder = Path(name)
        (folder / "page.html").write_bytes(page)
        words = [
            program, "--headless", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,2000",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder / 'profile'}",
            f"--screenshot={folder / 'picture.png'}", (folder / "page.html").as_uri(),
        ]  # fmt: skip
        if os.geteuid() == 0:
            words.insert(1, "--no-sandbox")
        try:
            subprocess.run(words, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603  our own file only
            return (folder / "picture.png").read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
