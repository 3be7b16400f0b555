"""Sitemaps, sitemap indexes, news sitemaps, RSS and Atom become entries; read as a stream, gzip undone.

Safe on any input: a document type declaration, with which entity bombs and external entities begin, ends the reading
(``UNREADABLE``); so does a file beyond ``MAX_BYTES`` or ``MAX_ENTRIES`` (the protocol allows 50 MB and 50,000 URLs).
"""

import zlib
from collections.abc import Iterator
from xml.parsers import expat

from archive.dates import moment
from archive.model import Feed, FeedEntry, PageOutcome
from archive.page import absolute, is_blank, tidy
from archive.site import Site, identify

MAX_BYTES = 128 * 2**20
MAX_ENTRIES = 50_000
_DEPTH = 100
_CHUNK = 2**16
_MAX_TEXT = 10_000
_ROOTS = frozenset({"urlset", "sitemapindex", "rss", "feed", "RDF"})
_ENTRIES = frozenset({"url", "sitemap", "item", "entry"})
_MEANINGS = {
    **{name: name for name in ("loc", "link", "guid", "id", "title")},
    **dict.fromkeys(("publication_date", "pubDate", "published", "date", "issued"), "published"),
    **dict.fromkeys(("lastmod", "updated", "modified"), "modified"),
}
"""What the elements of an entry say, whichever of the formats they belong to."""


class _RefusedError(Exception):
    """The file is no feed, declares a document type, or holds more than any feed does."""


def read_feed(payload: bytes, *, content_type: str | None, url: str, site: Site) -> Feed:
    """Read a feed or sitemap, whole or as far as it goes.

    Never raises. ``EMPTY`` is the dead feed of 11 bytes (site-facts 1.5), ``BLOCKED`` a web page in place of a feed,
    ``UNREADABLE`` a file that breaks off or is refused; the entries before that place are kept. The XML declaration
    names the character set; ``content_type`` does not matter.
    """
    del content_type
    if is_blank(payload):
        return Feed(outcome=PageOutcome.EMPTY)
    reader = _Reader(url, site)
    try:
        for chunk in _plain(payload):
            reader.parser.Parse(chunk, False)  # noqa: FBT003  # expat takes it by place
        reader.parser.Parse(b"", True)  # noqa: FBT003
    except (expat.ExpatError, zlib.error, _RefusedError, LookupError, ValueError):
        return reader.feed(PageOutcome.UNREADABLE if reader.is_feed else _not_a_feed(payload))
    return reader.feed(PageOutcome.OK)


def _not_a_feed(payload: bytes) -> PageOutcome:
    start = payload[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return PageOutcome.BLOCKED if start.startswith(b"<!doctype html") or b"<html" in start else PageOutcome.UNREADABLE


def _plain(payload: bytes) -> Iterator[bytes]:
    """The file's bytes in pieces; a gzip file, of one member or several, unpacked."""
    if not payload.startswith(b"\x1f\x8b"):
        for start in range(0, len(payload), _CHUNK):
            yield payload[start : start + _CHUNK]
        return
    total, rest = 0, payload
    while rest.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(wbits=31)
        while rest and not unpacker.eof:
            piece = unpacker.decompress(rest, _CHUNK)
            rest = unpacker.unconsumed_tail
            total += len(piece)
            if total > MAX_BYTES:
                raise _RefusedError
            yield piece
        if not unpacker.eof:
            raise zlib.error
        rest = unpacker.unused_data


class _Reader:
    """Gathers entries while expat goes through a file."""

    def __init__(self, url: str, site: Site) -> None:
        self.is_feed = False
        self._url, self._site = url, site
        self._entries: list[FeedEntry] = []
        self._sitemaps: list[FeedEntry] = []
        self._depth = 0
        self._entry_at = 0
        self._said: dict[str, str] = {}
        self._field = ""
        self._text: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, outcome: PageOutcome) -> Feed:
        """What was gathered."""
        return Feed(outcome=outcome, entries=tuple(self._entries), sitemaps=tuple(self._sitemaps))

    def _doctype(self, *_declaration: object) -> None:
        raise _RefusedError

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        name = tag.rpartition(" ")[2]
        if self._depth > _DEPTH or (self._depth == 1 and name not in _ROOTS):
            raise _RefusedError
        if self._depth == 1:
            self.is_feed = True
        elif self._entry_at == 0 and name in _ENTRIES:
            self._entry_at, self._said = self._depth, {}
        elif self._entry_at and name in _MEANINGS and not self._field:
            self._field, self._text = name, []
            if name == "link" and attributes.get("rel", "alternate") == "alternate":
                self._said.setdefault("link", attributes.get("href", ""))

    def _characters(self, text: str) -> None:
        if self._field and len(self._text) < _MAX_TEXT:
            self._text.append(text[:_MAX_TEXT])

    def _end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        if self._field and name == self._field:
            text, meaning = "".join(self._text)[:_MAX_TEXT].strip(), _MEANINGS[name]
            if text and not self._said.get(meaning):
                self._said[meaning] = text
            self._field = ""
        elif self._depth == self._entry_at:
            self._take(name)
            self._entry_at = 0
        self._depth -= 1

    def _take(self, name: str) -> None:
        said = self._said
        named = said.get("loc") or said.get("link") or said.get("guid") or said.get("id")
        url = absolute(self._url, named) if named else None
        if url is None:
            return
        if len(self._entries) + len(self._sitemaps) >= MAX_ENTRIES:
            raise _RefusedError
        published, modified = moment(said.get("published")), moment(said.get("modified"))
        entry = FeedEntry(
            url=url,
            identity=identify(self._site, url),
            title=tidy(said.get("title", "")) or None,
            published=published.instant if published else None,
            modified=modified.instant if modified else None,
        )
        (self._sitemaps if name == "sitemap" else self._entries).append(entry)
