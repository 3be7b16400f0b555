"""What the papers of a package say, in words by name: README.txt, declaration.txt and the certificate hold them."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime

from cryptography.x509.oid import NameOID

from archive.errors import IntegrityError
from archive.evidence.claim import Claim, spelled
from archive.evidence.exporting import fingerprints
from archive.evidence.owed import NEEDED
from archive.evidence.package import Contents
from archive.evidence.seal import RUN, SIGNATURE, SUMS, Seal, token_name
from archive.evidence.tokens import TEST_NAME, Stamp, check_token
from archive.model import CaptureKind, sha256_of
from archive.warc.notes import Notes

NONE = "none in this archive"
_PENDING = "NOT YET: the time stamps are pending"
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_CLOCK = {True: "synchronised", False: "not synchronised, says the kernel", None: "the kernel does not say"}
_CONTROLS = dict.fromkeys([*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], " ")
_TEST = "\n\nTHIS IS A TEST. The records are of a test server. They are NO capture of the real site."
_TEST_TIME = "\n\nTHE TIME STAMPS ARE OF A TEST AUTHORITY. They prove no time."


def words_of(contents: Contents, *, now: datetime | None = None) -> dict[str, str]:
    """Give what the templates ask for."""
    claim = contents.claim
    told = fingerprints(contents.trust)
    fields = {name: _one_line(value) or "-" for name, value in _fields(claim).items()}
    facts = _facts_of_run(contents)
    stamps = tuple(_stamps(contents, now or datetime.now(UTC)))
    return {
        **fields,
        **facts,
        "answer": _answer(contents),
        "recorded": f"{plain(claim.captured_at)}, by the archive's clock",
        "proved": plain(claim.proved_by) if claim.proved_by else _PENDING,
        "proved_by": claim.proved_by or _PENDING,
        "before": plain(claim.capture_before) if claim.capture_before else NONE,
        "after": plain(claim.capture_after) if claim.capture_after else NONE,
        "capture_before": claim.capture_before or NONE,
        "capture_after": claim.capture_after or NONE,
        "as_of": f", as of {claim.as_of}" if claim.as_of else "",
        "looked_up": fields["asked_for"] + (f", as of {plain(claim.as_of)}" if claim.as_of else ""),
        "made": plain(claim.exported_at),
        "proves_time": _proves_time(contents),
        "owner": _owner_of(contents),
        "whole": _whole(contents),
        "stamps": "\n".join(stamps),
        "stamp_lines": "\n".join(f"  - {line}" for line in stamps),
        "test": (_TEST if claim.route != "site" else "") + (_TEST_TIME if _has_test_time(contents) else ""),
        "warc_sha256": sha256_of(b"".join(member.data for member in contents.members)),
        "fingerprints": "\n".join(f"  {role}={digest}" for role, digest in told),
        "words": " ".join(f"{role}=..." for role, _ in told),
    }


def _proves_time(contents: Contents) -> str:
    if not contents.claim.proved_by:
        return "Nothing proves yet when they existed: the time stamps are pending."
    if _has_test_time(contents):
        return "Nothing about a time: the time stamps are of a test authority."
    return "They existed at the time stated above at the latest. That does not rest on this archive's word alone."


def plain(time: str) -> str:
    """Write a time of a claim as people do; UTC."""
    try:
        moment = datetime.fromisoformat(time).astimezone(UTC)
    except ValueError:
        return time
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M:%S} UTC ({time})"


def _answer(contents: Contents) -> str:
    claim = contents.claim
    if not claim.status:
        return "none came; what was tried is in the metadata record"
    if claim.kind == CaptureKind.REVISIT.value:
        return f"HTTP status {claim.status}; the same content as an earlier capture, whose records are here too"
    return f"HTTP status {claim.status}"


def _whole(contents: Contents) -> str:
    """Say whether what the page needs to look as it did came along."""
    pages = (Notes.from_block(one.record.block, "") for one in contents.members if one.record.type == "metadata")
    page = next((notes for notes in pages if notes.get("vigil-page") is not None), None)
    if page is None:
        return "the page alone, without the pictures, styles and scripts that a browser would load with it"
    count, lost = len(page.all("vigil-member")), len(page.all("vigil-left-out"))
    more = f"; {lost} more were not kept, and the page record says why" if lost else ""
    return f"the page, and {count} files that it needs to look as it did (pictures, styles, scripts){more}"


def _owner_of(contents: Contents) -> str:
    """Name the archive by the organisation in its root certificate."""
    names = [
        name for root in contents.trust.roots for name in root.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    ]
    return str(names[0].value) if names else contents.claim.archive


def _stamps(contents: Contents, now: datetime) -> Iterator[str]:
    """Say who stamped what, when; and what is pending."""
    for one in contents.seals:
        for stamped, called in {SUMS: "the list", SIGNATURE: "the signature"}.items():
            held = tuple(_held(contents, one.seal, stamped, now))
            for stamp in held:
                who = f"{stamp.authority} ({_common_name(stamp.subject)})"
                yield f"{who} stamped {called} of {one.seal.name} at {spelled(stamp.time)}"
            if len(held) < NEEDED:
                yield f"PENDING: {called} of {one.seal.name} has {len(held)} of {NEEDED} time stamps"


def _held(contents: Contents, seal: Seal, stamped: str, now: datetime) -> Iterator[Stamp]:
    for name, token in seal.tokens:
        over, who = token_name(name)
        authority = contents.trust.authority(who)
        if over == stamped and authority is not None:
            with suppress(IntegrityError):
                yield check_token(token, seal.stamped(name), authority, now=now)


def _common_name(subject: str) -> str:
    parts = [part.partition("=") for part in re.split(r"(?<!\\),", subject)]
    return next((value for name, _, value in parts if name.strip().upper() == "CN"), subject)


def _facts_of_run(contents: Contents) -> dict[str, str]:
    """Give what the main seal's provenance says of operator, program and clock."""
    seal = next(one.seal for one in contents.seals if one.seal.name == contents.claim.seal)
    try:
        told = json.loads(dict(seal.provenance)[RUN])
        made, after = told["software"]["made_by"], told["clock"]["after"]
        kernel = _CLOCK[after["is_synchronised"]]
        offset = after["ntp_offset"]
        ntp = f"; {offset:+.3f} seconds from {after['ntp_server']}" if offset is not None else ""
        return {"operator": str(told["operator"] or "-"), "software": str(made or "-"), "clock": f"{kernel}{ntp}"}
    except (ValueError, KeyError, TypeError):
        return {"operator": "-", "software": "-", "clock": "-"}


def _fields(claim: Claim) -> dict[str, str]:
    """Give the claim's fields by name."""
    return {name: str(value) for name, value in asdict(claim).items()}


def _has_test_time(contents: Contents) -> bool:
    roots = [root for one in contents.trust.authorities for root in one.roots]
    return any(TEST_NAME in root.subject.rfc4514_string() for root in roots)


def _one_line(text: str) -> str:
    """Make words that a person gave one line, which no control character turns round or hides."""
    return " ".join(text.translate(_CONTROLS).split())
