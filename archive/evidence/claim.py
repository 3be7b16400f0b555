"""``claim.json``: what an evidence package claims, one line a field, so that a shell can read it too. Pure."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

from archive.errors import IntegrityError
from archive.evidence.gather import Member, page_id_of
from archive.evidence.seal import record_name
from archive.model import Capture

FORMAT = "vigil-evidence-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a package claims of one capture; every value is text, and empty where there is none.

    From ``url`` to ``proved_by`` all follows from the sealed records and tokens in the package, and verifiers compare
    it. The rest is the archive's own word: ``asked_for`` and ``as_of`` is what was looked up, ``capture_before`` and
    ``capture_after`` are the neighbours in its index, and from ``number`` on, who was given the package and why.
    """

    format: str = FORMAT
    url: str
    captured_at: str
    kind: str
    status: str
    server_ip: str
    record_id: str
    metadata_id: str
    page_id: str
    payload_sha256: str
    run: str
    route: str
    seal: str
    proved_by: str
    asked_for: str
    as_of: str
    capture_before: str
    capture_after: str
    archive: str
    number: str
    exported_at: str
    case: str
    recipient: str
    purpose: str


NAMES = tuple(field.name for field in fields(Claim))
SEALED = NAMES[: NAMES.index("proved_by")]
"""The fields that verifiers take from the sealed records; ``proved_by`` follows from the tokens."""


def write_claim(claim: Claim) -> bytes:
    """Write a claim."""
    return json.dumps(asdict(claim), ensure_ascii=False, indent=1).encode() + b"\n"


def read_claim(data: bytes) -> Claim:
    """Read a claim.

    Raises:
        IntegrityError: it is not exactly as ``write_claim`` writes.
    """
    try:
        value = json.loads(data)
        claim = Claim(**value)
        if all(isinstance(text, str) for text in value.values()) and write_claim(claim) == data:
            return claim
    except (ValueError, TypeError, RecursionError):
        pass
    raise IntegrityError("claim.json is not written as a package writes it", hint="Ask for the package again.")


def sealed_facts(main: Member, metadata: Member, warcinfo: Member, page_id: str) -> dict[str, str]:
    """Give what the records themselves say of a capture, for the claim and for its checks.

    ``main`` is the response or revisit record; the metadata record itself where there was no answer. ``page_id`` names
    the page record; it is empty for a page that comes without what it needs to look as it did.
    """
    record = main.record
    line = record.block.split(b"\r\n", 1)[0].split(b"\n", 1)[0].decode("latin-1").split(" ")
    notes = _notes(metadata)
    routed = _notes(warcinfo).get("vigil-route")
    return {
        "format": FORMAT,
        "url": record.get("WARC-Target-URI") or "",
        "captured_at": record.get("WARC-Date") or "",
        "kind": notes.get("vigil-kind", ""),
        "status": line[1] if record.type in {"response", "revisit"} and len(line) > 1 else "",
        "server_ip": record.get("WARC-IP-Address") or "",
        "record_id": record.get("WARC-Record-ID") or "",
        "metadata_id": metadata.record.get("WARC-Record-ID") or "",
        "page_id": page_id,
        "payload_sha256": (record.get("WARC-Payload-Digest") or "").removeprefix("sha256:"),
        "run": notes.get("vigil-run", ""),
        "route": routed or "site",
    }


def facts_of_capture(members: tuple[Member, ...], capture: Capture) -> dict[str, str]:
    """Give ``sealed_facts`` of a capture among its members."""
    by_id = {member.record.ref.record_id: member for member in members}
    main = by_id[capture.record.record_id]
    warcinfo = by_id[main.record.get("WARC-Warcinfo-ID") or ""]
    return sealed_facts(main, by_id[capture.metadata.record_id], warcinfo, page_id_of(members))


def name_of(member: Member) -> str:
    """Name a member in its seal's list."""
    return record_name(member.record.type, member.record.ref.record_id)


def spelled(time: datetime) -> str:
    """Spell a time as claims do."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _notes(member: Member) -> dict[str, str]:
    """Read the fields of a warcinfo or metadata record; the first of a name wins."""
    lines = member.record.block.decode("utf-8", "replace").split("\r\n")
    parts = [line.partition(": ") for line in reversed(lines)]
    return {name: value for name, colon, value in parts if colon}
