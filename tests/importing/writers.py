"""Files as others make them, of an invented blog's pages: WARC, plain and gzipped, ARC, WACZ."""

import base64
import gzip
import hashlib
import json
import uuid
import zipfile
from datetime import datetime
from pathlib import Path

from tests.cli.archives import BEGAN, HOST

TYPE = ("Content-Type", "text/html; charset=utf-8")


def write_warc(
    path: Path, *answers: tuple[str, datetime, bytes], headers: tuple[tuple[str, str], ...] = (TYPE,)
) -> Path:
    """Write requests and responses as WARC/1.0 with SHA-1 in base 32, gzipped where the name ends so."""
    records = [_record("warcinfo", "", BEGAN, "application/warc-fields", b"software: invented\r\n")]
    for url, time, body in answers:
        head = "".join(f"{name}: {value}\r\n" for name, value in (*headers, ("Content-Length", str(len(body)))))
        answer = f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + body
        asked = f"GET {url} HTTP/1.1\r\nHost: lantern.example\r\n\r\n".encode()
        records.append(_record("response", HOST + url, time, "application/http; msgtype=response", answer))
        records.append(_record("request", HOST + url, time, "application/http; msgtype=request", asked))
    is_gzip = path.name.endswith(".gz")
    path.write_bytes(b"".join(gzip.compress(record, mtime=0) if is_gzip else record for record in records))
    return path


def _record(kind: str, uri: str, time: datetime, content_type: str, block: bytes) -> bytes:
    digest = base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode()
    made = uuid.uuid5(uuid.NAMESPACE_URL, f"{kind} {uri} {time} {digest}")
    fields = [f"WARC-Type: {kind}", f"WARC-Record-ID: <urn:uuid:{made}>", f"WARC-Date: {time:%Y-%m-%dT%H:%M:%SZ}"]
    fields += [f"WARC-Target-URI: {uri}"] if uri else []
    fields += [f"Content-Type: {content_type}", f"WARC-Block-Digest: sha1:{digest}", f"Content-Length: {len(block)}"]
    return ("WARC/1.0\r\n" + "\r\n".join(fields) + "\r\n\r\n").encode() + block + b"\r\n\r\n"


def write_arc(path: Path, url: str, time: datetime, body: bytes) -> Path:
    """Write an ARC of one page, a gzip member a record."""
    first = b"1 0 Invented\nURL IP-address Archive-date Content-type Archive-length\n\n"
    head = f"filedesc://{path.name} 0.0.0.0 {time:%Y%m%d%H%M%S} text/plain {len(first)}\n".encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body
    line = f"{HOST}{url} 192.0.2.1 {time:%Y%m%d%H%M%S} text/html {len(answer)}\n".encode()
    path.write_bytes(gzip.compress(head + first + b"\n") + gzip.compress(line + answer + b"\n"))
    return path


def write_wacz(path: Path, warc: Path, *, deflated: bool = False, more: dict[str, bytes] | None = None) -> Path:
    """Pack a WARC file as a WACZ with all that must be there."""
    members = {f"archive/{warc.name}": warc.read_bytes(), "indexes/index.cdxj": b""}
    members["pages/pages.jsonl"] = b'{"format": "json-pages-1.0", "id": "pages", "title": "x"}\n'
    listed = [
        {"name": name, "path": name, "hash": f"sha256:{hashlib.sha256(data).hexdigest()}", "bytes": len(data)}
        for name, data in members.items()
    ]
    package = json.dumps({"profile": "data-package", "wacz_version": "1.1.1", "resources": listed}).encode()
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(package).hexdigest()}"}
    members |= {"datapackage.json": package, "datapackage-digest.json": json.dumps(digest).encode()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED) as out:
        for name, data in (members | (more or {})).items():
            out.writestr(name, data)
    return path
