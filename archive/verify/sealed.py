"""Checks of the seals: that every run has one, that files and records are what was sealed, who signed, and when."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

from archive.errors import IntegrityError, VigilError
from archive.evidence.custody import EventKind
from archive.evidence.ledger import seal_names, seal_of, seals_folder
from archive.evidence.owed import NEEDED, part_name, pending_of, tokens_there
from archive.evidence.seal import RUN, STAMPED, is_part_of_seal, read_sums, token_file, token_name
from archive.evidence.signature import check_signature
from archive.evidence.tokens import AGREEMENT, Stamp
from archive.evidence.trust import faults_of_copies
from archive.model import Sha256, sha256_of
from archive.verify.book import Book, Entry
from archive.verify.findings import RESTORE, Finding, check

_SEAL = "Restore the seal from a copy; a seal is never changed, only tokens are added."
_AGAIN = "`vigil seal` finishes what is owed; docs/how-to/keys.md says what a seal needs."
_CLOCK_SECONDS = 2.0
_FOREIGN_OK = re.compile(r"(log/(leaves|checkpoint(\.\d+)?)|trust/(root\.crt|log\.vkey|tsa-[a-z0-9-]+\.pem))")


@check
def seal_foreign(book: Book) -> Iterator[Finding]:
    """Nothing lies in the seals folder but seals, the log, and copies of public keys; a sealing broken off is named."""
    folder = seals_folder(book.collection)
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        name = str(path.relative_to(folder))
        seal, _, rest = name.partition("/")
        is_dir = path.is_dir() and not path.is_symlink()
        if is_dir and (rest in {"", "provenance"}) and not seal.startswith("."):
            continue
        is_known = _FOREIGN_OK.fullmatch(name) if seal in {"log", "trust"} else is_part_of_seal(rest)
        if not is_known or path.is_symlink() or seal.startswith("."):
            hint = _AGAIN if name.startswith(".") else "Find out who put it there, and take it away."
            yield _about("seal-foreign", name, "something that is no part of a seal", "seals and their log only", hint)


@check
def seal_copies(book: Book) -> Iterator[Finding]:
    """The copies of public keys in the archive can be read, and are those that seals are checked by."""
    for name, fault in faults_of_copies(book.collection, book.trust):
        hint = "`vigil seal` writes the copies anew from the keys that you keep; whoever checks by copies is misled."
        yield _about("seal-copies", f"trust/{name}", fault, "a copy of the published key", hint)


@check
def seal_list(book: Book) -> Iterator[Finding]:
    """Every seal has its list and signature, and the list is written exactly as a seal writes it."""
    for name in seal_names(book.collection):
        try:
            lines = read_sums(seal_of(book.collection, name).sums)
        except VigilError as error:
            yield _about("seal-list", name, str(error), "a sorted list of digests", _SEAL)
            continue
        if not any(line.startswith("archive/") for line in lines):
            yield _about("seal-list", name, "a list without a WARC file", "the files of its run", _SEAL)


@check
def run_sealed(book: Book) -> Iterator[Finding]:
    """Once the archive is sealed at all, every run that has ended has its seal, or all parts of it."""
    if not book.is_begun:
        return
    waiting = book.unsealed()
    for run in waiting[:-1] if book.is_held else waiting:
        yield _about("run-sealed", run.paths[0].name, f"run {run.run} has no whole seal", "a seal", _AGAIN, folder="")


@check
def sealed_file(book: Book, name: str, digest: Sha256 | None) -> Iterator[Finding]:
    """Every closed WARC file is named by the seal of its run, and is to the byte what was sealed."""
    seal = book.seal_of_file.get(name)
    if seal is None:
        if book.entries and not book.is_held and not _is_of_unsealed_run(book, name):
            hint = "No run that was sealed wrote it: find out who put it there."
            yield _about(
                "sealed-file", name, "a WARC file that its run's seal does not name", "sealed files", hint, folder=""
            )
        return
    stated = book.lines(seal).get(f"archive/{name}")
    if stated != digest:
        found = f"a file with sha256:{digest}" if digest else "a file that the disk does not give"
        yield _about("sealed-file", name, found, f"sha256:{stated}", RESTORE, folder="")


@check
def sealed_record(book: Book, name: str, records: dict[str, Sha256]) -> Iterator[Finding]:
    """Every record is in the list of its run's seal, as it was sealed, and every listed record is there."""
    seal = book.seal_of_file.get(name)
    if seal is None:
        return
    lines = book.lines(seal)
    for record, digest in records.items():
        if lines.get(record) != digest:
            found = f"{record} with sha256:{digest}"
            yield _about("sealed-record", name, found, f"sha256:{lines.get(record)}", RESTORE, folder="")
    for record in sorted(book.tick(seal, name, set(records))):
        yield _about("sealed-record", name, f"{record} is nowhere", "every record of the list", RESTORE, folder="")


