"""What is done to a sealed archive, by an outsider without keys and by an insider who holds them all."""

import gzip
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from archive.evidence.authority import TestAuthority
from archive.evidence.custody import CustodyEvent, EventKind, head_of, line_of, read_custody
from archive.evidence.keys import make_keys, read_signing
from archive.evidence.seal import PREVIOUS, RUN, SIGNATURE, SUMS, read_sums, write_sums
from archive.evidence.signature import sign
from archive.model import sha256_of
from archive.warc import walk, warc_files
from tests.evidence.makers import Sealed, now, token_of

Tamper = Callable[[Sealed], None]


def warc(copy: Sealed, number: int = 1) -> Path:
    return warc_files(copy.collection)[number]


# --- an outsider's hands: no keys -------------------------------------------------------------------------


def flip_a_bit(copy: Sealed) -> None:
    data = bytearray(warc(copy).read_bytes())
    data[len(data) // 2] ^= 1
    warc(copy).write_bytes(data)


def truncate(copy: Sealed) -> None:
    warc(copy).write_bytes(warc(copy).read_bytes()[:-40])


def append_a_record(copy: Sealed) -> None:
    record = next(one for one in walk(warc(copy)) if one.type == "warcinfo")
    uid = b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r"
    header = re.sub(rb"WARC-Record-ID: .*", uid, record.header)
    with warc(copy).open("ab") as file:
        file.write(gzip.compress(header + record.block + b"\r\n\r\n"))


def compress_again(copy: Sealed) -> None:
    parts = [gzip.compress(one.header + one.block + b"\r\n\r\n", 1) for one in walk(warc(copy))]
    warc(copy).write_bytes(b"".join(parts))


def delete_a_file(copy: Sealed) -> None:
    warc(copy, 2).unlink()


def delete_a_night(copy: Sealed) -> None:
    shutil.rmtree(copy.seal(1))


def delete_a_signature(copy: Sealed) -> None:
    (copy.seal() / SIGNATURE).unlink()


def delete_a_token(copy: Sealed) -> None:
    (copy.seal() / f"{SUMS}.tsa1.tst").unlink()


def damage_a_token(copy: Sealed) -> None:
    path = copy.seal() / f"{SUMS}.tsa1.tst"
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(data)


def swap_tokens(copy: Sealed) -> None:
    ours, theirs = copy.seal(1) / f"{SUMS}.tsa1.tst", copy.seal(2) / f"{SUMS}.tsa1.tst"
    a, b = ours.read_bytes(), theirs.read_bytes()
    ours.write_bytes(b)
    theirs.write_bytes(a)


def convert_line_ends(copy: Sealed) -> None:
    path = copy.seal() / SUMS
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def edit_the_list(copy: Sealed) -> None:
    path = copy.seal() / SUMS
    lines = read_sums(path.read_bytes())
    name = next(line for line in lines if line.startswith("records/response"))
    lines[name] = sha256_of(b"another")
    path.write_bytes(write_sums(lines))


def edit_provenance(copy: Sealed) -> None:
    path = copy.seal() / RUN
    path.write_bytes(path.read_bytes().replace(b"Imaginary", b"Invented!"))


def plant_a_file(copy: Sealed) -> None:
    (copy.seal() / "hidden").write_bytes(b"x")


def damage_a_copy_of_a_key(name: str) -> Tamper:
    def tamper(copy: Sealed) -> None:
        path = copy.collection.root / "seals" / "trust" / name
        path.write_bytes(path.read_bytes().replace(b"A", b"!"))

    return tamper


def exchange_a_copy_of_a_key(name: str) -> Tamper:
    def tamper(copy: Sealed) -> None:
        stranger = copy.folder / "stranger"
        make_keys(stranger, owner="Somebody Else", log_name="archive.example/log", passphrase=None, now=now())
        shutil.copy(
            stranger / (name if name != "tsa-tsa1.pem" else "root.crt"), copy.collection.root / "seals/trust" / name
        )

    return tamper


def plant_a_link(copy: Sealed) -> None:
    path = copy.seal() / f"{SUMS}.tsa1.tst"
    shutil.move(path, copy.folder / "away.tst")
    path.symlink_to(copy.folder / "away.tst")


def plant_a_warc(copy: Sealed) -> None:
    path = warc(copy, 2)
    shutil.copy(path, path.with_name(path.name.replace("-00003-", "-00004-")))


def forget_a_leaf(copy: Sealed) -> None:
    path = copy.collection.root / "seals/log/leaves"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def garble_the_leaves(copy: Sealed) -> None:
    path = copy.collection.root / "seals/log/leaves"
    path.write_bytes(b"no leaf at all\n")


def edit_checkpoint_history(copy: Sealed) -> None:
    folder = copy.collection.root / "seals/log"
    (folder / "checkpoint.1").write_bytes((folder / "checkpoint.2").read_bytes())


def delete_a_checkpoint(copy: Sealed) -> None:
    (copy.collection.root / "seals/log/checkpoint.2").unlink()


def take_out_an_event(copy: Sealed) -> None:
    path = copy.collection.state / "custody.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3] + lines[4:]))


def edit_an_event(copy: Sealed) -> None:
    path = copy.collection.state / "custody.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"tsa1"', b'"tsa9"', 1))


def leave_a_sealing_half_done(copy: Sealed) -> None:
    (copy.collection.root / "seals/.night.new").mkdir()


# --- an insider's hands: our own keys ---------------------------------------------------------------------


def rewrite_a_page(copy: Sealed) -> None:
    """Change a page and every digest of it within the WARC."""
    parts = []
    for one in walk(warc(copy)):
        block = one.block.replace(b"gulls", b"herds")
        header = one.header.replace(sha256_of(one.block).encode(), sha256_of(block).encode())
        parts.append(gzip.compress(header + block + b"\r\n\r\n"))
    warc(copy).write_bytes(b"".join(parts))


def rewrite_and_sign(copy: Sealed) -> None:
    rewrite_a_page(copy)
    copy.resign()


def rewrite_and_stamp_today(copy: Sealed) -> None:
    rewrite_and_sign(copy)
    copy.restamp()


def rewrite_all_but_the_published(copy: Sealed) -> None:
    """Hold seal key, log key and both authorities, and write everything anew."""
    rewrite_a_page(copy)
    previous = None
    for number in range(3):
        if previous is not None:
            (copy.seal(number) / PREVIOUS).write_bytes(previous)
        copy.resign(number)
        copy.restamp(number)
        copy.relog()
        previous = (copy.collection.root / f"seals/log/checkpoint.{number + 1}").read_bytes()


def forget_events(copy: Sealed, is_unwanted: Callable[[CustodyEvent], bool]) -> None:
    """Write the chain of custody anew without some events; nothing but seals binds it."""
    path = copy.collection.state / "custody.jsonl"
    kept = b""
    for event in read_custody(path.read_bytes()):
        if not is_unwanted(event):
            kept += line_of(replace(event, number=kept.count(b"\n") + 1, previous=head_of(kept)))
    path.write_bytes(kept)


def roll_back(copy: Sealed) -> None:
    """Take the last night away everywhere, log and custody too."""
    last = copy.names[-1]
    folder = copy.collection.root / "seals/log"
    shutil.rmtree(copy.seal(-1))
    warc(copy, 2).unlink()
    forget_a_leaf(copy)
    (folder / "checkpoint.3").unlink()
    shutil.copy(folder / "checkpoint.2", folder / "checkpoint")
    forget_events(copy, lambda event: event.subject == last)


def sign_under_a_foreign_root(copy: Sealed) -> None:
    folder = copy.folder / "foreign"
    make_keys(folder, owner="The Imaginary Archive", log_name="archive.example/log", passphrase=None, now=now())
    keys = read_signing(folder, None, now())
    sums = (copy.seal() / SUMS).read_bytes()
    (copy.seal() / SIGNATURE).write_bytes(sign(sums, keys.certificate, keys.key))
    copy.restamp()


def stamp_by_a_stranger(copy: Sealed) -> None:
    """Use an authority of the same name, whose token brings its own root along."""
    data = (copy.seal() / SUMS).read_bytes()
    (copy.seal() / f"{SUMS}.tsa1.tst").write_bytes(token_of(TestAuthority("tsa1"), data))


def stamp_in_the_future(copy: Sealed) -> None:
    copy.restamp(at=now() + timedelta(days=2))


def stamp_hours_apart(copy: Sealed) -> None:
    copy.restamp(at=now() - timedelta(hours=3), who=(1,))


def sign_with_a_damaged_list(copy: Sealed) -> None:
    copy.put_list(b"")


def drop_records_from_the_list(copy: Sealed) -> None:
    lines = read_sums((copy.seal() / SUMS).read_bytes())
    copy.put_list(write_sums({name: one for name, one in lines.items() if not name.startswith("records/request")}))
    copy.restamp()
    copy.relog()


def list_a_record_that_is_not_there(copy: Sealed) -> None:
    lines = read_sums((copy.seal(2) / SUMS).read_bytes())
    lines["records/response-00000000-0000-4000-8000-000000000000.warc.gz"] = sha256_of(b"x")
    copy.put_list(write_sums(lines), 2)
    copy.restamp(2)
    copy.relog()


def claim(field: str, value: object, number: int = 2) -> Tamper:
    """Edit a fact of the newest run, and sign, stamp and log all that anew."""

    def tamper(copy: Sealed) -> None:
        path = copy.seal(number) / RUN
        facts = json.loads(path.read_bytes())
        place = facts["clock"] if field in facts["clock"] else facts
        place[field] = value
        path.write_text(json.dumps(facts))
        copy.resign(number)
        copy.restamp(number)
        copy.relog()

    return tamper


def chain_to_nothing(copy: Sealed) -> None:
    (copy.seal(2) / PREVIOUS).unlink()
    copy.resign(2)
    copy.restamp(2)
    copy.relog()


def unseal_a_night(copy: Sealed) -> None:
    """Take the last night's seal away and everything that tells of it, as if it had never been sealed."""
    data = {path.name: path.read_bytes() for path in copy.collection.warcs.iterdir()}
    roll_back(copy)
    for name, content in data.items():
        (copy.collection.warcs / name).write_bytes(content)


def overdue(copy: Sealed) -> None:
    """Make a seal of last week that no authority ever stamped."""
    claim("sealed", (now() - timedelta(days=7)).isoformat())(copy)
    for path in copy.seal(2).glob("*.tst"):
        path.unlink()
    forget_events(copy, lambda event: event.kind is EventKind.STAMPED and event.subject == copy.names[2])
