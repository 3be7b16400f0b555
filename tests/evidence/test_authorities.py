"""Time authorities that are silent, slow, or lie: the token stays pending with its reason, and comes when they mend."""

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from archive.collection import Collection
from archive.config import Authority
from archive.errors import IntegrityError, NetworkError
from archive.evidence.asking import Question, ask
from archive.evidence.authority import TestAuthority
from archive.evidence.keys import make_keys
from archive.evidence.owed import owed
from archive.evidence.seal import STAMPED, SUMS, read_seal, record_name
from archive.evidence.sealing import finish
from archive.evidence.signature import fingerprint_of
from archive.evidence.tokens import Answer, TimeAuthority, accept_answer, check_token, request_for
from archive.model import sha256_of
from archive.warc import members, warc_files
from tests.cli.archives import BEGAN, exchange, lay_run, page
from tests.evidence.makers import Sealed, now, serving, settings_of, token_of

DATA = b"what is to be stamped"


def known(authority: TestAuthority) -> TimeAuthority:
    return TimeAuthority(name=authority.name, roots=(authority.root,))


class Liar(TestAuthority):
    """An authority whose answers are made by a function of the query."""

    __test__ = False

    def __init__(self, lie: Callable[["Liar", tsp.TimeStampReq], bytes]) -> None:
        super().__init__("tsa1")
        self.lie: Callable[[Liar, tsp.TimeStampReq], bytes] | None = lie

    def answer(self, query: bytes) -> bytes:
        return super().answer(query) if self.lie is None else self.lie(self, tsp.TimeStampReq.load(query))

    def granted(self, request: tsp.TimeStampReq, data: bytes | None = None, nonce: int | None = None) -> bytes:
        imprint = request["message_imprint"]
        if data is not None:
            imprint["hashed_message"] = bytes.fromhex(sha256_of(data))
        token = self.token(imprint, request["nonce"].native if nonce is None else nonce)
        return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())


def in_the_future(liar: Liar, request: tsp.TimeStampReq) -> bytes:
    liar.clock = lambda: datetime.now(UTC) + timedelta(hours=2)
    return liar.granted(request)


def before_its_certificate(liar: Liar, request: tsp.TimeStampReq) -> bytes:
    liar.clock = lambda: datetime.now(UTC) - timedelta(days=9)
    return liar.granted(request)


def by_a_stranger(liar: Liar, request: tsp.TimeStampReq) -> bytes:
    del liar
    return TestAuthority("tsa1").answer(request.dump())


def by_a_certificate_for_other_things(liar: Liar, request: tsp.TimeStampReq) -> bytes:
    """Sign with a certificate of the trusted root that is for servers, not for stamps."""
    builder = x509.CertificateBuilder()
    builder = builder.subject_name(liar.certificate.subject).issuer_name(liar.root.subject)
    builder = builder.public_key(liar.certificate.public_key()).serial_number(77)
    builder = builder.not_valid_before(liar.root.not_valid_before_utc).not_valid_after(liar.root.not_valid_after_utc)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    root_key = liar._root_key  # noqa: SLF001 - the liar signs a certificate of its own
    liar.certificate = builder.add_extension(usage, critical=True).sign(root_key, hashes.SHA256())
    return liar.granted(request)


def damaged(liar: Liar, request: tsp.TimeStampReq) -> bytes:
    answer = bytearray(liar.granted(request))
    answer[-5] ^= 1
    return bytes(answer)


