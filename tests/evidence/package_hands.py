"""The 39 ways to tamper with an evidence package, as functions over a bench (the numbers are the table's)."""

import gzip
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.evidence.authority import TestAuthority
from archive.evidence.claim import read_claim
from archive.evidence.gather import members_of
from archive.evidence.keys import SigningKeys, make_keys, read_signing
from archive.evidence.ledger import seal_of
from archive.evidence.package import LIST, LIST_SIGNATURE, WARC
from archive.evidence.seal import SIGNATURE, SUMS, token_file
from archive.evidence.signature import sign
from archive.query import Archive
from tests.evidence.makers import now, token_of
from tests.evidence.packing import SEAL, Bench

Tamper = Callable[[Bench], None]
RUN = f"{SEAL}/provenance/run.json"


def flip_a_bit_of_the_warc(bench: Bench) -> None:
    data = bytearray(bench.files[WARC])
    data[len(data) // 2] ^= 1
    bench.files[WARC] = bytes(data)


def change_a_sentence_of_the_page(bench: Bench) -> None:
    bench.files["derived/page.html"] = b"<p>A keeper counts nothing.</p>\n"


def change_the_body(bench: Bench) -> None:
    bench.alter(bench.record("response"), b"gulls", b"ghosts")
    digest = re.search(rb"Payload-Digest: sha256:(\w+)", gzip.decompress(bench.files[bench.record("response")]))
    assert digest
    bench.claim(payload_sha256=digest[1].decode())


def change_the_body_and_list(bench: Bench) -> None:
    change_the_body(bench)
    bench.relist()


def change_the_body_and_sign(bench: Bench) -> None:
    change_the_body(bench)
    bench.resign()


def change_the_body_and_the_night(bench: Bench) -> None:
    change_the_body(bench)
    bench.reseal()
    bench.resign()


def change_the_night_and_stamp_today(bench: Bench) -> None:
    change_the_body(bench)
    bench.reseal()
    at = now().replace(microsecond=0)
    bench.restamp(at)
    bench.claim(proved_by=at.isoformat().replace("+00:00", "Z"))
    bench.resign()


def change_the_night_and_backdate(bench: Bench) -> None:
    change_the_body(bench)
    bench.reseal()
    bench.restamp(bench.stamped)
    bench.resign()


def move_the_capture_back(bench: Bench) -> None:
    old = read_claim(bench.files["claim.json"]).captured_at
    new = old.replace("2026-08-02", "2026-07-23")
    bench.alter(bench.record("response"), old.encode(), new.encode())
    bench.claim(captured_at=new)
    bench.resign()


def claim_another_url(bench: Bench) -> None:
    bench.claim(url="https://lantern.example/a/elsewhere/9.html")
    bench.resign()


def _drop(bench: Bench, *kinds: str) -> None:
    for kind in kinds:
        for name in [name for name in bench.files if re.match(rf"records/\d+-{kind}-", name)]:
            del bench.files[name]
    bench.rewarc()


def drop_the_request_and_list(bench: Bench) -> None:
    _drop(bench, "request")
    bench.relist()


def drop_the_request_and_sign(bench: Bench) -> None:
    _drop(bench, "request")
    bench.resign()


def drop_the_metadata_and_sign(bench: Bench) -> None:
    _drop(bench, "metadata")
    bench.resign()


def drop_all_side_records_and_sign(bench: Bench) -> None:
    _drop(bench, "request", "metadata", "warcinfo", "resource")
    bench.resign()


def splice_a_record_in(bench: Bench) -> None:
    with Archive.open(bench.sealed.collection) as archive:
        other = members_of(archive, bench.sealed.collection, archive.captures("102")[2].capture)
    one = next(member for member in other if member.record.type == "request")
    bench.files[f"records/900-request-{one.record.ref.record_id[10:-1]}.warc.gz"] = one.data
    bench.rewarc()
    bench.resign()


def cut_the_warc_short(bench: Bench) -> None:
    bench.files[WARC] = bench.files[WARC][:-200]


def damage_a_token(bench: Bench) -> None:
    name = f"{SEAL}/{token_file(SUMS, 'tsa2')}"
    data = bytearray(bench.files[name])
    data[-8] ^= 1
    bench.files[name] = bytes(data)


def put_older_tokens(bench: Bench) -> None:
    for name, token in seal_of(bench.sealed.collection, "run-1").tokens:
        bench.files[f"{SEAL}/{name}"] = token
    bench.resign()


def _foreign(bench: Bench) -> TestAuthority:
    foreign = TestAuthority("tsa2")
    for over in (SUMS, SIGNATURE):
        token = token_of(foreign, bench.files[f"{SEAL}/{over}"], bench.stamped)
        bench.files[f"{SEAL}/{token_file(over, 'tsa2')}"] = token
    return foreign


def put_a_foreign_authority(bench: Bench) -> None:
    _foreign(bench)
    bench.resign()


def put_a_foreign_authority_and_its_root(bench: Bench) -> None:
    bench.files["trust/tsa-tsa2.pem"] = _foreign(bench).root_pem
    bench.resign()


def stamp_twice_by_one_authority(bench: Bench) -> None:
    one = bench.sealed.authorities[0]
    for over in (SUMS, SIGNATURE):
        bench.files[f"{SEAL}/{token_file(over, 'tsa2')}"] = token_of(one, bench.files[f"{SEAL}/{over}"], bench.stamped)
    bench.files["trust/tsa-tsa2.pem"] = bench.files["trust/tsa-tsa1.pem"]
    bench.resign()


def _foreign_keys() -> SigningKeys:
    with TemporaryDirectory() as folder:
        keys, began = Path(folder) / "keys", now() - timedelta(days=3)
        make_keys(keys, owner="The Imaginary Archive", log_name="archive.example/log", passphrase=None, now=began)
        _foreign_keys.root = (keys / "root.crt").read_bytes()  # type: ignore[attr-defined]
        return read_signing(keys, None, now())


def sign_under_a_foreign_root(bench: Bench) -> None:
    keys = _foreign_keys()
    bench.files["trust/root.crt"] = _foreign_keys.root  # type: ignore[attr-defined]
    bench.files[f"{SEAL}/{SIGNATURE}"] = sign(bench.files[f"{SEAL}/{SUMS}"], keys.certificate, keys.key)
    bench.relist()
    bench.files[LIST_SIGNATURE] = sign(bench.files[LIST], keys.certificate, keys.key)


def sign_by_right_names_and_wrong_issuer(bench: Bench) -> None:
    keys = _foreign_keys()
    bench.files[f"{SEAL}/{SIGNATURE}"] = sign(bench.files[f"{SEAL}/{SUMS}"], keys.certificate, keys.key)
    bench.restamp(now().replace(microsecond=0), over=(SIGNATURE,))
    bench.relist()
    bench.files[LIST_SIGNATURE] = sign(bench.files[LIST], keys.certificate, keys.key)


def delete_the_signature_and_list(bench: Bench) -> None:
    del bench.files[f"{SEAL}/{SIGNATURE}"]
    bench.relist()


def delete_the_package_list(bench: Bench) -> None:
    for name in [name for name in bench.files if name.startswith(LIST)]:
        del bench.files[name]


def plant_a_file(bench: Bench) -> None:
    bench.files["derived/second-page.html"] = b"<p>Trust me.</p>\n"


def plant_a_hidden_file(bench: Bench) -> None:
    bench.files[".note"] = b"x"


def plant_a_link(bench: Bench) -> None:
    bench.links["derived/link"] = "page.html"


def edit_provenance(bench: Bench) -> None:
    bench.files[RUN] = bench.files[RUN].replace(b'"ntp_offset_seconds": null', b'"ntp_offset_seconds": 0.0')
    bench.resign()


def remove_provenance(bench: Bench) -> None:
    del bench.files[RUN]
    bench.resign()


def log_without_this_night(bench: Bench) -> None:
    leaves = bench.leaves
    del leaves[1]
    bench.relog(leaves, 1)
    bench.resign()


def claim_a_wrong_index(bench: Bench) -> None:
    name = f"{SEAL}/log.tlog-proof"
    bench.files[name] = bench.files[name].replace(b"index 1", b"index 2")
    bench.resign()


def edit_the_checkpoint(bench: Bench) -> None:
    name = f"{SEAL}/log.tlog-proof"
    bench.files[name] = bench.files[name].replace(b"archive.example/log\n3\n", b"archive.example/log\n4\n")
    bench.resign()


def remove_a_custody_event(bench: Bench) -> None:
    lines = bench.files["custody.jsonl"].splitlines(keepends=True)
    del lines[len(lines) // 2]
    bench.files["custody.jsonl"] = b"".join(lines)
    bench.resign()


def stamp_in_the_future(bench: Bench) -> None:
    bench.restamp(now().replace(microsecond=0) + timedelta(days=40))
    bench.resign()


def let_the_authorities_disagree(bench: Bench) -> None:
    bench.restamp(bench.stamped - timedelta(hours=5), "tsa2")
    bench.claim(proved_by=(bench.stamped - timedelta(hours=5)).isoformat().replace("+00:00", "Z"))
    bench.resign()


def convert_the_list(bench: Bench) -> None:
    bench.files[f"{SEAL}/{SUMS}"] = bench.files[f"{SEAL}/{SUMS}"].replace(b"\n", b"\r\n")
    bench.relist()


def change_the_address(bench: Bench) -> None:
    bench.claim(server_ip="127.0.0.2")
    bench.resign()


def compress_a_record_again(bench: Bench) -> None:
    name = bench.record("request")
    bench.files[name] = gzip.compress(gzip.decompress(bench.files[name]), 1, mtime=7)
    bench.rewarc()
    bench.resign()


def list_a_file_twice(bench: Bench) -> None:
    first, rest = bench.files[LIST].split(b"\n", 1)
    bench.files[LIST] = first + b"\n" + first + b"\n" + rest
    for name in [name for name in bench.files if name.startswith(LIST) and name.endswith(".tst")]:
        del bench.files[name]


def rewrite_with_every_key(bench: Bench) -> None:
    change_the_body(bench)
    bench.reseal()
    bench.restamp(bench.stamped)
    bench.relog(bench.leaves, 1)
    bench.resign()


def rewrite_with_every_key_unwatched(bench: Bench) -> None:
    rewrite_with_every_key(bench)
    bench.is_checkpoint_told = False
