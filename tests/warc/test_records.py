"""Each record says what WARC/1.1 wants of it, and nothing that it forbids."""

import re
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.model import (
    CaptureKind,
    Omission,
    OmissionKind,
    Route,
    sha256_of,
)
from archive.warc import LaidOmission, Record, RunEnded, RunStarted, SiteRules, groups, read_record, walk
from tests.warc.awkward import AWKWARD
from tests.warc.makers import END, NOW, PLAIN, REQUEST, TLS, lay, only_file, open_writer, page, run_start


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


def records_of(collection: Collection, kind: str) -> list[Record]:
    return [record for record in walk(only_file(collection)) if record.type == kind]


def all_of(record: Record, name: str) -> list[str]:
    return [value for found, value in record.fields if found == name]


def test_every_record_is_warc_1_1_with_a_random_id_and_a_checked_block(collection: Collection) -> None:
    lay(collection, *AWKWARD.values())
    for record in walk(only_file(collection)):
        assert record.header.startswith(b"WARC/1.1\r\n")
        assert uuid.UUID(record.ref.record_id.removeprefix("<urn:uuid:").removesuffix(">")).version == 4
        assert record.check() == sha256_of(record.block)
        names = [name for name, _value in record.fields if name not in {"WARC-Concurrent-To", "WARC-Protocol"}]
        assert len(names) == len(set(names))


def test_every_record_but_the_first_names_its_warcinfo(collection: Collection) -> None:
    lay(collection, PLAIN)
    first, *others = walk(only_file(collection))
    assert first.type == "warcinfo"
    assert first.get("WARC-Warcinfo-ID") is None
    assert {record.get("WARC-Warcinfo-ID") for record in others} == {first.ref.record_id}


def test_records_of_one_exchange_share_a_date_and_name_each_other(collection: Collection) -> None:
    (capture,) = lay(collection, PLAIN)
    assert capture.request is not None
    group = [read_record(collection, ref) for ref in (capture.request, capture.record, capture.metadata)]
    assert [record.type for record in group] == ["request", "response", "metadata"]
    assert {record.get("WARC-Date") for record in group} == {"2026-11-22T03:00:00.123456Z"}
    request, answer, metadata = group
    assert all_of(request, "WARC-Concurrent-To") == [answer.ref.record_id]
    assert all_of(answer, "WARC-Concurrent-To") == [request.ref.record_id]
    assert all_of(metadata, "WARC-Concurrent-To") == [answer.ref.record_id]
    assert group[0].end == group[1].ref.offset
    assert group[1].end == group[2].ref.offset


def test_whole_second_is_written_with_six_digits_too(collection: Collection) -> None:
    (capture,) = lay(collection, replace(PLAIN, began=NOW.replace(microsecond=0)))
    assert read_record(collection, capture.record).get("WARC-Date") == "2026-11-22T03:00:00.000000Z"


def test_blocks_are_the_bytes_of_the_wire(collection: Collection) -> None:
    exchange = AWKWARD["latin-1-value"]
    (capture,) = lay(collection, exchange)
    assert capture.request is not None
    assert read_record(collection, capture.request).block == REQUEST
    assert read_record(collection, capture.record).block == exchange.head + exchange.body


def test_chunked_answer_is_stored_without_chunks(collection: Collection) -> None:
    (capture,) = lay(collection, AWKWARD["chunked-with-extensions"])
    record = read_record(collection, capture.record)
    text = b"<p>The bell of the drowned harbour rang twice.</p>\n"
    assert record.block == b"HTTP/1.1 200 OK\r\nX-Orig-TRANSFER-encoding:  Chunked\r\n\r\n" + text + b"x"
    assert record.get("WARC-Payload-Digest") == f"sha256:{sha256_of(text + b'x')}"


def test_payload_digests_stand_only_where_there_is_a_payload(collection: Collection) -> None:
    lay(collection, PLAIN, page(2, PLAIN.body), replace(PLAIN, sequence=3, request=REQUEST + b"name=gull"))
    for record in walk(only_file(collection)):
        has_payload = record.type in {"response", "revisit"} or record.block.endswith(b"name=gull")
        assert (record.get("WARC-Payload-Digest") is not None) == has_payload
    assert records_of(collection, "request")[2].get("WARC-Payload-Digest") == f"sha256:{sha256_of(b'name=gull')}"


def test_connection_is_named_on_request_and_response(collection: Collection) -> None:
    lay(collection, AWKWARD["over-tls"])
    for kind in ("request", "response"):
        (record,) = records_of(collection, kind)
        assert record.get("WARC-IP-Address") == "127.0.0.1"
        assert all_of(record, "WARC-Protocol") == ["http/1.1", "tls/1.3"]
        assert record.get("WARC-Cipher-Suite") == "TLS_AES_256_GCM_SHA384"


def test_certificate_is_stored_once_per_file(collection: Collection) -> None:
    lay(collection, AWKWARD["over-tls"], replace(AWKWARD["over-tls"], sequence=2))
    certificates = [r for r in records_of(collection, "resource") if r.get("Content-Type") == "application/pkix-cert"]
    assert [record.block for record in certificates] == list(TLS.chain)
    assert certificates[0].get("WARC-Target-URI") == f"urn:vigil:certificate:{sha256_of(TLS.chain[0])}"


