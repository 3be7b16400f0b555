"""Whatever is done to a WACZ, the check that finds it is named; ``wacz validate`` would pass over half of these."""

import base64
import gzip
import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from archive import open_archive
from archive.cli.frame import run
from archive.errors import IntegrityError
from archive.export.wacz import SELECTION, export_wacz
from archive.verify import WACZ_CHECKS
from archive.verify.wacz import check_wacz
from crawler.cli import group
from tests.cli.archives import build

Members = dict[str, bytes]
WARC, INDEX, PAGES = f"archive/{SELECTION}", "indexes/index.cdxj", "pages/pages.jsonl"
PACKAGE, DIGEST = "datapackage.json", "datapackage-digest.json"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Members:
    folder = tmp_path_factory.mktemp("sound")
    collection = build(folder / "collection")
    with open_archive(collection.root) as archive:
        export_wacz(archive, collection, folder / "a.wacz", query="gulls")
    with zipfile.ZipFile(folder / "a.wacz") as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def sealed(members: Members) -> Members:
    """List the files as they are now, as an honest but careless writer would."""
    package = json.loads(members[PACKAGE])
    package["resources"] = [
        {"name": name.lower(), "path": name, "hash": told(data), "bytes": len(data)}
        for name, data in members.items()
        if name not in {PACKAGE, DIGEST}
    ]
    members[PACKAGE] = json.dumps(package).encode()
    members[DIGEST] = json.dumps({"path": PACKAGE, "hash": told(members[PACKAGE])}).encode()
    return members


