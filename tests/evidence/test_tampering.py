"""The tamper table of sealed archives: each attack, whose hands it takes, and exactly which checks find it."""

from datetime import timedelta

import pytest

from archive.rebuild import rebuild
from archive.verify import CHECKS, SEAL_CHECKS
from tests.evidence import hands
from tests.evidence.hands import Tamper
from tests.evidence.makers import Sealed, now

INDEX = {"index-captures", "index-omissions"}
BYTES = {"sealed-file", "sealed-record"}
CASES: dict[str, tuple[Tamper, set[str]]] = {
    "a flipped bit": (hands.flip_a_bit, BYTES | {"record-readable", "record-belongs", "index-captures"}),
    "a file cut short": (hands.truncate, BYTES | {"record-readable", "index-runs"}),
    "a record put behind": (hands.append_a_record, BYTES | {"record-warcinfo"}),
    "records compressed again": (hands.compress_again, BYTES | INDEX | {"exchange-whole", "exchange-payload"}),
    "a file taken away": (hands.delete_a_file, {"sealed-there", "index-files", "index-rest", "index-runs"}),
    "a file planted": (
        hands.plant_a_warc,
        {"sealed-file", "index-files", "index-captures", "record-unique", "record-warcinfo"},
    ),
    "a night's seal taken away": (hands.delete_a_night, {"log-leaves", "run-sealed", "stamp-kept"}),
    "a signature taken away": (hands.delete_a_signature, {"seal-list", "log-leaves", "sealed-file"}),
    "a token taken away": (hands.delete_a_token, {"stamp-kept"}),
    "a token damaged": (hands.damage_a_token, {"stamp-holds"}),
    "tokens of two nights swapped": (hands.swap_tokens, {"stamp-holds"}),
    "the list's line ends converted": (
        hands.convert_line_ends,
        {"seal-list", "log-leaves", "seal-provenance", "seal-signature", "sealed-file", "stamp-holds"},
    ),
    "the list edited": (hands.edit_the_list, {"sealed-record", "seal-signature", "stamp-holds", "log-leaves"}),
    "provenance edited": (hands.edit_provenance, {"seal-provenance"}),
    "a file planted beside a seal": (hands.plant_a_file, {"seal-foreign"}),
    "a copy of the root damaged": (hands.damage_a_copy_of_a_key("root.crt"), {"seal-copies"}),
    "a copy of the log's key damaged": (hands.damage_a_copy_of_a_key("log.vkey"), {"seal-copies"}),
    "a copy of an authority's root damaged": (hands.damage_a_copy_of_a_key("tsa-tsa1.pem"), {"seal-copies"}),
    "a copy of the root exchanged": (hands.exchange_a_copy_of_a_key("root.crt"), {"seal-copies"}),
    "a copy of the log's key exchanged": (hands.exchange_a_copy_of_a_key("log.vkey"), {"seal-copies"}),
    "a copy of an authority's root exchanged": (hands.exchange_a_copy_of_a_key("tsa-tsa1.pem"), {"seal-copies"}),
    "a link for a token": (hands.plant_a_link, {"seal-foreign"}),
    "a sealing half done": (hands.leave_a_sealing_half_done, {"seal-foreign"}),
    "the last leaf taken away": (hands.forget_a_leaf, {"log-leaves", "log-checkpoint"}),
    "leaves that are none": (hands.garble_the_leaves, {"log-leaves", "log-checkpoint"}),
    "a checkpoint put for another": (hands.edit_checkpoint_history, {"log-checkpoint"}),
    "a checkpoint taken away": (hands.delete_a_checkpoint, {"log-checkpoint"}),
    "a custody event taken out": (hands.take_out_an_event, {"custody-chain"}),
    "a custody event edited": (hands.edit_an_event, {"custody-chain"}),
    "insider: a page rewritten, signed": (
        hands.rewrite_and_sign,
        INDEX | {"exchange-whole", "exchange-payload", "stamp-holds", "log-leaves"},
    ),
    "insider: a page rewritten, signed, stamped today": (
        hands.rewrite_and_stamp_today,
        INDEX | {"exchange-whole", "exchange-payload", "log-leaves"},
    ),
    "insider: an empty list, signed": (
        hands.sign_with_a_damaged_list,
        {"seal-list", "log-leaves", "seal-provenance", "sealed-file", "stamp-holds"},
    ),
    "insider: requests left out of the list, all anew": (
        hands.drop_records_from_the_list,
        {"sealed-record", "seal-provenance", "log-chain"},
    ),
    "insider: a record listed that is not there": (
        hands.list_a_record_that_is_not_there,
        {"sealed-record", "seal-provenance"},
    ),
    "insider: the run before left out of the seal": (hands.chain_to_nothing, {"log-chain"}),
    "insider: another run claimed": (hands.claim("run", "run-9"), {"seal-provenance"}),
    "insider: fewer records claimed": (hands.claim("records", 3), {"seal-provenance"}),
    "insider: a real crawl claimed to be a test": (hands.claim("route", "test-route"), {"seal-provenance"}),
    "insider: another custody claimed": (hands.claim("custody", "0" * 64), {"custody-chain"}),
    "insider: sealed before the night before": (hands.claim("sealed", "2026-01-01T00:00:00Z"), {"clock-sound"}),
    "a night never sealed": (hands.unseal_a_night, {"run-sealed"}),
    "no stamp for a week": (hands.overdue, {"stamp-overdue", "clock-sound"}),
    "a foreign root": (hands.sign_under_a_foreign_root, {"seal-signature"}),
    "a stranger's token that brings its root along": (hands.stamp_by_a_stranger, {"stamp-holds"}),
    "tokens dated in the future": (hands.stamp_in_the_future, {"stamp-holds"}),
    "authorities that lie hours apart": (hands.stamp_hours_apart, {"stamps-agree", "clock-sound"}),
    "a clock that was set during the run": (hands.claim("step_seconds", -40.0), {"clock-sound"}),
    "a clock that NTP contradicts": (hands.claim("ntp_offset_seconds", 5.0), {"clock-sound"}),
    "a clock that the authorities contradict": (hands.claim("sealed", f"{now() + timedelta(days=9)}"), {"clock-sound"}),
}  # fmt: skip
"""What is done -> exactly the checks that find it."""


