"""What the records of a package say together: whether any is missing, what they say of the capture and the log."""

from collections.abc import Iterator, Mapping

from archive.errors import IntegrityError, VigilError
from archive.evidence import merkle
from archive.evidence.claim import Claim, name_of, sealed_facts, spelled
from archive.evidence.gather import Member, page_id_of
from archive.evidence.log import LogProof, open_checkpoint, read_checkpoint, read_proof
from archive.evidence.owed import part_name
from archive.evidence.seal import SUMS, read_facts, read_sums
from archive.verify.packed import PackageScope, PackedSeal
from archive.warc.notes import Notes


def damages(members: Mapping[str, Member], claim: Claim | None) -> Iterator[str]:
    """Say what is missing, or too much, for the capture that is claimed.

    Every metadata record names the records of its capture, the certificates shown, and a revisit's original; the page
    record names the captures that the page needs. All that is named must be there, and nothing else; the capture has
    one metadata record, and so has each original and each capture that the page needs.
    """
    metadata_id, page_id = (claim.metadata_id, claim.page_id) if claim else ("", "")
    have = sorted(member.record.ref.record_id for member in members.values())
    all_notes = {
        member.record.ref.record_id: Notes.from_block(member.record.block, "")
        for member in members.values()
        if member.record.type == "metadata"
    }
    needed = {metadata_id, page_id, *(member.record.get("WARC-Warcinfo-ID") for member in members.values())}
    for notes in all_notes.values():
        needed |= _named(notes)
    missing = set(filter(None, needed)) - set(have)
    yield from (f"{one} is missing" for one in sorted(missing))
    yield from (f"{one} belongs to nothing that is there" for one in sorted(set(have) - needed))
    if len(set(have)) != len(have):
        yield "two records have one id"
    main = all_notes.get(metadata_id)
    if main is None:
        yield f"the metadata record {metadata_id} is missing"
        return
    yield from _unowned(all_notes, main, metadata_id)
    yield from _wrong_page(members, all_notes, main, page_id)


def _unowned(all_notes: Mapping[str, Notes], main: Notes, metadata_id: str) -> Iterator[str]:
    """Hold the metadata records against the captures that are needed: one for each, and none besides."""
    wanted = {one for notes in all_notes.values() for one in _captures(notes)} - set(_records(main))
    others = [
        notes for record_id, notes in all_notes.items() if record_id != metadata_id and notes.get("vigil-page") is None
    ]
    if len(others) != len(wanted):
        yield f"{len(others)} metadata records besides the capture's own, for {len(wanted)} captures"
    held = {one for notes in others for one in _records(notes)}
    for one in sorted(wanted - held):
        yield f"the metadata record of {one} is missing"


def _wrong_page(
    members: Mapping[str, Member], all_notes: Mapping[str, Notes], main: Notes, page_id: str
) -> Iterator[str]:
    """Hold the page record against the claim: it is the one that is named, of this capture or of the same payload."""
    pages = {record_id: page for record_id, notes in all_notes.items() if (page := notes.get("vigil-page")) is not None}
    if sorted(pages) != [page_id] * bool(page_id):
        yield f"the page records are {' '.join(sorted(pages)) or 'none'}, the claim names {page_id or 'none'}"
    digests = {one.record.ref.record_id: one.record.get("WARC-Payload-Digest") for one in members.values()}
    own = {digests.get(one) for one in _records(main)} - {None}
    for page in pages.values():
        of = page.split(" ")[-1]
        if of not in _records(main) and digests.get(of) not in own:
            yield f"the page record is of {of}, which is another page"


def facts(scope: PackageScope) -> dict[str, str]:
    """Give what records, seals and tokens say of what the claim claims; what cannot be told is left out."""
    claim = scope.claim
    by_id = {member.record.ref.record_id: member for member in scope.members.values()}
    if claim is None or claim.record_id not in by_id or claim.metadata_id not in by_id:
        return {}
    main, metadata = by_id[claim.record_id], by_id[claim.metadata_id]
    warcinfo = by_id.get(main.record.get("WARC-Warcinfo-ID") or "")
    parts = Notes.from_block(metadata.record.block, "").get("vigil-records") or ""
    is_main = main.record.type in {"response", "revisit"} or (main is metadata and claim.kind == "failure")
    if warcinfo is None or claim.record_id not in parts.split(" ") or not is_main:
        return {}
    found = sealed_facts(main, metadata, warcinfo, page_id_of(scope.members.values()))
    for one in scope.seals:
        if name_of(main) in _lines(one):
            proved = one.proved_by(SUMS)
            found |= {"seal": one.seal.name, "proved_by": spelled(proved.replace(microsecond=0)) if proved else ""}
    return found


def is_of_its_run(one: PackedSeal) -> bool:
    """Tell whether a seal's provenance is of the run, and the part of it, by which the seal is named."""
    try:
        facts = read_facts(one.seal)
    except VigilError:
        return False
    return one.seal.name == part_name(facts.run, facts.part, facts.parts)


def check_published(scope: PackageScope, proof: LogProof, outside: bytes) -> None:
    """Compare the log of a package with a checkpoint from outside, over the leaves that the package brings along.

    Raises:
        IntegrityError: the outside checkpoint is not one of this log, or they cannot be compared.
    """
    published = open_checkpoint(outside, scope.log_keys)
    inside = read_checkpoint(proof.checkpoint)
    try:
        leaves = [bytes.fromhex(line) for line in scope.files["log-leaves"].decode("ascii").splitlines()]
    except (KeyError, ValueError):
        raise IntegrityError("log-leaves cannot be read") from None
    if len(leaves) != inside.size or merkle.root_of(leaves) != inside.root:
        raise IntegrityError("log-leaves are not those of the package's own checkpoint")
    if published.size > inside.size:
        raise IntegrityError(
            f"the checkpoint from outside counts {published.size} seals, the package's {inside.size}: take "
            f"checkpoint.{inside.size} or an older one"
        )
    if merkle.root_of(leaves[: published.size]) != published.root:
        raise IntegrityError("the checkpoint from outside is of another history")
    places = {read_proof(one.proof).index for one in scope.seals}
    if max(places, default=0) >= published.size:
        raise IntegrityError("the checkpoint from outside is older than the seal: take a newer one")


def _named(notes: Notes) -> set[str | None]:
    certificates = {_last_word(place, -1) for place in notes.all("tls-certificate")}
    return {*_records(notes), *certificates, *_captures(notes)}


def _records(notes: Notes) -> list[str]:
    return (notes.get("vigil-records") or "").split()


def _captures(notes: Notes) -> set[str]:
    """Give the records, one for each capture, that a metadata record names beside those of its own capture."""
    page = _last_word(notes.get("vigil-page"), -1)
    members = {words[3] for one in notes.all("vigil-member") if len(words := one.split(" ")) > 3}
    return {one for one in (page, _last_word(notes.get("vigil-original"), -2), *members) if one}


def _last_word(text: str | None, at: int) -> str | None:
    words = (text or "").split(" ")
    return words[at] if len(words) >= -at and words[at] else None


def _lines(one: PackedSeal) -> Mapping[str, str]:
    try:
        return read_sums(one.seal.sums)
    except IntegrityError:
        return {}