LIES: dict[str, tuple[Callable[[Liar, tsp.TimeStampReq], bytes], str]] = {
    "another nonce": (lambda liar, request: liar.granted(request, nonce=5), "Nonce mismatch"),
    "another imprint": (lambda liar, request: liar.granted(request, b"other"), "messages"),
    "a web page": (lambda *_: b"<html><body>Please log in</body></html>", "no time-stamp response"),
    "nothing": (lambda *_: b"", "no time-stamp response"),
    "half an answer": (lambda liar, request: liar.granted(request)[:-100], "no time-stamp response"),
    "a refusal": (
        lambda *_: bytes(Answer({"status": {"status": "rejection", "status_string": ["No."]}}).dump()),
        "refused: rejection No.",
    ),
    "a time in the future": (in_the_future, "future"),
    "a time before its certificate": (before_its_certificate, "certificate"),
    "a stranger's token that brings its root along": (by_a_stranger, "certificate"),
    "a certificate that is not for stamps": (by_a_certificate_for_other_things, ""),
    "a damaged signature": (damaged, ""),
    "a megabyte": (lambda *_: b"x" * 1_000_000, "longer than"),
}


@pytest.fixture
def night(tmp_path: Path) -> Collection:
    """An archive of one night, not sealed yet, with keys beside it."""
    collection = Collection(tmp_path / "collection")
    lay_run(collection, "run-1", BEGAN, exchange(1, "/a/x/101.html", page("One", "Gulls.")))
    make_keys(tmp_path / "keys", owner="The Imaginary Archive", log_name="log.example", passphrase=None, now=now())
    return collection


@pytest.mark.parametrize(("lie", "reason"), LIES.values(), ids=LIES)
def test_lie_leaves_the_token_pending_until_the_truth_is_told(
    night: Collection, tmp_path: Path, lie: Callable[[Liar, tsp.TimeStampReq], bytes], reason: str
) -> None:
    liar, honest = Liar(lie), TestAuthority("tsa2")
    with serving(tmp_path, liar, honest) as authorities:
        settings = settings_of(tmp_path, authorities)
        outcome = finish(night, settings)
        assert outcome.sealed == ("run-1",)
        assert [(one.stamped, one.have) for one in outcome.owed.pending] == [(one, ("tsa2",)) for one in STAMPED]
        assert all(reason in one.reasons[0] for one in outcome.owed.pending), outcome.owed.pending
        assert not list((night.root / "seals/run-1").glob("*.tsa1.tst"))
        again = finish(night, settings)
        assert [(one.stamped, one.have) for one in again.owed.pending] == [(one, ("tsa2",)) for one in STAMPED]
        liar.lie, liar.clock = None, lambda: datetime.now(UTC)
        if lie is not by_a_certificate_for_other_things:
            assert finish(night, settings).stamped == 2
            assert owed(night).pending == ()


