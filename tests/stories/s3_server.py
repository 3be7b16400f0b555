"""A small server that speaks S3 on 127.0.0.1: what a copy needs, strictly, with signatures checked (SigV4).

PUT with ``If-None-Match`` and checksum, GET, HEAD, ListObjectsV2 in pages, multipart uploads. Its log holds every
request. S3 API reference: PutObject, ListObjectsV2, CreateMultipartUpload, UploadPart, CompleteMultipartUpload.
"""

import base64
import hashlib
import hmac
import re
import threading
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET, REGION = "AKIAFICTIONAL", "a secret of no worth", "us-east-1"
PAGE = 7
"""Objects in one page of a list; Amazon gives 1,000."""


@dataclass
class S3Server:
    """Buckets in memory, behind a port; a context manager. ``damage`` spoils what is kept of such a key."""

    objects: dict[str, dict[str, bytes]] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    damage: str | None = None

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"s3": self}))
        self._server.daemon_threads = True

    @property
    def environ(self) -> dict[str, str]:
        """The variables that lead a client here."""
        return {
            "AWS_ENDPOINT": f"http://127.0.0.1:{self._server.server_port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
        }

    def keep(self, bucket: str, key: str, body: bytes) -> None:
        is_spoilt = self.damage is not None and self.damage in key
        self.objects[bucket][key] = b"?" + body[1:] if is_spoilt else body

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    s3: S3Server

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def _begin(self) -> bytes | None:
        """Read the request; None when it was refused."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.bucket, _, self.key = unquote(parts.path).lstrip("/").partition("/")
        self.s3.log.append(f"{self.command} {unquote(self.path)}")
        if not self._is_signed(body, parts.path, parts.query):
            self._refuse(403, "SignatureDoesNotMatch")
        elif self.bucket not in self.s3.objects:
            self._refuse(404, "NoSuchBucket")
        else:
            return body
        return None

    def _is_signed(self, body: bytes, path: str, query: str) -> bool:
        """Check a signature as AWS Signature Version 4 has it, and the digests of the body."""
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request,"
            r" ?SignedHeaders=([^,]+), ?Signature=(\w+)",
            self.headers.get("Authorization", ""),
        )
        if not found or found[1] != KEY or found[3] != REGION:
            return False
        digest = self.headers.get("x-amz-content-sha256", "")
        if digest not in {"UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()}:
            return False
        checksum = self.headers.get("x-amz-checksum-sha256")
        if checksum and base64.b64decode(checksum) != hashlib.sha256(body).digest():
            return False
        heads = "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in found[4].split(";"))
        pairs = sorted(parse_qsl(query, keep_blank_values=True))
        asked = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
        canonical = "\n".join((self.command, path, asked, heads, found[4], digest))
        scope = f"{found[2]}/{REGION}/s3/aws4_request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope, hashed))
        key = f"AWS4{SECRET}".encode()
        for word in (found[2], REGION, "s3", "aws4_request", text):
            key = hmac.digest(key, word.encode(), "sha256")
        return hmac.compare_digest(key.hex(), found[5])

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _answer(self, status: int, body: bytes = b"", **heads: str) -> None:
        self.send_response(status)
        for name, value in heads.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        body = self._begin()
        if body is None:
            return None
        objects = self.s3.objects[self.bucket]
        if "uploadId" in self.query:
            self.s3.uploads[self.query["uploadId"]][int(self.query["partNumber"])] = body
        elif self.headers.get("If-None-Match") == "*" and self.key in objects:
            return self._refuse(412, "PreconditionFailed")
        else:
            self.s3.keep(self.bucket, self.key, body)
        return self._answer(200, ETag=_etag(body))

    def do_POST(self) -> None:
        if self._begin() is None:
            return
        if "uploads" in self.query:
            upload = f"upload-{len(self.s3.uploads)}"
            self.s3.uploads[upload] = {}
            self._answer(200, self._xml("InitiateMultipartUploadResult", f"<UploadId>{upload}</UploadId>"))
        else:
            parts = self.s3.uploads.pop(self.query["uploadId"])
            whole = b"".join(parts[number] for number in sorted(parts))
            self.s3.keep(self.bucket, self.key, whole)
            self._answer(200, self._xml("CompleteMultipartUploadResult", f"<ETag>{escape(_etag(whole))}</ETag>"))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self._begin() is None:
            return None
        objects = self.s3.objects[self.bucket]
        if not self.key:
            return self._list(objects)
        if self.key not in objects:
            return self._refuse(404, "NoSuchKey")
        body = objects[self.key]
        heads = {"ETag": _etag(body), "Last_Modified": formatdate(usegmt=True), "Accept_Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked:
            first, last = int(asked[1]), min(int(asked[2] or len(body)), len(body) - 1)
            heads["Content_Range"] = f"bytes {first}-{last}/{len(body)}"
            return self._answer(206, body[first : last + 1], **heads)
        return self._answer(200, body, **heads)

    def _list(self, objects: dict[str, bytes]) -> None:
        after = self.query.get("continuation-token", "")
        prefix = self.query.get("prefix", "")
        names = sorted(name for name in objects if name.startswith(prefix) and name > after)
        page = names[:PAGE]
        entries = "".join(
            f"<Contents><Key>{escape(name)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>{escape(_etag(objects[name]))}</ETag><Size>{len(objects[name])}</Size></Contents>"
            for name in page
        )
        more = len(names) > len(page)
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        entries += f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}<KeyCount>{len(page)}</KeyCount>"
        self._answer(200, self._xml("ListBucketResult", f"<Name>{self.bucket}</Name>{entries}"))

    def _xml(self, name: str, content: str) -> bytes:
        space = "http://s3.amazonaws.com/doc/2006-03-01/"
        return f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{space}">{content}</{name}>'.encode()


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
