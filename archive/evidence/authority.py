"""A time authority of our own, for tests and the demo: it stamps whatever it is asked to, at the time it is told.

Its certificates say in their names that nobody must trust them; a token of it proves nothing to anybody.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Self

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from archive.errors import UsageError
from archive.evidence.storing import write_whole
from archive.evidence.tokens import TEST_NAME, Answer
from archive.model import sha256_of

POLICY = "2.25.329800735698586629295641978511506172918"
"""An object identifier out of a random UUID; it means nothing but "a test"."""
_LASTS = timedelta(days=365 * 30)
_MOST_BYTES = 64 * 1024


class TestAuthority:
    """Stamps what it is asked to, by ``clock``; keys are its own and are forgotten with it.

    ``certificates`` are given with each token: the leaf alone, as most readers like it.
    """

    __test__ = False  # pytest takes the name for a test's

    def __init__(self, name: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.name = name
        self.clock = clock
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        began = min(clock(), datetime.now(UTC)) - timedelta(days=1)
        self.root = _certificate(f"{name} root", self._root_key, self._root_key, None, began)
        self.certificate = _certificate(name, self._key, self._root_key, self.root, began)

    @property
    def root_pem(self) -> bytes:
        """The root, for whoever configures this authority."""
        return self.root.public_bytes(Encoding.PEM)

    def answer(self, query: bytes) -> bytes:
        """Answer a time-stamp query; one that cannot be read is refused, as RFC 3161 says.

        A query may be stamped at another time than the clock's: ``authority.clock`` can be set.
        """
        try:
            request = tsp.TimeStampReq.load(query, strict=True)
            imprint, nonce = request["message_imprint"], request["nonce"].native
            imprint["hashed_message"].native  # noqa: B018  parses it
        except (ValueError, KeyError, TypeError):
            return bytes(Answer({"status": {"status": "rejection", "fail_info": {"bad_data_format"}}}).dump())
        token = self.token(imprint, nonce)
        return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())

    def token(self, imprint: tsp.MessageImprint, nonce: int | None) -> cms.ContentInfo:
        """Make a token over an imprint."""
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": POLICY,
                "message_imprint": imprint,
                "serial_number": secrets.randbits(63),
                "gen_time": self.clock().astimezone(UTC).replace(microsecond=0),
                **({"nonce": nonce} if nonce is not None else {}),
            }
        )
        return self._signed(info.dump())

    def _signed(self, content: bytes) -> cms.ContentInfo:
        leaf = asn1_x509.Certificate.load(self.certificate.public_bytes(Encoding.DER))
        cert_id = tsp.SigningCertificateV2({"certs": [{"cert_hash": bytes.fromhex(sha256_of(leaf.dump()))}]})
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "signing_time", "values": [core.UTCTime(self.clock().astimezone(UTC).replace(microsecond=0))]},
                {"type": "message_digest", "values": [bytes.fromhex(sha256_of(content))]},
                {"type": "signing_certificate_v2", "values": [cert_id]},
            ]
        )
        sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number", {"issuer": leaf.issuer, "serial_number": leaf.serial_number}
            ),
            "digest_algorithm": sha256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": self._key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
        }
        signed = {
            "version": "v3",
            "digest_algorithms": [sha256],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
            "certificates": [leaf],
            "signer_infos": [signer],
        }
        return cms.ContentInfo({"content_type": "signed_data", "content": signed})


class AuthorityServer:
    """Serves a test authority over HTTP on 127.0.0.1, in a thread of its own, while it is entered."""

    def __init__(self, authority: TestAuthority, port: int = 0) -> None:
        self.authority = authority
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(authority))
        except OSError as error:
            raise UsageError(f"port {port}: {error.strerror}", hint="Name another with --port.") from None

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def write_root(self, path: Path) -> Path:
        """Write the root where the configuration can name it."""
        write_whole(path, self.authority.root_pem, mode=0o644)
        return path

    def serve(self) -> None:
        """Answer until interrupted."""
        with self._server:
            self._server.serve_forever()

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(authority: TestAuthority) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = min(int(self.headers.get("Content-Length") or 0), _MOST_BYTES)
            answer = authority.answer(self.rfile.read(size))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's word
            """Say nothing."""

    return Handler


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    root_key: ec.EllipticCurvePrivateKey,
    root: x509.Certificate | None,
    began: datetime,
) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"{TEST_NAME}: vigil test time authority"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{TEST_NAME}: {name}"),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if root is None else root.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + _LASTS)
        .add_extension(x509.BasicConstraints(ca=root is None, path_length=None), critical=True)
    )
    if root is not None:
        stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamping, critical=True)
    return builder.sign(root_key, hashes.SHA256())
