"""The log as text: formats of C2SP, signatures, and what is refused."""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from archive.errors import IntegrityError
from archive.evidence import log, merkle

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = log.key_of("archive.example/log", PRIVATE)
SUMS = [b"list %d\n" % number for number in range(11)]
LEAVES = [merkle.leaf_hash(one) for one in SUMS]
NOTE = log.sign_checkpoint(11, merkle.root_of(LEAVES), KEY.name, PRIVATE)


def test_checkpoint_is_written_as_the_specification_says() -> None:
    origin, size, root, blank, signature, end = NOTE.decode().split("\n")
    assert (origin, size, blank, end) == ("archive.example/log", "11", "", "")
    assert base64.b64decode(root) == merkle.root_of(LEAVES)
    dash, name, data = signature.split(" ")
    assert (dash, name) == ("\N{EM DASH}", "archive.example/log")
    assert len(base64.b64decode(data)) == 4 + 64
    assert base64.b64decode(data)[:4] == KEY.id


def test_checkpoint_gives_back_what_was_signed() -> None:
    assert log.open_checkpoint(NOTE, [KEY]) == log.Checkpoint(
        origin="archive.example/log", size=11, root=merkle.root_of(LEAVES)
    )


def test_key_is_read_as_it_was_written() -> None:
    assert log.parse_key(f"{KEY}\n") == KEY


def test_further_signatures_and_lines_do_no_harm() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    text = f"{KEY.name}\n11\n{base64.b64encode(merkle.root_of(LEAVES)).decode()}\nfurther line\n"
    theirs = log.sign_note(text, "witness.example", other).decode().rpartition("\n\n")[2]
    note = log.sign_note(text, KEY.name, PRIVATE) + theirs.encode()
    assert log.open_checkpoint(note, [KEY]).size == 11


ALTERED: dict[str, Callable[[bytes], bytes]] = {
    "another size": lambda note: note.replace(b"\n11\n", b"\n12\n"),
    "another origin": lambda note: note.replace(b"archive.example/log\n11", b"archive.example/lag\n11"),
    "another root": lambda note: note.replace(base64.b64encode(merkle.root_of(LEAVES)), base64.b64encode(bytes(32))),
    "no signature": lambda note: note.partition(b"\n\n")[0] + b"\n\n",
    "no blank line": lambda note: note.replace(b"\n\n", b"\n"),
    "line ends converted": lambda note: note.replace(b"\n", b"\r\n"),
    "no last line end": lambda note: note[:-1],
    "a signature that is no base64": lambda note: note[:-10] + b"?" + note[-9:],
    "another signer": lambda note: note.replace("\N{EM DASH} archive".encode(), "\N{EM DASH} archiv3".encode()),
    "not text": lambda _: b"\xff\xfe",
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
def test_altered_checkpoint_is_refused(alter: Callable[[bytes], bytes]) -> None:
    assert alter(NOTE) != NOTE
    with pytest.raises(IntegrityError):
        log.open_checkpoint(alter(NOTE), [KEY])


def test_checkpoint_by_nobody_known_is_refused() -> None:
    other = log.key_of(KEY.name, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(IntegrityError, match="did not sign"):
        log.open_checkpoint(NOTE, [other])
    with pytest.raises(IntegrityError, match="no log key"):
        log.open_checkpoint(NOTE, [])


@pytest.mark.parametrize("vkey", ["", "name", "name+00000000+AAAA", f"x{KEY}", str(KEY)[:-4], f"{KEY}+"])
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(IntegrityError):
        log.parse_key(vkey)


@pytest.mark.parametrize("index", range(11))
def test_proof_shows_that_a_list_is_in_the_log(index: int) -> None:
    proof = log.prove(LEAVES, index, NOTE)
    assert proof.startswith(b"c2sp.org/tlog-proof@v1\nindex %d\n" % index)
    assert log.check_proof(proof, SUMS[index], [KEY]).size == 11


FORGED: dict[str, Callable[[bytes], bytes]] = {
    "another index": lambda proof: proof.replace(b"index 4", b"index 5"),
    "an index past the end": lambda proof: proof.replace(b"index 4", b"index 400"),
    "a hash taken out": lambda proof: b"\n".join([*proof.split(b"\n")[:2], *proof.split(b"\n")[3:]]),
    "another header": lambda proof: proof.replace(b"@v1", b"@v2"),
    "no index": lambda proof: proof.replace(b"index 4\n", b""),
    "no checkpoint": lambda proof: proof.partition(b"\n\n")[0],
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_forged_proof_is_refused(forge: Callable[[bytes], bytes]) -> None:
    with pytest.raises(IntegrityError):
        log.check_proof(forge(log.prove(LEAVES, 4, NOTE)), SUMS[4], [KEY])


def test_proof_of_another_list_is_refused() -> None:
    with pytest.raises(IntegrityError, match="not leaf 4"):
        log.check_proof(log.prove(LEAVES, 4, NOTE), SUMS[5], [KEY])


def test_extra_data_in_a_proof_is_passed_over() -> None:
    proof = log.prove(LEAVES, 4, NOTE).replace(b"index 4", b"extra AAAA\nindex 4")
    assert log.check_proof(proof, SUMS[4], [KEY]).size == 11


def test_checkpoint_of_another_log_proves_nothing() -> None:
    with pytest.raises(IntegrityError, match="not one of this log"):
        log.prove(LEAVES[::-1], 4, NOTE)


@pytest.mark.reader
def test_openssl_agrees_with_the_signature(tmp_path: Path) -> None:
    public = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    (tmp_path / "key.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    text, _, signature = NOTE.rpartition(b"\n\n")
    (tmp_path / "text").write_bytes(text + b"\n")
    (tmp_path / "signature").write_bytes(base64.b64decode(signature.split(b" ")[2])[4:])
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "text", "-sigfile"]
    done = subprocess.run([*command, "signature"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Successfully" in done.stdout, done.stderr


OLD = log.sign_checkpoint(6, merkle.root_of(LEAVES[:6]), KEY.name, PRIVATE)


def test_growth_is_proved_to_who_holds_an_old_checkpoint() -> None:
    growth = log.prove_growth(LEAVES, 6, NOTE)
    assert growth.startswith(b"old 6\n")
    assert log.check_growth(growth, OLD, [KEY]).size == 11


REWRITTEN: dict[str, tuple[bytes, bytes]] = {
    "another beginning": (log.prove_growth(LEAVES, 6, NOTE), log.sign_checkpoint(6, bytes(32), KEY.name, PRIVATE)),
    "another old size": (log.prove_growth(LEAVES, 5, NOTE), OLD),
    "a hash taken out": (log.prove_growth(LEAVES, 6, NOTE).replace(b"old 6\n", b"old 6\nAAAA\n"), OLD),
    "no proof": (b"", OLD),
}


@pytest.mark.parametrize(("growth", "old"), REWRITTEN.values(), ids=REWRITTEN)
def test_log_that_was_rewritten_has_no_proof_of_growth(growth: bytes, old: bytes) -> None:
    with pytest.raises(IntegrityError):
        log.check_growth(growth, old, [KEY])