def test_a_sound_archive_passes_every_check(sound: Sealed) -> None:
    assert sound.checks(is_published=True) == set()


@pytest.mark.parametrize(("tamper", "expected"), CASES.values(), ids=CASES)
def test_tampering_with_a_sealed_archive_is_found(copy: Sealed, tamper: Tamper, expected: set[str]) -> None:
    tamper(copy)
    found = copy.found()
    assert {finding.check for finding in found} == expected
    for finding in found:
        assert finding.file
        assert finding.found
        assert finding.expected
        assert finding.hint


def test_every_check_of_seals_has_a_case_and_a_meaning() -> None:
    found = {check for _, checks in CASES.values() for check in checks}
    assert found & SEAL_CHECKS | {"log-published"} == SEAL_CHECKS
    assert all(CHECKS[name].meaning.partition("\n")[0].endswith(".") for name in SEAL_CHECKS)


NOT_ALONE = {
    "log-leaves": "a log with other leaves has other roots than its checkpoints, or its seals changed",
    "log-published": "it needs a checkpoint from outside: found alone in the tests of a full compromise below",
    "seal-list": "what is no list is no leaf of the log, signs nothing and names no file",
    "sealed-file": "other bytes are other records, and a file that no seal names is none of the index",
    "sealed-record": "a list that names other records is another leaf, or its file is another",
    "sealed-there": "the index lists the file too",
    "stamp-overdue": "a seal that is old enough was made by a clock that its stamps contradict",
    "stamps-agree": "of two times hours apart one contradicts the machine's clock",
}
"""Checks that no tampering can make fail alone, and why."""


def test_every_check_of_seals_is_found_alone_where_that_can_be() -> None:
    alone = {check for _, expected in CASES.values() if len(expected) == 1 for check in expected}
    assert SEAL_CHECKS - alone == set(NOT_ALONE)


HISTORY = {
    "the last night rolled back": hands.roll_back,
    "the last night unsealed": hands.unseal_a_night,
    "a fact of the last night rewritten": hands.claim("counts", {}),
    "the whole log rewritten": hands.drop_records_from_the_list,
}


@pytest.mark.parametrize("tamper", HISTORY.values(), ids=HISTORY)
def test_history_rewritten_by_the_holder_of_all_keys_fails_a_published_checkpoint(copy: Sealed, tamper: Tamper) -> None:
    tamper(copy)
    assert "log-published" not in copy.checks()
    assert "log-published" in copy.checks(is_published=True)


@pytest.mark.parametrize("tamper", [hands.roll_back, hands.claim("counts", {})], ids=["rolled back", "rewritten"])
def test_full_compromise_is_caught_by_nothing_but_a_published_checkpoint(copy: Sealed, tamper: Tamper) -> None:
    """Case 39 of the specification: seal key, log key and both authorities. This is why checkpoints are published."""
    tamper(copy)
    rebuild(copy.collection, workers=1, progress=lambda _: None)
    assert copy.checks() == set()
    assert copy.checks(is_published=True) == {"log-published"}