def told(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def write(path: Path, members: Members, *, deflated: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as out:
        for name, data in members.items():
            out.writestr(name, data, zipfile.ZIP_DEFLATED if name == deflated else zipfile.ZIP_STORED)
    return path


def drop(name: str) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        del members[name]

    return change


def edit(name: str, old: bytes, new: bytes) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        assert old in members[name]
        members[name] = members[name].replace(old, new)

    return change


def add(name: str, data: bytes = b"x") -> Callable[[Members], None]:
    return lambda members: members.update({name: data})


def without_original(members: Members) -> None:
    """Leave the first response out, to which a revisit refers, and move the index along."""
    from archive.warc.foreign import ForeignRecord, foreign_records  # noqa: PLC0415  for this case only

    with Path(members.pop("scratch").decode()).open("w+b") as file:
        file.write(members[WARC])
        records = [one for one in foreign_records(file) if isinstance(one, ForeignRecord)]
    data, kept, moved = members[WARC], b"", {}
    originals = [one for one in records if one.type == "response"]
    for one in records:
        if one is not originals[-1]:
            moved[str(one.offset)] = str(len(kept))
            kept += data[one.offset : one.offset + one.length]
    lines = []
    for line in members[INDEX].decode().splitlines():
        key, time, rest = line.split(" ", 2)
        fields = json.loads(rest)
        if fields["offset"] in moved:
            lines.append(f"{key} {time} {json.dumps(fields | {'offset': moved[fields['offset']]})}\n")
    members[WARC], members[INDEX] = kept, "".join(lines).encode()


def signed(*, is_right: bool, more: dict[str, str] | None = None) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        sealed(members)
        digest = json.loads(members[DIGEST])
        over = digest["hash"] if is_right else "sha256:another"
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        digest["signedData"] = {
            "hash": digest["hash"],
            "created": "2026-08-03T03:00:01Z",
            "software": "invented",
            "version": "0.1.0",
            "signature": base64.b64encode(key.sign(over.encode(), ec.ECDSA(SHA256()))).decode(),
            "publicKey": base64.b64encode(public).decode(),
            **(more or {}),
        }
        members[DIGEST] = json.dumps(digest).encode()

    return change


CASES: dict[str, tuple[str, Callable[[Members], None], bool]] = {
    "no page list": ("wacz-members", drop(PAGES), True),
    "no WARC file": ("wacz-members", drop(WARC), True),
    "a stranger in archive/": ("wacz-members", add("archive/notes.txt"), True),
    "a path that leads elsewhere": ("wacz-members", add("../../etc/cron.d/x"), False),
    "an absolute path": ("wacz-members", add("/etc/passwd"), False),
    "a folder as member": ("wacz-members", add("pages/", b""), False),
    "no version": ("wacz-package", edit(PACKAGE, b'"wacz_version"', b'"version"'), False),
    "package is no JSON": ("wacz-package", edit(PACKAGE, b"{", b"["), False),
    "a file that is not listed": ("wacz-package", add("notes.txt"), False),
    "another digest": ("wacz-package", edit(PAGES, b"gulls", b"crows"), False),
    "a name in capitals": ("wacz-package", edit(PACKAGE, b'"selection', b'"SELECTION'), False),
    "no digest file": ("wacz-digest", drop(DIGEST), False),
    "digest of another package": ("wacz-digest", edit(PACKAGE, b"Posts of", b"Posts by"), False),
    "a signature over something else": ("wacz-signature", signed(is_right=False), False),
    "a signature with a property too many": ("wacz-signature", signed(is_right=True, more={"tsa": "x"}), False),
    "a record damaged": ("wacz-records", edit(WARC, b"\x1f\x8b\x08", b"\x1f\x8b\x09"), True),
    "a line of the index gone astray": ("wacz-index", edit(INDEX, b'"offset": "', b'"offset": "9'), True),
    "an index out of order": ("wacz-index", edit(INDEX, b"example,lantern)/a", b"zz,lantern)/a"), True),
    "an index without lines": ("wacz-index", add(INDEX, b""), True),
    "a page that is not here": ("wacz-pages", edit(PAGES, b"lantern.example", b"elsewhere.example"), True),
    "a page without a time": ("wacz-pages", edit(PAGES, b"2026-08-0", b"in August "), True),
    "no header of the page list": ("wacz-pages", edit(PAGES, b"json-pages-1.0", b"pages"), True),
}


@pytest.mark.parametrize("case", CASES)
def test_tampering_is_found(sound: Members, tmp_path: Path, case: str) -> None:
    check, change, is_listed_anew = CASES[case]
    members = dict(sound)
    change(members)
    path = write(tmp_path / "t.wacz", sealed(members) if is_listed_anew else members)
    assert check in {finding.check for finding in check_wacz(path)}
    assert run(group, ["verify", str(path)]) == 20


def test_deflated_warc_and_dangling_revisit_are_found(sound: Members, tmp_path: Path) -> None:
    found = {one.check for one in check_wacz(write(tmp_path / "d.wacz", dict(sound), deflated=WARC))}
    assert found == {"wacz-stored"}
    members = dict(sound) | {"scratch": str(tmp_path / "scratch").encode()}
    without_original(members)
    findings = list(check_wacz(write(tmp_path / "r.wacz", sealed(members))))
    assert [one.check for one in findings] == ["wacz-revisits"]
    assert "at 2026-08-02T03:00:01.250000Z, which this file does not hold" in findings[0].found
    assert "another file of the same maker" in findings[0].hint


def test_every_check_has_a_case() -> None:
    assert {check for check, _, _ in CASES.values()} | {"wacz-stored", "wacz-revisits"} == WACZ_CHECKS


def test_sound_ones_pass_signed_or_not(sound: Members, tmp_path: Path) -> None:
    assert list(check_wacz(write(tmp_path / "a.wacz", dict(sound)))) == []
    members = dict(sound)
    signed(is_right=True)(members)
    assert list(check_wacz(write(tmp_path / "b.wacz", members))) == []


def test_bomb_is_named_and_not_unpacked(sound: Members, tmp_path: Path) -> None:
    members = dict(sound) | {"indexes/index.cdx.gz": gzip.compress(b"0" * 50_000_000)}
    members["pages/extraPages.jsonl"] = b"0" * 50_000_000
    path = write(tmp_path / "t.wacz", members, deflated="pages/extraPages.jsonl")
    assert path.stat().st_size < 200_000
    found = [str(one) for one in check_wacz(path)]
    assert any("would grow" in one or "pages/extraPages.jsonl" in one for one in found)


def test_what_is_no_zip_is_refused_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.wacz"
    path.write_bytes(b"PK\3\4 nothing of the kind")
    with pytest.raises(IntegrityError, match="no ZIP"):
        list(check_wacz(path))
    assert run(group, ["verify", str(path)]) == 20
    assert "Traceback" not in capsys.readouterr().err
