"""``vigil get``: the bytes of a capture, as they came or as they lie in the archive."""

import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.finding import site_option
from archive.cli.frame import ROW_NUMBER, Verb, existing, with_settings
from archive.cli.output import clean, spell, talk
from archive.cli.times import Time
from archive.errors import NotFoundError, StorageError, UsageError, VigilError

if TYPE_CHECKING:
    from archive.collection import Collection
    from archive.config import Settings
    from archive.query import Archive
    from archive.query.answers import StoredCapture

_FORMS = {
    "warc": "The records, gzip members copied byte for byte: warcinfo, request, response, metadata.",
    "http": "The response as it was sent: head and body, chunk lines kept.",
    "wire": "Every byte that came, 1xx heads and what followed the response included.",
    "request": "The request as it was sent.",
    "body": "The content, with chunks and content-encoding undone.",
    "text": "The post's text that stood at that time.",
}


def _with_forms(function: Callable[..., object]) -> Callable[..., object]:
    for name, meaning in reversed(_FORMS.items()):
        function = click.option(f"--{name}", "form", flag_value=name, help=meaning)(function)
    return function


@click.command(
    cls=Verb,
    examples=[
        "vigil get 31994604 --warc -o post.warc.gz",
        "vigil get https://www.rferl.org/a/31994604.html --at 2026-08 --body -o page.html",
        "vigil get --record 1234 --wire -o answer.bin",
        "vigil get 31994604 --at 2026-08-31T12:00Z --text",
    ],
)
@click.argument("what", metavar="[URL|POST]", required=False)
@click.option(
    "--at", type=Time(is_end=True), metavar="TIME", help="As of this time: the newest capture at or before it."
)
@click.option("--record", type=ROW_NUMBER, metavar="N", help="This capture, by its number in vigil captures.")
@_with_forms
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write here; it must not exist.")
@site_option
@with_settings
def get(
    settings: "Settings",
    *,
    what: str | None,
    at: datetime | None,
    record: int | None,
    form: str | None,
    output: Path | None,
    site: str | None,
) -> None:
    """Get the bytes of a capture, by default of the newest one.

    With --at, the newest capture at or before that time; never a later one. The time of the capture, and of the next
    one, are said on stderr. Whatever is given was compared with its digests first, and its record with the seal.
    """
    from archive.query import Archive

    if form is None:
        choices = ", ".join(f"--{name}" for name in _FORMS)
        raise UsageError("say what of the capture you want", hint=f"One of {choices}.")
    collection = existing(settings)
    with Archive.open(collection) as archive:
        stored = choose(archive, what, at, record, site)
        tell(archive, stored)
        if form == "text":
            data = text_of(archive, stored, site)
        elif form == "warc":
            from archive.evidence.gather import members_of

            data = b"".join(member.data for member in members_of(archive, collection, stored.capture))
        else:
            data = _bytes(archive, stored, form)
        _tell_proof(settings, collection, stored)
    _write(data, output)


def choose(
    archive: "Archive", what: str | None, at: datetime | None, record: int | None, site: str | None
) -> "StoredCapture":
    """Choose the capture that is meant: by its number, as of a time, else the newest that has an answer.

    Raises:
        NotFoundError: there is none.
        UsageError: nothing is named, or both a number and a time.
    """
    if record is not None:
        if at is not None:
            raise UsageError("--record and --at exclude each other", hint="A record's number names its time already.")
        stored = archive.capture(record)
        if what is not None and stored.id not in {one.id for one in archive.captures(what, site=site)}:
            hint = f"It is one of {stored.capture.url}; vigil captures lists the others."
            raise NotFoundError(f"capture {record} is none of {what}", hint=hint)
        return stored
    if what is None:
        raise UsageError("name a URL or a post, or give --record", hint="vigil list shows what there is.")
    if at is not None:
        found = archive.as_of(what, at, site=site)
        following = f"the next one is of {spell(found.next_time)}" if found.next_time else "there is no later one"
        talk(f"vigil: as of {spell(at)}: capture {found.stored.id}; {following}")
        return found.stored
    answered = [one for one in archive.captures(what, site=site) if one.capture.failure is None]
    if not answered:
        raise NotFoundError(f"no answer for {what} was ever captured", hint="vigil captures lists the failures.")
    return answered[0]


