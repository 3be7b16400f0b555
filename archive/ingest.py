"""What one capture means for one post: pure, for the live crawl and ``rebuild`` alike.

The rules, in one place:

- 404 and 410 say the post is gone. 403, 5xx, 429, failures, cut-off bodies, block pages, pages that the layout no
  longer fits and redirects away from posts speak of the server, not of the post: they are rejected.
- 304 and a page with the text of before leave the post unchanged. A redirect to another spelling says nothing more.
- A text that the post never had is a version; one that it had before and left is restored. Two texts are the same when
  their hashes are: title and paragraphs, white space folded, in Unicode form NFC.
- A listing's copy of the text counts only until the post's own page has been read, and neither its copy nor the page
  after it is an edit of the other.
- A change of our software is never an edit: all captures of an index are read by the same extractor. After an update
  ``archive.reextract`` reads them all again before anything is added.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import assert_never
from urllib.parse import urljoin

from archive.errors import OutOfOrderError
from archive.model import (
    Article,
    Capture,
    CaptureKind,
    Event,
    Gone,
    Identity,
    KnownPost,
    Moved,
    Page,
    PageOutcome,
    PostSeen,
    PostState,
    Rejected,
    Returned,
    Sha256,
    TextOrigin,
    Unchanged,
    Unlisted,
    VersionAdded,
    VersionRestored,
    sha256_of,
)

_REDIRECTS = {301, 302, 303, 307, 308}


def spaced(text: str) -> str:
    """Make each run of white space one space, and take it off the ends."""
    # Most texts are so already; of white space only a space is printable, and to look is faster than to split.
    if text.isprintable() and "  " not in text and not text.startswith(" ") and not text.endswith(" "):
        return text
    return " ".join(text.split())


def fold(text: str) -> str:
    """Bring ``text`` to Unicode form NFC with each run of white space as one space and none at the ends."""
    text = spaced(text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def text_hash(article: Article) -> Sha256:
    """Digest a post's text: title and blocks, each folded, empty blocks left out; kinds of block do not matter."""
    return _hash_of(article.title, tuple(block.text for block in article.blocks))


def hash_of(title: str, paragraphs: Iterable[str]) -> Sha256:
    """Digest a headline and paragraphs as ``text_hash`` does."""
    blocks = (folded for paragraph in paragraphs if (folded := fold(paragraph)))
    return sha256_of("\n".join((fold(title), *blocks)).encode("utf-8", "surrogatepass"))


# A text is digested when it is kept, and again when what it means is decided.
_hash_of = lru_cache(maxsize=8)(hash_of)


def decide(
    known: KnownPost | None, capture: Capture, page: Page | None, *, leads_to_itself: bool | None = None
) -> tuple[Event, ...]:
    """Say what one capture changes about one post.

    Captures come in the order of their times. ``page`` is what the capture's bytes say, None where they were not
    read; for a listing it holds the listing's copy of the post. ``leads_to_itself`` says of a redirect whether it
    leads to this post, to another post, or (None) to no post, by the site's rules.

    Raises:
        OutOfOrderError: ``capture`` is older than the newest one counted for the post.
    """
    if known and known.counted_to and capture.time < known.counted_to:
        raise OutOfOrderError(
            f"a capture of {capture.time.isoformat()} came after one of {known.counted_to.isoformat()}",
            hint="Fold the post's captures again, in the order of their times.",
        )
    if page and page.article and page.article.origin is TextOrigin.LISTING:
        return _from_listing(known, page.article)
    if capture.failure is not None or capture.truncation is not None:
        return (Rejected(reason=_broken(capture)),)
    if capture.status in {404, 410}:
        return (*_seen(known), Gone(status=capture.status))
    if capture.kind is CaptureKind.NOT_MODIFIED:
        return _not_modified(known)
    if capture.status in _REDIRECTS:
        return _redirected(known, capture, leads_to_itself=leads_to_itself)
    if capture.status != 200:
        return (Rejected(reason=f"status {capture.status}"),)
    return _from_page(known, page)


def advance(
    known: KnownPost | None, identity: Identity, capture: Capture, page: Page | None, events: Iterable[Event]
) -> KnownPost:
    """Say what is known of a post after a capture that ``decide`` found to mean ``events``."""
    now = known or KnownPost(
        identity=identity,
        state=PostState.REFUSED,
        versions=(),
        current=None,
        title=None,
        canonical_url=None,
        counted_to=None,
    )
    article = page.article if page else None
    for event in events:
        now = _after(now, event, article)
    return replace(now, counted_to=capture.time)


