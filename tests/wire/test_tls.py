"""TLS: verified always, its facts kept from the very connection, its failures named."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from archive.errors import ConfigError
from archive.model import Exchange, FailureKind, TlsFacts, Truncation
from crawler.replica.server import After, RawServer, Reply, Request
from crawler.replica.tls import Certificates, make_certificates
from crawler.wire import RouteRules, Wire
from crawler.wire.address import Rule
from crawler.wire.tls import iana_name, make_context
from tests.wire.conftest import HOST, PLAIN, asking

CUT = b"HTTP/1.1 200 OK\r\n\r\nuntil close"


def respond(request: Request) -> Reply:
    if request.target == "/until-close":
        return Reply(parts=(CUT,), after=After.VANISH)
    return Reply(parts=(PLAIN,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Secure:
    """A TLS server for HOST, and the file of the authority that vouches for it."""

    server: RawServer
    certificates: Certificates
    ca_file: Path

    def rules(self, host: str = HOST, ca_file: Path | None = None) -> RouteRules:
        rule = Rule(host=host, port=443, address="127.0.0.1", to_port=self.server.tls_address[1])
        return RouteRules(rules=(rule,), ca_file=ca_file)


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return make_certificates([HOST])


@pytest.fixture
def secure(certificates: Certificates, tmp_path: Path) -> Iterator[Secure]:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(certificates.ca_pem)
    context = certificates.server_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with RawServer(respond, tls=context) as server:
        yield Secure(server=server, certificates=certificates, ca_file=ca_file)


async def fetch(rules: RouteRules, name: str = "x", *, host: str = HOST) -> Exchange:
    wire = Wire(rules, on_stray=lambda _: None)
    try:
        return (await wire.exchange(asking(name, host=host, port=443, is_tls=True))).exchange
    finally:
        await wire.close()


async def test_facts_of_the_very_connection_are_kept(secure: Secure) -> None:
    exchange = await fetch(secure.rules(ca_file=secure.ca_file))

    assert exchange.received == PLAIN
    assert exchange.request == secure.server.log[0].received
    assert exchange.peer is not None
    assert exchange.peer.tls == TlsFacts(
        version="1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        server_name=HOST,
        alpn="http/1.1",
        chain=(secure.certificates.leaf_der, secure.certificates.ca_der),
        is_verified=True,
    )


async def test_second_exchange_of_a_connection_has_its_facts_too(secure: Secure) -> None:
    wire = Wire(secure.rules(ca_file=secure.ca_file), on_stray=lambda _: None)
    first = await wire.exchange(asking("a", port=443, is_tls=True))
    second = await wire.exchange(asking("b", port=443, is_tls=True))
    await wire.close()

    assert secure.server.connections == 1
    assert second.exchange.peer == first.exchange.peer


async def test_tls_1_2_has_the_iana_name_of_its_cipher(certificates: Certificates, secure: Secure) -> None:
    context = certificates.server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    with RawServer(respond, tls=context) as server:
        old = Secure(server=server, certificates=certificates, ca_file=secure.ca_file)
        exchange = await fetch(old.rules(ca_file=secure.ca_file))

    assert exchange.peer is not None
    assert exchange.peer.tls is not None
    assert exchange.peer.tls.version == "1.2"
    assert exchange.peer.tls.cipher == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert exchange.peer.tls.alpn is None


def test_every_cipher_that_may_be_agreed_on_has_an_iana_name() -> None:
    names = [iana_name(str(cipher["name"])) for cipher in make_context(None).get_ciphers()]

    assert names
    assert [name for name in names if not name.startswith("TLS_")] == []


@pytest.mark.reader
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_every_cipher_that_openssl_has_gets_the_name_that_openssl_knows_from_the_registry() -> None:
    told = subprocess.run(
        ["openssl", "ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    pairs = [(line.split()[2], line.split()[0]) for line in told.splitlines()]

    assert len(pairs) > 100
    assert [(ours, name) for ours, name in pairs if iana_name(ours) != name] == []


def test_cipher_of_an_unknown_kind_keeps_its_name() -> None:
    assert iana_name("NEW-FANCY-256") == "NEW-FANCY-256"


async def test_body_until_close_is_whole_when_tls_says_that_it_closes(secure: Secure) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CUT)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=secure.certificates.server_context())
    rule = Rule(host=HOST, port=443, address="127.0.0.1", to_port=server.sockets[0].getsockname()[1])
    exchange = await fetch(RouteRules(rules=(rule,), ca_file=secure.ca_file))
    server.close()
    await server.wait_closed()

    assert exchange.received == CUT
    assert exchange.truncation is None


async def test_body_until_close_is_cut_off_when_tls_says_nothing(secure: Secure) -> None:
    exchange = await fetch(secure.rules(ca_file=secure.ca_file), "until-close")

    assert exchange.received == CUT
    assert exchange.truncation is Truncation.DISCONNECT


def self_made(host: str, *, days: tuple[int, int]) -> tuple[bytes, bytes]:
    """A certificate of itself for ``host``, valid between the given days from now; with its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem), secret


@pytest.mark.parametrize(
    ("days", "is_trusted", "host", "words"),
    [
        pytest.param((-2, 2), False, HOST, "self-signed certificate", id="self-signed"),
        pytest.param((-9, -2), True, HOST, "certificate has expired", id="expired"),
        pytest.param((2, 9), True, HOST, "certificate is not yet valid", id="not yet valid"),
        pytest.param((-2, 2), True, "other.example", "Hostname mismatch", id="wrong host"),
    ],
)
async def test_certificate_that_does_not_hold_is_a_tls_failure(
    tmp_path: Path, days: tuple[int, int], *, is_trusted: bool, host: str, words: str
) -> None:
    certificate, key = self_made(HOST, days=days)
    pem = tmp_path / "server.pem"
    pem.write_bytes(key + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with RawServer(respond, tls=context) as server:
        rule = Rule(host=host, port=443, address="127.0.0.1", to_port=server.tls_address[1])
        rules = RouteRules(rules=(rule,), ca_file=pem if is_trusted else None)
        exchange = await fetch(rules, host=host)

    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.TLS
    assert words in exchange.failure.message
    assert exchange.request == exchange.received == b""
    assert exchange.peer is not None
    assert exchange.peer.tls is not None, "what the peer showed is kept"
    assert exchange.peer.tls.chain == (ssl.PEM_cert_to_DER_cert(certificate.decode()),)
    assert not exchange.peer.tls.is_verified


async def test_tls_1_1_is_refused(certificates: Certificates, secure: Secure) -> None:
    context = certificates.server_context()
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with RawServer(respond, tls=context) as server:
        old = Secure(server=server, certificates=certificates, ca_file=secure.ca_file)
        exchange = await fetch(old.rules(ca_file=secure.ca_file))

    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.TLS


async def test_server_without_tls_is_a_tls_failure(speak: Callable[[bytes], Awaitable[int]]) -> None:
    rule = Rule(host=HOST, port=443, address="127.0.0.1", to_port=await speak(PLAIN))

    exchange = await fetch(RouteRules(rules=(rule,)))

    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.TLS


async def test_server_that_hangs_up_on_the_handshake_is_named(speak: Callable[[bytes], Awaitable[int]]) -> None:
    rule = Rule(host=HOST, port=443, address="127.0.0.1", to_port=await speak(b""))

    exchange = await fetch(RouteRules(rules=(rule,)))

    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.RESET


def test_ca_file_without_certificates_is_named(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("no certificate\n")

    with pytest.raises(ConfigError, match=r"nothing\.pem cannot be read as certificates"):
        make_context(nothing)