def test_authority_that_is_down_is_asked_once_and_the_seal_is_made(night: Collection, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    root = tmp_path / "root.pem"
    root.write_bytes(TestAuthority("tsa1").root_pem)
    down = Authority(name="tsa1", url=f"http://127.0.0.1:{port}/", root=root, timeout=2)
    outcome = finish(night, settings_of(tmp_path, (down,)))
    assert outcome.sealed == ("run-1",)
    assert "refused" in outcome.owed.pending[0].reasons[0].lower()


def test_slow_authority_costs_no_more_than_its_time() -> None:
    """It sends one byte at a time, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as kept:

        def drip() -> None:
            wire = kept.enter_context(server.accept()[0])
            try:
                wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while True:
                    wire.sendall(b"x")
                    time.sleep(0.05)
            except OSError:
                return

        Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        (answer,) = ask([Question(url=f"http://127.0.0.1:{server.getsockname()[1]}/", body=b"?", timeout=0.5)])
        assert isinstance(answer, NetworkError)
        assert "within 0.5 seconds" in str(answer)
        assert time.monotonic() - began < 5


def test_status_that_is_no_answer_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            wire = server.accept()[0]
            wire.recv(1000)
            wire.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
            wire.close()

        Thread(target=refuse, daemon=True).start()
        (answer,) = ask([Question(url=f"http://127.0.0.1:{server.getsockname()[1]}/", body=b"?", timeout=5)])
        assert "status 503" in str(answer)


def test_pinned_certificate_is_the_only_one_believed() -> None:
    authority = TestAuthority("tsa1")
    token = token_of(authority, DATA)
    right = replace(known(authority), pin=fingerprint_of(authority.certificate))
    assert check_token(token, DATA, right, now=now()).fingerprint == fingerprint_of(authority.certificate)
    with pytest.raises(IntegrityError, match="pinned"):
        check_token(token, DATA, replace(right, pin=sha256_of(b"another")), now=now())


def test_token_is_judged_at_its_own_time_not_at_ours() -> None:
    authority = TestAuthority("tsa1")
    token = token_of(authority, DATA)
    in_forty_years = now() + timedelta(days=40 * 365)
    assert authority.certificate.not_valid_after_utc < in_forty_years
    assert check_token(token, DATA, known(authority), now=in_forty_years).time <= now()


def test_rotated_root_stands_beside_the_old_one() -> None:
    old, new = TestAuthority("tsa1"), TestAuthority("tsa1")
    both = TimeAuthority(name="tsa1", roots=(old.root, new.root))
    for authority in (old, new):
        assert check_token(token_of(authority, DATA), DATA, both, now=now()).authority == "tsa1"


def test_answer_gives_back_the_token_as_it_was_sent() -> None:
    authority = TestAuthority("tsa1")
    request = request_for(DATA)
    answer = authority.answer(request.body)
    token, stamp = accept_answer(answer, request, known(authority), now=now())
    assert token in answer
    assert stamp.is_test
    assert abs(stamp.time - now()) < timedelta(seconds=5)


def test_garbage_is_refused_by_the_test_authority() -> None:
    answer = TestAuthority("tsa1").answer(b"no query")
    with pytest.raises(IntegrityError, match="refused"):
        accept_answer(answer, request_for(DATA), known(TestAuthority("tsa1")), now=now())


@pytest.mark.reader
def test_openssl_reads_a_kept_token_with_the_two_commands_of_the_guide(sound: Sealed) -> None:
    folder = sound.seal()
    seal = read_seal(folder)
    name, token = seal.tokens[-2]
    stamp = check_token(token, seal.stamped(name), sound.trust.authorities[0], now=now())
    root = sound.settings.authorities[0].root
    verify = [
        "openssl",
        "cms",
        "-verify",
        "-inform",
        "DER",
        "-in",
        name,
        "-CAfile",
        str(root),
        "-purpose",
        "timestampsign",
    ]
    verify += ["-attime", str(int(stamp.time.timestamp())), "-binary"]
    done = subprocess.run(verify, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    parse = ["openssl", "asn1parse", "-inform", "DER"]
    told = subprocess.run(parse, input=done.stdout, capture_output=True, check=True).stdout.decode()
    assert sha256_of(seal.stamped(name)).upper() in told
    assert f"{stamp.time:%Y%m%d%H%M%SZ}" in told


@pytest.mark.reader
def test_openssl_agrees_with_the_seals_signature(sound: Sealed) -> None:
    verify = ["openssl", "cms", "-verify", "-binary", "-purpose", "any", "-inform", "DER", "-in", "SHA256SUMS.p7s"]
    verify += ["-content", SUMS, "-CAfile", str(sound.folder / "keys" / "root.crt"), "-out", "/dev/null"]
    done = subprocess.run(verify, cwd=sound.seal(), capture_output=True, text=True, check=False)
    assert "successful" in done.stderr.lower(), done.stderr


@pytest.mark.reader
def test_sha256sum_checks_a_record_cut_out_of_the_file(sound: Sealed, tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "archive").mkdir()
    path = warc_files(sound.collection)[1]
    (tmp_path / "archive" / path.name).write_bytes(path.read_bytes())
    for record, member in members(path):
        (tmp_path / record_name(record.type, record.ref.record_id)).write_bytes(member)
    lines = [
        line for line in (sound.seal() / SUMS).read_text().splitlines(keepends=True) if "  provenance/" not in line
    ]
    (tmp_path / "list").write_text("".join(lines))
    done = subprocess.run(["sha256sum", "-c", "--strict", "list"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