def _broken(capture: Capture) -> str:
    return f"no answer: {capture.failure.kind}" if capture.failure else f"cut-off body: {capture.truncation}"


def is_seen(known: KnownPost | None) -> bool:
    """Tell whether any capture has told something of the post yet; refusals alone do not."""
    return known is not None and (known.state is not PostState.REFUSED or bool(known.versions))


def _seen(known: KnownPost | None) -> tuple[Event, ...]:
    return () if is_seen(known) else (PostSeen(),)


def _returned(known: KnownPost | None) -> tuple[Event, ...]:
    return (Returned(),) if known and known.state is PostState.GONE else ()


def _from_listing(known: KnownPost | None, article: Article) -> tuple[Event, ...]:
    if known and known.is_opened:
        return ()
    if article.alarms:
        return (Rejected(reason="; ".join(article.alarms)),)
    return (*_seen(known), *_text_events(known, article))


def _from_page(known: KnownPost | None, page: Page | None) -> tuple[Event, ...]:
    if page is None:
        return (Rejected(reason="the page could not be read"),)
    article = page.article
    if article is not None and article.alarms:
        return (Rejected(reason="; ".join(article.alarms)),)
    if page.outcome is not PageOutcome.OK:
        return (Rejected(reason=str(page.outcome)),)
    if article is None:
        return (Rejected(reason="no post on the page"),)
    return (*_seen(known), *_returned(known), *_moved(known, article), *_text_events(known, article))


def _not_modified(known: KnownPost | None) -> tuple[Event, ...]:
    if known is None or known.current is None:
        return (Rejected(reason="not modified, but nothing of the post is kept"),)
    return (*_returned(known), Unchanged())


def _redirected(known: KnownPost | None, capture: Capture, *, leads_to_itself: bool | None) -> tuple[Event, ...]:
    if leads_to_itself:
        return ()
    after = urljoin(capture.url, capture.location or "")
    if leads_to_itself is None:
        return (Rejected(reason=f"led away from posts to {after}"),)
    before = (known and known.canonical_url) or capture.url
    return () if before == after else (Moved(before=before, after=after),)


def _moved(known: KnownPost | None, article: Article) -> tuple[Event, ...]:
    before = known.canonical_url if known else None
    after = article.canonical_url
    return (Moved(before=before, after=after),) if before and after and before != after else ()


def _text_events(known: KnownPost | None, article: Article) -> tuple[Event, ...]:
    digest = text_hash(article)
    if known is None or known.current is None:
        return (VersionAdded(text_hash=digest, is_title_changed=False, is_silent=False, is_edit=False),)
    if digest == known.current:
        return (Unchanged(),)
    if digest in known.versions:
        return (VersionRestored(text_hash=digest),)
    is_edit = known.is_opened or article.origin is TextOrigin.LISTING
    return (
        VersionAdded(
            text_hash=digest,
            is_title_changed=is_edit and known.title is not None and fold(known.title) != fold(article.title),
            is_silent=is_edit and known.modified == article.modified,
            is_edit=is_edit,
        ),
    )


def _after(known: KnownPost, event: Event, article: Article | None) -> KnownPost:
    match event:
        case VersionAdded(text_hash=digest):
            known = replace(known, versions=(*known.versions, digest), current=digest)
        case VersionRestored(text_hash=digest):
            known = replace(known, current=digest)
        case Gone():
            return replace(known, state=PostState.GONE)
        case Returned():
            return replace(known, state=PostState.LIVE)
        case Moved(after=after):
            return replace(known, canonical_url=after)
        case PostSeen() | Unlisted() | Rejected():
            return known
        case Unchanged():
            pass
        case _:
            assert_never(event)
    return _read(known, article) if article else replace(known, state=PostState.LIVE)


def _read(known: KnownPost, article: Article) -> KnownPost:
    """Note what the article itself said, besides the text."""
    known = replace(
        known,
        title=article.title,
        modified=article.modified,
        canonical_url=article.canonical_url or known.canonical_url,
    )
    if article.origin is TextOrigin.LISTING:
        return known
    return replace(known, state=PostState.LIVE, is_opened=True)
