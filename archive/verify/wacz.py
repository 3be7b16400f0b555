"""Checks of a WACZ by any writer: what version 1.1.1 of its specification asks for, and that nothing in it dangles.

They find what ``wacz validate`` 0.6.0 passes over: a missing page list or digest file, foreign files, deflated WARC
files, a bad signature, an index that does not fit its WARC files, revisits without their payload, damaged records.
Members are read in place; names with path tricks and bombs are findings and are not opened.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import new as new_digest
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from archive.errors import IntegrityError
from archive.verify.findings import Finding, check
from archive.warc.foreign import ForeignRecord, NotChunkedError, foreign_records
from archive.zipped import Zipped, open_zip

_AGAIN = "Ask for the file again, or have its maker's software mended; its WARC files may be sound all the same."
_BESIDE = "If another file of the same maker holds it, keep both together; else ask for a whole one."
_MOST_JSON = 64 * 2**20
_PACKAGE, _DIGEST, _PAGES = "datapackage.json", "datapackage-digest.json", "pages/pages.jsonl"
_WARC = re.compile(r"archive/[^/]+\.warc(?:\.gz)?")
_INDEX = re.compile(r"indexes/[^/]+\.(?:cdxj|cdx|cdx\.gz|idx)")
_PAGE_LIST = re.compile(r"pages/[^/]+\.jsonl")
_RESOURCE_NAME = re.compile(r"[a-z0-9._/-]+")
_LINE = re.compile(r"(\S+) (\d{14}|\d{17}) (\{.*\})")
_CAPTURES = {"response", "revisit"}
_ANONYMOUS = {"hash", "created", "software", "version", "signature", "publicKey"}
_DOMAIN = {"hash", "created", "software", "version", "signature", "domain", "domainCert", "timeSignature"} | {
    "timestampCert"
}


@dataclass(slots=True, kw_only=True)
class WaczScope:
    """A WACZ as checks look at it, and what they noted for those after them."""

    path: Path
    zipped: Zipped
    package: dict[str, object] = field(default_factory=dict)
    records: dict[tuple[str, int], tuple[int, str, str]] = field(default_factory=dict)
    payloads: set[tuple[str, str]] = field(default_factory=set)
    revisits: list[tuple[str, int, str, str]] = field(default_factory=list)
    indexed: set[tuple[str, int]] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)


def check_wacz(path: Path) -> Iterator[Finding]:
    """Make every check of a WACZ.

    Raises:
        IntegrityError: it is no ZIP that can be read.
        StorageError: the disk refused.
    """
    with open_zip(path) as zipped:
        scope = WaczScope(path=path, zipped=zipped)
        for one in WACZ_CHECKS:
            yield from one(scope)


def check_container(path: Path) -> Iterator[Finding]:
    """Make the checks that read no records: of members, package, digests and signature."""
    with open_zip(path) as zipped:
        scope = WaczScope(path=path, zipped=zipped)
        for one in WACZ_CHECKS[:5]:
            yield from one(scope)


@check
def wacz_members(scope: WaczScope) -> Iterator[Finding]:
    """Every member of the ZIP is a plain file in its place, and none that must be there is missing.

    WARC files in archive/, CDXJ in indexes/, page lists with pages/pages.jsonl in pages/, datapackage.json; nothing
    else in those folders; no folders as members, no links, no paths that lead elsewhere, no name twice, nothing that
    would grow beyond measure.
    """
    for what in scope.zipped.odd:
        yield _about("wacz-members", None, what, "plain files only")
    names = list(scope.zipped.members)
    for what, there in (
        ("archive/*.warc.gz", any(map(_WARC.fullmatch, names))),
        ("indexes/*.cdxj", any(map(_INDEX.fullmatch, names))),
        (_PAGES, _PAGES in names),
        (_PACKAGE, _PACKAGE in names),
    ):
        if not there:
            yield _about("wacz-members", what, "no such member", "one, as the standard asks")
    for folder, known in (("archive/", _WARC), ("indexes/", _INDEX), ("pages/", _PAGE_LIST)):
        for name in names:
            if name.startswith(folder) and not known.fullmatch(name):
                yield _about("wacz-members", name, "a file of another kind", f"no foreign files in {folder}")


@check
def wacz_stored(scope: WaczScope) -> Iterator[Finding]:
    """What is compressed already is stored as it is, so that records can be read by their place."""
    for name, member in scope.zipped.members.items():
        if (_WARC.fullmatch(name) or name.endswith(".gz")) and not member.is_stored:
            scope.unread.add(name.rpartition("/")[2])
            yield _about("wacz-stored", name, "it is compressed once more", "the member stored")


@check
def wacz_package(scope: WaczScope) -> Iterator[Finding]:
    """datapackage.json has its profile and version, and lists each file once with the digest and length that it has."""
    if _PACKAGE not in scope.zipped.members:
        return
    try:
        scope.package = _object(scope.zipped.read(_PACKAGE, _MOST_JSON))
    except (IntegrityError, ValueError) as error:
        yield _about("wacz-package", _PACKAGE, str(error), "a JSON object")
        return
    profile, version = scope.package.get("profile"), scope.package.get("wacz_version")
    if profile not in {"data-package", "wacz"} or (profile == "data-package" and not isinstance(version, str)):
        yield _about("wacz-package", _PACKAGE, f"profile {profile!r}, wacz_version {version!r}", "both, as in 1.1.1")
    resources = scope.package.get("resources")
    listed: set[str] = set()
    for one in resources if isinstance(resources, list) else []:
        yield from _resource(scope, one if isinstance(one, dict) else {}, listed)
    for name in scope.zipped.members.keys() - listed - {_PACKAGE, _DIGEST}:
        yield _about("wacz-package", name, "it is not listed", "every file among the resources")


def _resource(scope: WaczScope, one: dict[str, object], listed: set[str]) -> Iterator[Finding]:
    path, name, told, size = (one.get(key) for key in ("path", "name", "hash", "bytes"))
    if not isinstance(path, str) or path in listed or path not in scope.zipped.members:
        yield _about("wacz-package", _PACKAGE, f"a resource with the path {path!r}", "a member, listed once")
        return
    listed.add(path)
    if not isinstance(name, str) or not _RESOURCE_NAME.fullmatch(name):
        yield _about("wacz-package", path, f"listed by the name {name!r}", "lower case letters, digits and ._-")
    try:
        found, length = _digest(scope.zipped.chunks(path), str(told).partition(":")[0])
    except (IntegrityError, ValueError) as error:
        yield _about("wacz-package", path, str(error), "a member with its digest")
        return
    if (found, length) != (told, size):
        yield _about("wacz-package", path, f"{found}, {length} bytes", f"{told}, {size} bytes")


@check
def wacz_digest(scope: WaczScope) -> Iterator[Finding]:
    """datapackage-digest.json is there and holds the digest of datapackage.json."""
    digest = _read_digest(scope)
    if digest is None or _PACKAGE not in scope.zipped.members:
        yield _about("wacz-digest", _DIGEST, "it is missing or no JSON object", "the digest of datapackage.json")
        return
    told = str(digest.get("hash"))
    try:
        found, _ = _digest(scope.zipped.chunks(_PACKAGE), told.partition(":")[0])
    except (IntegrityError, ValueError) as error:
        found = str(error)
    if digest.get("path") != _PACKAGE or told != found:
        yield _about("wacz-digest", _DIGEST, f"{digest.get('path')}: {told}", f"{_PACKAGE}: {found}")


@check
def wacz_signature(scope: WaczScope) -> Iterator[Finding]:
    """A signature, where there is one, has one of the two forms of WACZ-auth 0.1.0 and is over datapackage.json.

    It is checked by the key or certificate that stands beside it, which says that nothing was changed since, not who
    signed; certificates and time stamps are not judged here: `wacz validate --verify-auth` does.
    """
    digest = _read_digest(scope) or {}
    signed = digest.get("signedData")
    if signed is None:
        return
    if not isinstance(signed, dict) or not (set(signed) == _ANONYMOUS or set(signed) - {"crossSignedCert"} == _DOMAIN):
        yield _about("wacz-signature", _DIGEST, "signedData of neither form", "anonymous or domain, no other property")
    elif signed["hash"] != digest.get("hash"):
        yield _about("wacz-signature", _DIGEST, "a signature over another digest", str(digest.get("hash")))
    elif not _is_signed(signed):
        yield _about("wacz-signature", _DIGEST, "a signature that does not hold", "one by the key beside it")


@check
def wacz_records(scope: WaczScope) -> Iterator[Finding]:
    """Every record of every WARC file can be read by its place, and is what its block digest says."""
    for name, member in scope.zipped.members.items():
        if not _WARC.fullmatch(name) or not member.is_stored:
            continue
        with scope.path.open("rb") as file:
            try:
                for found in foreign_records(file, member.start, member.start + member.size):
                    offset = found.offset - member.start
                    for fault in found.faults if isinstance(found, ForeignRecord) else (found.what,):
                        yield _about("wacz-records", name, fault, "a sound record", offset)
                    if isinstance(found, ForeignRecord):
                        _note(scope, name.partition("/")[2], offset, found)
            except NotChunkedError:
                yield _about("wacz-records", name, "several records in a gzip member", "one gzip member a record")


def _note(scope: WaczScope, file: str, offset: int, record: ForeignRecord) -> None:
    uri = (record.get("WARC-Target-URI") or "").strip("<>")
    scope.records[file, offset] = (record.length, record.type, uri)
    if record.type == "response":
        scope.payloads.add((uri, record.get("WARC-Date") or ""))
    if record.type == "revisit" and "identical" in (record.get("WARC-Profile") or ""):
        refers = record.get("WARC-Refers-To-Target-URI") or "", record.get("WARC-Refers-To-Date") or ""
        scope.revisits.append((file, offset, refers[0].strip("<>"), refers[1]))


@check
def wacz_revisits(scope: WaczScope) -> Iterator[Finding]:
    """Every revisit leads to a record of this file that holds its payload, by URL and date.

    A file that was made to be opened beside others may leave originals to them; by itself it does not show those pages.
    """
    for file, offset, uri, date in scope.revisits:
        if (uri, date) in scope.payloads:
            continue
        found, hint = f"a revisit of {uri} at {date}, which this file does not hold", _BESIDE
        if not uri or not date:
            found, hint = "a revisit that does not say by URL and date what it repeats", _AGAIN
        yield _about("wacz-revisits", f"archive/{file}", found, "its original in this file", offset, hint)


@check
def wacz_index(scope: WaczScope) -> Iterator[Finding]:
    """The index is sorted CDXJ, each line leads to the record that it names, and every capture has a line."""
    for name in scope.zipped.members:
        if _INDEX.fullmatch(name) and not name.endswith(".idx"):
            yield from _index(scope, name)
    for (file, offset), (_, kind, uri) in scope.records.items():
        if kind in _CAPTURES and (file, offset) not in scope.indexed:
            yield _about("wacz-index", f"archive/{file}", f"{uri} has no line", "a line for each capture", offset)


def _index(scope: WaczScope, name: str) -> Iterator[Finding]:
    before = b""
    try:
        with scope.zipped.lines(name) as lines:
            for line in _unpacked(lines) if name.endswith(".gz") else lines:
                if line.startswith(b"!meta") or not line.strip():
                    continue
                if line < before:
                    yield _about("wacz-index", name, f"{line[:60]!r} stands too late", "lines sorted by their bytes")
                before = line
                yield from _index_line(scope, name, line)
    except IntegrityError as error:
        yield _about("wacz-index", name, str(error), "lines that can be read")


def _unpacked(lines: Iterator[bytes]) -> Iterator[bytes]:
    from archive.payload import gunzip  # noqa: PLC0415  a compressed index is rare

    yield from gunzip(b"\n".join(lines) + b"\n", 1 << 30).split(b"\n")


def _index_line(scope: WaczScope, name: str, line: bytes) -> Iterator[Finding]:
    found = _LINE.fullmatch(line.decode("utf-8", "replace").strip())
    try:
        fields = _object(found[3].encode()) if found else {}
        file, offset, length = str(fields["filename"]), int(str(fields["offset"])), int(str(fields["length"]))
        url = str(fields["url"])
    except (ValueError, KeyError):
        yield _about("wacz-index", name, f"{line[:80]!r}", "SURT, time, and JSON with url, filename, offset, length")
        return
    file = file.rpartition("/")[2]
    there = scope.records.get((file, offset))
    scope.indexed.add((file, offset))
    scope.urls.add(url)
    if file in scope.unread:
        return
    if there is None or there[0] not in {length, length + 2, length + 4} or (there[2] != url and "__wb_" not in url):
        where = "nothing" if there is None else f"{there[0]} bytes of {there[2]}"
        yield _about("wacz-index", name, f"{url} leads to {where}", f"{length} bytes in {file} at {offset}")


@check
def wacz_pages(scope: WaczScope) -> Iterator[Finding]:
    """Each page list begins with its header, and each page has a URL that is captured here and a time (RFC 3339)."""
    for name in scope.zipped.members:
        if not _PAGE_LIST.fullmatch(name):
            continue
        try:
            with scope.zipped.lines(name) as lines:
                for number, line in enumerate(filter(bytes.strip, lines)):
                    problem = _page_problem(scope, _object(line), is_first=number == 0)
                    if problem:
                        yield _about("wacz-pages", name, f"line {number + 1}: {problem}", "a page of this file")
        except (IntegrityError, ValueError) as error:
            yield _about("wacz-pages", name, str(error), "a JSON object in each line")


def _page_problem(scope: WaczScope, page: dict[str, object], *, is_first: bool) -> str | None:
    if is_first:
        is_header = page.get("format") == "json-pages-1.0" and {"id", "title"} <= page.keys()
        return None if is_header else "no header with format, id and title"
    url, ts = page.get("url"), page.get("ts")
    try:
        is_time = datetime.fromisoformat(str(ts)).tzinfo is not None
    except ValueError:
        is_time = False
    if not is_time:
        return f"ts {ts!r} is no time"
    return None if url in scope.urls else f"{url!r} has no capture here"


WACZ_CHECKS: tuple[Callable[[WaczScope], Iterator[Finding]], ...] = (
    wacz_members,
    wacz_stored,
    wacz_package,
    wacz_digest,
    wacz_signature,
    wacz_records,
    wacz_revisits,
    wacz_index,
    wacz_pages,
)
"""In the order in which they are made: some note what later ones need."""


def _read_digest(scope: WaczScope) -> dict[str, object] | None:
    try:
        return _object(scope.zipped.read(_DIGEST, _MOST_JSON))
    except (KeyError, IntegrityError, ValueError):
        return None


def _object(data: bytes) -> dict[str, object]:
    try:
        value = json.loads(data)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("no JSON object")  # noqa: TRY004  as json says of text that is none
    return value


def _digest(chunks: Iterator[bytes], algorithm: str) -> tuple[str, int]:
    if algorithm not in {"sha256", "sha1", "md5", "sha512"}:
        raise ValueError(f"{algorithm!r} is no digest")
    digest, size = new_digest(algorithm, usedforsecurity=False), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return f"{algorithm}:{digest.hexdigest()}", size


def _is_signed(signed: dict[str, object]) -> bool:
    try:
        if "publicKey" in signed:
            key = load_der_public_key(base64.b64decode(str(signed["publicKey"]), validate=True))
        else:
            key = x509.load_pem_x509_certificates(str(signed["domainCert"]).encode())[0].public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        signature = base64.b64decode(str(signed["signature"]), validate=True)
        key.verify(_as_der(signature, key), str(signed["hash"]).encode(), ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature, x509.InvalidVersion):
        return False
    return True


def _as_der(signature: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """Bring a signature as browsers make it (two numbers side by side) into the form of X.509."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature  # noqa: PLC0415

    half = (key.curve.key_size + 7) // 8
    if len(signature) != 2 * half:
        return signature
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def _about(
    check_id: str, file: str | None, found: str, expected: str, offset: int | None = None, hint: str = _AGAIN
) -> Finding:
    return Finding(check=check_id, file=file, offset=offset, found=found, expected=expected, hint=hint)
