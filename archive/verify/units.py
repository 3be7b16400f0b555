"""Checks of what records make together: exchanges, bit for bit, and their payloads."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from archive.errors import VigilError
from archive.model import RecordRef, sha256_of
from archive.verify.findings import RESTORE, Finding, Scope, check
from archive.warc import Laid, LaidExchange, Record, groups, load_exchange

_CERTIFICATE = "urn:vigil:certificate:"


@check
def record_belongs(scope: Scope, records: Sequence[Record], units: Sequence[Laid]) -> Iterator[Finding]:
    """Every record is part of something that a run lays down: an exchange, an omission, a fact of the run."""
    del scope
    known = {ref.offset for unit in units for ref in _parts(unit)}
    for record in records:
        is_certificate = record.type == "resource" and (record.get("WARC-Target-URI") or "").startswith(_CERTIFICATE)
        if record.type == "warcinfo" or is_certificate or record.ref.offset in known:
            continue
        hint = "It was brought in from elsewhere, or what it belongs to was damaged. " + RESTORE
        yield _about(record.ref, "record-belongs", f"a {record.type} record by itself", "a part of an exchange", hint)


@check
def unit_understood(scope: Scope, path: Path, records: Sequence[Record]) -> Iterator[Finding | Laid]:
    """Every metadata record and fact of a run can be understood, and the records that it names stand before it."""
    del scope
    ends = [0, *(record.end for record in records)]
    damaged = {record.ref.offset for record, end in zip(records, ends, strict=False) if record.ref.offset != end}
    starts = sorted({0} | damaged | {record.end for record in records if _ends_unit(record)})
    at: int | None = 0
    while at is not None:
        try:
            for unit in groups(path, at):
                yield unit
                at = unit.record.offset + unit.record.length
        except VigilError as error:
            following = next((start for start in starts if start > (at or 0)), None)
            # What cannot be read at all was found by record-readable.
            if following not in damaged and (following or path.stat().st_size) in ends:
                yield Finding(
                    check="unit-understood",
                    file=path.name,
                    offset=at,
                    found=str(error),
                    expected="an exchange, an omission or a fact of a run",
                    hint=RESTORE,
                )
            at = following
        else:
            return


@check
def exchange_whole(scope: Scope, unit: LaidExchange) -> Iterator[Finding]:
    """Every exchange can be put together again to the very bytes that came over the wire.

    The metadata record states their number and SHA-256. A revisit is followed to the record that holds its payload,
    certificates to the records that hold them.
    """
    try:
        load_exchange(scope.collection, unit.capture)
    except VigilError as error:
        expected = "the bytes whose digest the metadata record states"
        yield _about(unit.capture.record, "exchange-whole", str(error), expected, RESTORE)


@check
def exchange_payload(scope: Scope, unit: LaidExchange) -> Iterator[Finding]:
    """Every payload has the SHA-256 that its response or revisit record states."""
    del scope
    stated = unit.capture.payload_digest
    if stated is None:
        return
    try:
        actual = sha256_of(unit.entity())
    except VigilError as error:
        yield _about(unit.capture.record, "exchange-payload", str(error), f"sha256:{stated}", RESTORE)
        return
    if actual != stated:
        found = f"a payload with sha256:{actual}"
        yield _about(unit.capture.record, "exchange-payload", found, f"sha256:{stated}", RESTORE)


def _ends_unit(record: Record) -> bool:
    uri = record.get("WARC-Target-URI") or ""
    return record.type in {"warcinfo", "metadata"} or uri.startswith("urn:vigil:run:")


def _parts(unit: Laid) -> tuple[RecordRef, ...]:
    if not isinstance(unit, LaidExchange):
        return (unit.record,)
    capture = unit.capture
    return tuple(ref for ref in (capture.request, capture.record, capture.metadata) if ref is not None)


def _about(ref: RecordRef, check_id: str, found: str, expected: str, hint: str) -> Finding:
    return Finding(
        check=check_id,
        file=ref.file,
        offset=ref.offset,
        record=ref.record_id or None,
        found=found,
        expected=expected,
        hint=hint,
    )


UNIT_CHECKS = (exchange_whole, exchange_payload)