@pytest.mark.parametrize(("name", "reason"), [("cut-off-body", "disconnect"), ("cut-off-size-line", "time")])
def test_truncation_is_marked(collection: Collection, name: str, reason: str) -> None:
    lay(collection, AWKWARD[name])
    assert records_of(collection, "response")[0].get("WARC-Truncated") == reason


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("http://blog.example/a?b=1&c=%2F#d", "http://blog.example/a?b=1&c=%2F#d"),
        ("http://blog.example/a b", "http://blog.example/a%20b"),
        ("http://blog.example/ш?q=[ü]|%zz%", "http://blog.example/%D1%88?q=%5B%C3%BC%5D%7C%25zz%25"),
        ("http://[::1]:80/[x]", "http://[::1]:80/%5Bx%5D"),
        ("http://blog.example/\r\nWARC-Type: x", "http://blog.example/%0D%0AWARC-Type:%20x"),
    ],
)
def test_target_uri_is_a_uri_and_the_exact_url_is_kept(collection: Collection, url: str, uri: str) -> None:
    (capture,) = lay(collection, replace(PLAIN, url=url))
    assert read_record(collection, capture.record).get("WARC-Target-URI") == uri
    assert capture.url == url


def test_failure_is_kept_as_request_and_metadata(collection: Collection) -> None:
    (capture,) = lay(collection, AWKWARD["reset"])
    assert capture.kind is CaptureKind.FAILURE
    assert capture.record == capture.metadata
    assert capture.status is None
    assert not records_of(collection, "response")
    block = records_of(collection, "metadata")[0].block
    assert b"failure: reset\r\nfailure-message: connection reset by peer\r\n" in block
    assert b"wire-surplus: SFRU\r\n" in block


def test_metadata_names_every_record_of_the_capture(collection: Collection) -> None:
    (capture,) = lay(collection, PLAIN)
    assert capture.request is not None
    ids = f"{capture.request.record_id} {capture.record.record_id} {capture.metadata.record_id}"
    block = read_record(collection, capture.metadata).block.decode()
    assert f"vigil-records: {ids}\r\n" in block
    for line in ("via: http://blog.example/", "fetchTimeMs: 12", "vigil-purpose: post", "wire-complete: yes"):
        assert f"{line}\r\n" in block


def test_warcinfo_says_who_crawled_and_by_which_rules(collection: Collection) -> None:
    run = replace(run_start(), route=Route.TEST, robots_exceptions=("/*?p=*: the listing's own button asks for it",))
    open_writer(collection, run=run).close(END)
    (warcinfo,) = records_of(collection, "warcinfo")
    assert warcinfo.get("WARC-Filename") == only_file(collection).name
    lines = warcinfo.block.decode().split("\r\n")
    for line in (
        "software: vigil/0.1",
        "format: WARC File Format 1.1",
        "hostname: testhost",
        "operator: The Imaginary Archive, https://operator.example/vigil",
        "isPartOf: watchtower",
        "vigil-route: test-route",
        "vigil-robots-exception: /*?p=*: the listing's own button asks for it",
    ):
        assert line in lines
    assert any(re.fullmatch(r"http-header-user-agent: Mozilla.*vigil/0\.1.*", line) for line in lines)
    assert b"http-header-from" not in warcinfo.block


@pytest.mark.parametrize("contact", ["archive@operator.example", "mailto:archive@operator.example"])
def test_warcinfo_names_the_mail_address_that_every_request_carries(collection: Collection, contact: str) -> None:
    open_writer(collection, run=replace(run_start(), contact=contact)).close(END)
    (warcinfo,) = records_of(collection, "warcinfo")
    assert b"\r\nhttp-header-from: archive@operator.example\r\n" in warcinfo.block


def test_run_of_the_real_site_carries_no_test_mark(collection: Collection) -> None:
    lay(collection, PLAIN)
    assert b"vigil-route" not in records_of(collection, "warcinfo")[0].block


def test_run_begins_and_ends_with_its_facts(collection: Collection) -> None:
    run = replace(run_start(), recovered=("something was found",))
    writer = open_writer(collection, run=run)
    omission = Omission(
        run="run-1",
        url="javascript:void(0)",
        kind=OmissionKind.SCHEME,
        reason="no page:\nit runs a script",
        time=NOW,
        via="http://blog.example/",
    )
    noted = writer.note(omission)
    writer.close(END)
    started, rules, left_out, ended = groups(only_file(collection))
    assert (started, rules) == writer.opening
    assert isinstance(started, RunStarted)
    assert started.start == run
    assert isinstance(rules, SiteRules)
    assert (rules.run, rules.toml) == ("run-1", b'id = "watchtower"\n')
    assert isinstance(left_out, LaidOmission)
    assert (left_out.omission, left_out.record) == (omission, noted)
    assert isinstance(ended, RunEnded)
    assert ended.run_end == END


def test_units_can_be_read_on_from_where_one_ended(collection: Collection) -> None:
    lay(collection, AWKWARD["over-tls"], page(2, b"two"), page(3, b"three"))
    path = only_file(collection)
    units = list(groups(path))
    for number, unit in enumerate(units, 1):
        rest = groups(path, unit.record.offset + unit.record.length)
        assert [later.record for later in rest] == [later.record for later in units[number:]]