@check
def sealed_there(book: Book) -> Iterator[Finding]:
    """Every WARC file that a seal names is in the archive folder."""
    for file, seal in sorted(book.seal_of_file.items()):
        if not (book.collection.warcs / file).is_file():
            hint = "Bring it back from a copy; the seal proves that it was there."
            yield _about("sealed-there", seal, f"{file} is gone", "every sealed WARC file", hint)


@check
def seal_signature(book: Book) -> Iterator[Finding]:
    """Every list is signed with a certificate that our root issued and that was valid when it was stamped."""
    for entry in book.entries:
        when = entry.earliest or (entry.facts.sealed if entry.facts else book.now)
        seal = seal_of(book.collection, entry.name)
        try:
            check_signature(seal.sums, seal.signature, book.trust.roots, when)
        except IntegrityError as error:
            yield _about("seal-signature", entry.name, str(error), "a signature under our root", error.hint)


@check
def seal_provenance(book: Book) -> Iterator[Finding]:
    """The provenance of every seal is what its list names, and speaks of this very run, its files and records."""
    routes = {run.run: run.route.value for run in book.runs()}
    for entry in book.entries:
        seal, lines = seal_of(book.collection, entry.name), book.lines(entry.name)
        there = {name: sha256_of(data) for name, data in seal.provenance}
        listed = {name: digest for name, digest in lines.items() if name.startswith("provenance/")}
        for name in sorted(there.keys() | listed.keys()):
            if there.get(name) != listed.get(name):
                found = f"{name} with sha256:{there.get(name)}"
                yield _about("seal-provenance", entry.name, found, f"sha256:{listed.get(name)}", _SEAL)
        facts = entry.facts
        if facts is None:
            yield _about("seal-provenance", entry.name, f"no {RUN} that can be read", "the run's facts", _SEAL)
            continue
        records = sum(name.startswith("records/") for name in lines)
        told = (part_name(facts.run, facts.part, facts.parts), tuple(sorted(facts.files)), facts.records, facts.route)
        actual = (entry.name, tuple(sorted(entry.files)), records, routes.get(facts.run, facts.route))
        if told != actual:
            yield _about("seal-provenance", entry.name, f"it speaks of {told}", str(actual), _SEAL)


@check
def stamp_holds(book: Book) -> Iterator[Finding]:
    """Every token is over the list or the signature beside it, by an authority of ours, and not dated in the future.

    Its certificate must be for time stamps, lead to the authority's root, be the pinned one where one is pinned, and
    have been valid at the token's own time.
    """
    for entry in book.entries:
        for name, stamp in entry.stamps:
            if isinstance(stamp, IntegrityError):
                hint = "Restore the token from a copy; `vigil seal` asks for a new one once this is moved away."
                yield _about("stamp-holds", f"{entry.name}/{name}", str(stamp), "a token that holds", hint)


@check
def stamps_agree(book: Book) -> Iterator[Finding]:
    """The authorities' times for one seal lie within ten minutes, but for tokens that are known to have come late."""
    for entry in book.entries:
        late = {
            (event.detail("over"), event.detail("authority"))
            for event in book.events
            if event.kind is EventKind.STAMP_OWED and event.subject == entry.name
        }
        times = [
            stamp.time for name, stamp in entry.stamps if isinstance(stamp, Stamp) and token_name(name) not in late
        ]
        if times and max(times) - min(times) > AGREEMENT:
            found = f"stamps from {min(times):%Y-%m-%dT%H:%M:%SZ} to {max(times):%Y-%m-%dT%H:%M:%SZ}"
            hint = "One authority's clock was wrong, or tokens were exchanged: ask both, and look at the next seal."
            yield _about("stamps-agree", entry.name, found, "stamps within ten minutes", hint)


