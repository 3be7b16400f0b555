"""``vigil hold`` and ``vigil redact``: events in the chain of custody. Nothing in vigil deletes or edits."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.frame import ROW_NUMBER, Verb, Verbs, existing, json_option, with_settings
from archive.cli.output import clean_line, show, show_json, spell, talk
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.collection import Collection
    from archive.config import Settings

hold = Verbs(
    name="hold",
    summary="Write down legal holds, list them, release them.",
    sections={
        "Commands": {
            "add": "archive.cli.holds:add",
            "list": "archive.cli.holds:list_holds",
            "release": "archive.cli.holds:release",
        }
    },
)


@click.command(cls=Verb, examples=["vigil hold add 12/2026 --by 'A. Nobody' --scope 'posts of May 2026'"])
@click.argument("case")
@click.option("--by", required=True, metavar="WHO", help="Who ordered it.")
@click.option("--scope", required=True, metavar="WHAT", help="What must be kept, in words.")
@with_settings
def add(settings: "Settings", *, case: str, by: str, scope: str) -> None:
    """Write down a legal hold for CASE.

    Words are kept in the archive's own papers; the chain of custody, which goes out with packages, gets a digest.
    """
    from archive.evidence.custody import EventKind
    from archive.evidence.papers import Paper

    collection = existing(settings)
    number = _note(collection, EventKind.HOLD_ADDED, Paper.HOLD, {"case": case, "by": by, "scope": scope})
    show(f"hold {number}")


@click.command("list", cls=Verb, examples=["vigil hold list", "vigil hold list --json"])
@json_option
@with_settings
def list_holds(settings: "Settings", *, as_json: bool) -> None:
    """List every hold, the newest last, those that were released too."""
    from archive.evidence.holds import holds

    found = holds(existing(settings))
    if not found:
        talk("vigil: no hold was ever added")
    for one in found:
        if as_json:
            show_json(one)
            continue
        state = "released" if one.released else "stands"
        show(f"{one.number:>4}  {state}  {clean_line(one.case)}: {clean_line(one.scope)}")
        show(f"      added {spell(one.added)} by {clean_line(one.by)}")
        if one.released:
            show(f"      released {spell(one.released)} by {clean_line(one.released_by)}: {clean_line(one.reason)}")


@click.command(cls=Verb, examples=["vigil hold release 7 --by 'A. Nobody' --reason 'case closed'"])
@click.argument("number", type=ROW_NUMBER)
@click.option("--by", required=True, metavar="WHO", help="Who allowed it.")
@click.option("--reason", required=True, metavar="WHY", help="Why.")
@with_settings
def release(settings: "Settings", *, number: int, by: str, reason: str) -> None:
    """Release the hold of that NUMBER.

    That it stood, and that it was released, stays in the chain.
    """
    from archive.evidence.custody import EventKind
    from archive.evidence.holds import standing
    from archive.evidence.papers import Paper

    collection = existing(settings)
    standing(collection, number)
    words = {"hold": str(number), "by": by, "reason": reason}
    _note(collection, EventKind.HOLD_RELEASED, Paper.RELEASE, words, subject=f"hold-{number}")
    talk(f"vigil: hold {number} is released")


@click.command(cls=Verb, examples=["vigil redact 1234 page-redacted.html --by 'A. Nobody' --covered 'two names'"])
@click.argument("record", type=ROW_NUMBER)
@click.argument("copy", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--by", required=True, metavar="WHO", help="Who covered it.")
@click.option("--covered", required=True, metavar="WHAT", help="What was covered, and why.")
@with_settings
def redact(settings: "Settings", *, record: int, copy: Path, by: str, covered: str) -> None:
    """Write down that COPY is a redacted copy of a capture.

    COPY is a file that you made, of the capture of that number.

    The capture itself is never changed, and the copy goes into no package: give it beside one. The chain of custody
    gets its SHA-256 and the record's id; who covered what is kept in the archive's own papers.
    """
    from archive.evidence.custody import EventKind
    from archive.evidence.papers import Paper
    from archive.model import sha256_of
    from archive.query import Archive

    collection = existing(settings)
    with Archive.open(collection) as archive:
        subject = archive.capture(record).capture.record.record_id
    digest = sha256_of(copy.read_bytes())
    words = {"record": subject, "copy_sha256": digest, "by": by, "covered": covered}
    _note(collection, EventKind.REDACTED, Paper.REDACTION, words, subject=subject)
    show(f"{digest}  {copy.name} is written down as a redacted copy of {subject}")


def _note(collection: "Collection", kind: str, paper: str, words: dict[str, str], subject: str | None = None) -> int:
    from archive.evidence.custody import Custody, EventKind
    from archive.evidence.holds import holds
    from archive.evidence.papers import Paper, keep_paper

    for name, text in words.items():
        if not text.strip():
            raise UsageError(f"{name} is empty", hint="It is written down for good; say it in words.")
    with collection.locked("vigil hold"):
        number = len(holds(collection)) + 1
        now = datetime.now(UTC)
        plain = {name: " ".join(text.split()) for name, text in words.items()}
        data = json.dumps({**plain, "time": now.isoformat(), "salt": _salt()}, ensure_ascii=False, indent=1).encode()
        digest = keep_paper(collection, Paper(paper), data + b"\n")
        Custody(collection).append(EventKind(kind), subject or f"hold-{number}", {"paper": digest}, now=now)
    return number


def _salt() -> str:
    """A random word, so that nobody can guess a paper from its digest."""
    import secrets

    return secrets.token_hex(16)
