"""Checks of what records make together: exchanges, bit for bit, and their payloads."""

from collections.abc import Iterator

from archive.errors import VigilError
from archive.model import RecordRef, sha256_of
from archive.verify.findings import RESTORE, FileScope, Finding, about, check
from archive.warc import Laid, LaidExchange, Record

_CERTIFICATE = "urn:vigil:certificate:"


@check
def record_belongs(scope: FileScope) -> Iterator[Finding]:
    """Every record is part of something that a run lays down: an exchange, an omission, a fact of the run."""
    for kind, ref in scope.unclaimed.values():
        hint = "It was brought in from elsewhere, or what it belongs to was damaged. " + RESTORE
        yield about(ref, "record-belongs", f"a {kind} record by itself", "a part of an exchange", hint)


@check
def unit_understood(scope: FileScope, record: Record) -> Iterator[Finding | Laid]:
    """Every metadata record and fact of a run can be understood, and the records that it names stand before it."""
    if record.type != "warcinfo" and not is_certificate(record):
        scope.unclaimed[record.ref.offset] = record.type, record.ref
    try:
        unit = scope.grouping.add(record)
    except VigilError as error:
        # What cannot be read at all was found by record-readable.
        if not scope.is_torn:
            yield Finding(
                check="unit-understood",
                file=scope.path.name,
                offset=record.ref.offset,
                record=record.ref.record_id or None,
                found=str(error),
                expected="an exchange, an omission or a fact of a run",
                hint=RESTORE,
            )
        scope.is_torn = False
        return
    if unit is not None:
        scope.is_torn = False
        for ref in _parts(unit):
            scope.unclaimed.pop(ref.offset, None)
        yield unit


@check
def exchange_whole(scope: FileScope, unit: LaidExchange) -> Iterator[Finding]:
    """Every exchange can be put together again to the very bytes that came over the wire.

    The metadata record states their number and SHA-256. A revisit is followed to the record that holds its payload,
    certificates to the records that hold them.
    """
    del scope
    try:
        if unit.whole is not None:
            unit.whole()
    except VigilError as error:
        expected = "the bytes whose digest the metadata record states"
        yield about(unit.capture.record, "exchange-whole", str(error), expected, RESTORE)


@check
def exchange_payload(scope: FileScope, unit: LaidExchange) -> Iterator[Finding]:
    """Every payload has the SHA-256 that its response or revisit record states."""
    del scope
    stated = unit.capture.payload_digest
    if stated is None:
        return
    try:
        actual = sha256_of(unit.entity())
    except VigilError as error:
        yield about(unit.capture.record, "exchange-payload", str(error), f"sha256:{stated}", RESTORE)
        return
    if actual != stated:
        found = f"a payload with sha256:{actual}"
        yield about(unit.capture.record, "exchange-payload", found, f"sha256:{stated}", RESTORE)


def is_certificate(record: Record) -> bool:
    """Tell whether a record keeps a peer's certificate, for all exchanges of its file."""
    return record.type == "resource" and (record.get("WARC-Target-URI") or "").startswith(_CERTIFICATE)


def _parts(unit: Laid) -> tuple[RecordRef, ...]:
    if not isinstance(unit, LaidExchange):
        return (unit.record,)
    capture = unit.capture
    return tuple(ref for ref in (capture.request, capture.record, capture.metadata) if ref is not None)


UNIT_CHECKS = (exchange_whole, exchange_payload)
