"""Checks of the log of seals and of the chain of custody: that nothing was taken out, put in, or rolled back."""

from collections.abc import Iterator

from archive.errors import IntegrityError, VigilError
from archive.evidence import log, merkle
from archive.evidence.custody import Custody, read_custody
from archive.evidence.ledger import Ledger, seal_names
from archive.model import sha256_of
from archive.verify.book import Book
from archive.verify.findings import Finding, check

_LOG = "Restore seals/log from a copy, and compare it with a checkpoint that was published."


@check
def log_leaves(book: Book) -> Iterator[Finding]:
    """Every leaf of the log is a seal that is there, unchanged and once; every seal is a leaf."""
    try:
        leaves = Ledger(book.collection).leaves()
    except VigilError as error:
        yield _about("log-leaves", "leaves", str(error), "one line for each seal", _LOG)
        return
    there = {entry.name: entry.leaf for entry in book.entries}
    for number, leaf in enumerate(leaves):
        if leaf.name not in there:
            hint = "A whole seal was taken away: bring it back from a copy."
            yield _about("log-leaves", "leaves", f"leaf {number}: the seal {leaf.name} is gone", "the seal", hint)
        elif there[leaf.name] != leaf.hash:
            found = f"leaf {number}: the list of {leaf.name} is another now"
            yield _about("log-leaves", "leaves", found, f"a list with leaf hash {leaf.hash.hex()}", _LOG)
    names = [leaf.name for leaf in leaves]
    for name in sorted({name for name in names if names.count(name) > 1} if len(set(names)) != len(names) else ()):
        yield _about("log-leaves", "leaves", f"{name} is in the log twice", "every seal once", _LOG)
    waiting = [name for name in seal_names(book.collection) if name not in set(names)]
    for name in waiting[:-1] if book.is_held else waiting:
        hint = "`vigil seal` adds it, if a run of yours made it; else find out who did."
        yield _about("log-leaves", "leaves", f"the seal {name} is not in the log", "every seal in the log", hint)


@check
def log_checkpoint(book: Book) -> Iterator[Finding]:
    """Every kept checkpoint is signed by our log key and is the root over that many leaves; none is missing."""
    ledger = Ledger(book.collection)
    kept = ledger.checkpoints()
    hashes = [leaf.hash for leaf in book.leaves]
    for number in range(1, max(len(hashes), *kept, 0) + 1):
        name = f"checkpoint.{number}"
        if number not in kept:
            if not (book.is_held and number == len(hashes)):
                yield _about("log-checkpoint", name, "it is missing", "a checkpoint for every seal", _LOG)
            continue
        problem = _problem(kept[number], number, hashes, book)
        if problem is not None:
            yield _about("log-checkpoint", name, problem, f"the signed root over {number} leaves", _LOG)
    newest = ledger.checkpoint()
    if hashes and not book.is_held and newest != kept.get(len(hashes)):
        yield _about("log-checkpoint", "checkpoint", "it is not the newest", f"checkpoint.{len(hashes)}", _LOG)


@check
def log_chain(book: Book) -> Iterator[Finding]:
    """Every seal holds the log's checkpoint of the moment before it, so the runs form one chain."""
    hashes = [leaf.hash for leaf in book.leaves]
    at = {leaf.name: number for number, leaf in enumerate(book.leaves)}
    for entry in book.entries:
        number = at.get(entry.name)
        if number is None:
            continue
        if entry.previous is None:
            problem = None if number == 0 else "it holds no checkpoint"
        else:
            problem = _problem(entry.previous, number, hashes, book)
        if problem is not None:
            expected = f"the checkpoint of {number} leaves"
            hint = "The seal was made elsewhere, or the log before it is another: compare both with copies."
            yield _about("log-chain", f"../{entry.name}", problem, expected, hint)


@check
def log_published(book: Book) -> Iterator[Finding]:
    """Every checkpoint that was published lies within this log: nothing before it was removed or rewritten since.

    Checkpoints are looked for in the folders of ``publish``, and in files named with ``--checkpoint``. Without them,
    whoever holds all keys could write a new history that this check cannot tell from the true one.
    """
    hashes = [leaf.hash for leaf in book.leaves]
    for where, note in book.trust.published:
        try:
            state = log.open_checkpoint(note, book.trust.log_keys)
        except IntegrityError as error:
            yield _about("log-published", where, str(error), "a checkpoint of this log", error.hint, folder="")
            continue
        if state.size > len(hashes):
            found = f"the log has {len(hashes)} leaves"
        elif merkle.root_of(hashes[: state.size]) != state.root:
            found = f"the first {state.size} leaves have another root"
        else:
            continue
        hint = "The log was rolled back or rewritten since this was published: keep it, it is the proof."
        yield _about("log-published", where, found, f"the {state.size} leaves that were published", hint, folder="")


@check
def custody_chain(book: Book) -> Iterator[Finding]:
    """Each event of the chain of custody is bound to the one before, and all that seals tell of are still there."""
    data = Custody(book.collection).data()
    try:
        read_custody(data)
    except IntegrityError as error:
        yield _about("custody-chain", "../../state/custody.jsonl", str(error), "an unbroken chain", error.hint)
        return
    heads = {sha256_of(line) for line in data.splitlines(keepends=True)}
    for entry in book.entries:
        if entry.facts is not None and entry.facts.custody is not None and entry.facts.custody not in heads:
            found = f"the event that the seal {entry.name} names is gone"
            hint = "Restore state/custody.jsonl from a copy."
            yield _about("custody-chain", "../../state/custody.jsonl", found, entry.facts.custody, hint)


def _problem(note: bytes, size: int, hashes: list[bytes], book: Book) -> str | None:
    """Say what is wrong with a checkpoint that should be the one of so many leaves."""
    try:
        state = log.open_checkpoint(note, book.trust.log_keys)
    except IntegrityError as error:
        return str(error)
    if state.size != size:
        return f"it counts {state.size} leaves"
    return None if merkle.root_of(hashes[:size]) == state.root else "its root is another"


def _about(check_id: str, subject: str, found: str, expected: str, hint: str, *, folder: str = "seals/log/") -> Finding:
    place = f"{folder}{subject}".replace("seals/log/../../", "").replace("log/../", "")
    return Finding(check=check_id, file=place, found=found, expected=expected, hint=hint)


LOG_CHECKS = (log_leaves, log_checkpoint, log_chain, log_published, custody_chain)