@check
def stamp_kept(book: Book) -> Iterator[Finding]:
    """Every token that came is still there."""
    for event in book.events:
        if event.kind is not EventKind.STAMPED:
            continue
        name = token_file(event.detail("over") or "", event.detail("authority") or "")
        if not (seals_folder(book.collection) / event.subject / name).is_file():
            found = f"{name} is gone; it came at {event.time:%Y-%m-%dT%H:%M:%SZ}"
            yield _about("stamp-kept", event.subject, found, "every token that came", "Restore it from a copy.")


@check
def stamp_overdue(book: Book) -> Iterator[Finding]:
    """No seal is without the stamps of two authorities, over list and signature, for longer than ``alarm_hours``."""
    gone = {event.subject for event in book.events if event.kind is EventKind.STAMPED}
    for entry in book.entries:
        there = tokens_there(book.collection, entry.name)
        if all(len(there[stamped]) >= NEEDED for stamped in STAMPED) or entry.facts is None:
            continue
        for stamp in pending_of(book.collection, entry.name, book.events):
            if stamp.is_overdue(book.trust.alarm_hours, book.now) and not (entry.name in gone and not stamp.have):
                found = f"{len(stamp.have)} stamps on {stamp.stamped}: {'; '.join(stamp.reasons)}"
                yield _about("stamp-overdue", entry.name, found, f"{NEEDED} stamps", _AGAIN)


@check
def clock_sound(book: Book) -> Iterator[Finding]:
    """The machine's clock was right when a run was made.

    It was not set during the run, lay within two seconds of the NTP server where one was asked, and within ten minutes
    of the authorities' time when the seal was made; and no seal was made before the one before it.
    """
    at = {leaf.name: number for number, leaf in enumerate(book.leaves)}
    last: Entry | None = None
    for entry in sorted(book.entries, key=lambda one: at.get(one.name, len(at))):
        for found, expected in _clock_faults(entry, last):
            hint = "Tell it wherever the run is used: its times are as wrong as this clock was."
            yield _about("clock-sound", entry.name, found, expected, hint)
        last = entry


def _clock_faults(entry: Entry, last: Entry | None) -> Iterator[tuple[str, str]]:
    facts = entry.facts
    if facts is None:
        return
    if facts.clock_step is not None and abs(facts.clock_step) > _CLOCK_SECONDS:
        yield f"the clock was set by {facts.clock_step:+.1f} seconds during the run", "a clock that runs on"
    if facts.clock_offset is not None and abs(facts.clock_offset) > _CLOCK_SECONDS:
        yield f"the clock was {facts.clock_offset:+.1f} seconds off by NTP", f"{_CLOCK_SECONDS:g} seconds at most"
    if entry.earliest is not None and facts.sealed - entry.earliest > AGREEMENT:
        ahead = facts.sealed - entry.earliest
        yield f"sealed {ahead} after an authority had stamped it", "a clock that agrees with the authorities"
    if last is not None and last.facts is not None and facts.sealed < last.facts.sealed - timedelta(seconds=1):
        yield f"sealed at {facts.sealed}, after one sealed at {last.facts.sealed}", "times that go forward"


def _is_of_unsealed_run(book: Book, file: str) -> bool:
    return any(file == path.name for run in book.unsealed() for path in run.paths)


def _about(check_id: str, subject: str, found: str, expected: str, hint: str, *, folder: str = "seals/") -> Finding:
    return Finding(check=check_id, file=f"{folder}{subject}", found=found, expected=expected, hint=hint)


SEAL_CHECKS = (seal_foreign, seal_copies, seal_list, run_sealed)
SEAL_END_CHECKS = (
    sealed_there,
    seal_signature,
    seal_provenance,
    stamp_holds,
    stamps_agree,
    stamp_kept,
    stamp_overdue,
    clock_sound,
)
CHECKS_OF_SEALS: tuple[Callable[..., Iterator[Finding]], ...] = (
    *SEAL_CHECKS,
    sealed_file,
    sealed_record,
    *SEAL_END_CHECKS,
)