def tell(archive: "Archive", stored: "StoredCapture") -> None:
    """Say on stderr what is given, and loudly when it is no capture of the real site."""
    from archive.model import Route

    capture = stored.capture
    answer = f"status {capture.status}" if capture.failure is None else f"no answer: {capture.failure.message}"
    talk(f"vigil: capture {stored.id} of {capture.url}, {spell(capture.time)}, {answer}, {capture.kind.value} record")
    others = [one.capture.time for one in archive.captures(capture.url) if one.capture.failure is None]
    before = max((time for time in others if time < capture.time), default=None)
    after = min((time for time in others if time > capture.time), default=None)
    told = [f"the one {word}: {spell(time)}" for word, time in (("before", before), ("after", after)) if time]
    talk(f"vigil: {'; '.join(told) or 'it is the only capture with an answer'}")
    if capture.truncation:
        talk(f"vigil: the answer was cut off ({capture.truncation.value})")
    if capture.is_imported:
        talk("vigil: IMPORTED: others made this capture; head and body are given as they kept them")
    if archive.run(capture.run).route is Route.TEST:
        talk("vigil: made by a test run: this is NO capture of the real site")


def _tell_proof(settings: "Settings", collection: "Collection", stored: "StoredCapture") -> None:
    """Say by when a capture is proved to exist, where the archive is sealed.

    Raises:
        IntegrityError: its record is not the one that was sealed.
        DamagedRecordError: its record cannot be read.
    """
    if not any((collection.root / "seals").glob("*/SHA256SUMS")):
        return
    from archive.evidence.gather import member_of
    from archive.evidence.proving import Proofs
    from archive.evidence.trust import trust_of

    try:
        proof = Proofs(collection, trust_of(settings, collection)).of(stored.capture)
    except VigilError as error:
        talk(f"vigil: nothing can be said of its proof: {error}")
        return
    if proof is None:
        talk("vigil: its run is not sealed yet, so nothing proves when it existed (vigil seal)")
        return
    proof.require(member_of(collection, stored.capture.record).data)
    if proof.proved_by is None:
        talk(f"vigil: seal {proof.seal.name}; the time stamps are still pending (vigil seal)")
    else:
        test = ", by a TEST authority, which proves nothing" if proof.is_test else ""
        talk(f"vigil: seal {proof.seal.name}; proved to exist by {spell(proof.proved_by)}{test}")


def text_of(archive: "Archive", stored: "StoredCapture", site: str | None) -> bytes:
    """Give the text of a post that stood when a capture of it was made.

    Raises:
        NotFoundError: none is known.
    """
    from archive.cli.showing import text_lines

    capture = stored.capture
    version = archive.version_at(capture.url, capture.time, site=site)
    talk(f"vigil: version {version.number}, {version.text_hash}, read by {version.article.extractor}")
    return ("\n".join(text_lines(version.article)) + "\n").encode("utf-8", "surrogatepass")


def _bytes(archive: "Archive", stored: "StoredCapture", form: str) -> bytes:
    from archive.warc import load_exchange

    if form == "body":
        return archive.payload(stored.id)
    exchange = load_exchange(archive.collection, stored.capture)
    if form == "request":
        return exchange.request
    if form == "wire" and stored.capture.is_imported:
        hint = "--warc gives the record as its writer made it, --body the page."
        raise NotFoundError("what came over the wire for an imported capture is not known", hint=hint)
    if form == "wire":
        return exchange.received
    if stored.capture.failure is not None:
        raise NotFoundError(
            "this exchange has no answer", hint="--wire gives whatever bytes did come, --warc the records."
        )
    return exchange.head + exchange.body


def _write(data: bytes, output: Path | None) -> None:
    if output is not None:
        write_file(data, output)
        return
    if sys.stdout.isatty():
        text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        if "\0" in text or "\N{REPLACEMENT CHARACTER}" in text:
            raise UsageError("binary data is not written to a terminal", hint="Add -o FILE, or pipe it to a program.")
        sys.stdout.write(clean(text))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def write_file(data: bytes, output: Path) -> None:
    """Write a new file.

    Raises:
        UsageError: one of that name is there already.
        StorageError: the disk refused.
    """
    try:
        with output.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise UsageError(f"{output} is there already", hint="Choose another name, or move that file away.") from None
    except OSError as error:
        output.unlink(missing_ok=True)
        raise StorageError(f"{output}: {error.strerror}", hint="Nothing was kept there; try another place.") from error
    talk(f"vigil: {len(data):,} bytes in {output}")
