"""The tamper table of evidence packages: who attacks how, and exactly which checks of each checker find it."""

from pathlib import Path

import pytest

from archive.verify import PACKAGE_CHECKS
from tests.evidence import package_hands as hands
from tests.evidence.package_hands import Tamper
from tests.evidence.packing import Bench, run_shell

TRUST, FILES, TOKENS, SIGNED = "package-trust", "package-files", "package-tokens", "package-signatures"
SEALED, RECORDS, LOG, CUSTODY = "package-sealed", "package-records", "package-log", "package-custody"

CASES: dict[str, tuple[Tamper, set[str]]] = {
    "01 rot: a bit of the WARC flipped": (hands.flip_a_bit_of_the_warc, {FILES, RECORDS}),
    "02 outsider: a sentence of the page changed": (hands.change_a_sentence_of_the_page, {FILES}),
    "03 outsider: the body changed everywhere, listed": (hands.change_the_body_and_list, {SIGNED, SEALED}),
    "04 insider: the same, package signed": (hands.change_the_body_and_sign, {SEALED}),
    "05 insider: the same, night signed too": (hands.change_the_body_and_the_night, {TOKENS, RECORDS, LOG}),
    "06 insider: the same, stamped today": (hands.change_the_night_and_stamp_today, {LOG}),
    "07 insider and both authorities: backdated": (hands.change_the_night_and_backdate, {LOG}),
    "08 insider: capture moved back ten days": (hands.move_the_capture_back, {SEALED}),
    "09 insider: the claim names another URL": (hands.claim_another_url, {RECORDS}),
    "10 outsider: the request removed, listed": (hands.drop_the_request_and_list, {SIGNED, RECORDS}),
    "11 insider: another night's record spliced in": (hands.splice_a_record_in, {SEALED, RECORDS}),
    "12 fault: the WARC cut short": (hands.cut_the_warc_short, {FILES, RECORDS}),
    "13 outsider: a token damaged": (hands.damage_a_token, {FILES, TOKENS}),
    "14 insider: older tokens put in": (hands.put_older_tokens, {TOKENS, RECORDS}),
    "15 insider: a foreign authority's token": (hands.put_a_foreign_authority, {TOKENS}),
    "16 insider: the same, its root put into trust": (hands.put_a_foreign_authority_and_its_root, {TRUST}),
    "17 outsider: all signed under a foreign root": (hands.sign_under_a_foreign_root, {TRUST, TOKENS}),
    "18 outsider: a signature deleted, listed": (hands.delete_the_signature_and_list, {TOKENS, SIGNED}),
    "19 outsider: the package's list deleted": (hands.delete_the_package_list, {FILES, SIGNED}),
    "20 outsider: a file planted": (hands.plant_a_file, {FILES}),
    "21 outsider: a hidden file planted": (hands.plant_a_hidden_file, {FILES}),
    "22 outsider: a link planted": (hands.plant_a_link, {FILES}),
    "23 insider: provenance edited": (hands.edit_provenance, {SEALED}),
    "24 insider: provenance removed": (hands.remove_provenance, {SIGNED, SEALED, RECORDS, CUSTODY}),
    "25 log key: a log without this night": (hands.log_without_this_night, {LOG}),
    "26 insider: a wrong index": (hands.claim_a_wrong_index, {LOG}),
    "27 insider: the checkpoint's size edited": (hands.edit_the_checkpoint, {LOG}),
    "28 insider: a custody event removed": (hands.remove_a_custody_event, {CUSTODY}),
    "29 authorities: dated in the future": (hands.stamp_in_the_future, {TOKENS, RECORDS}),
    "30 one authority: hours apart": (hands.let_the_authorities_disagree, {TOKENS}),
    "31 outsider: right names, wrong issuer": (hands.sign_by_right_names_and_wrong_issuer, {SIGNED}),
    "32 transfer: line ends converted, listed": (hands.convert_the_list, {TOKENS, SIGNED, SEALED, RECORDS, LOG}),
    "33 insider: another server address claimed": (hands.change_the_address, {RECORDS}),
    "34 tool: a record compressed again": (hands.compress_a_record_again, {SEALED}),
    "35 outsider: a line of the list doubled": (hands.list_a_file_twice, {FILES, SIGNED}),
    "36 insider: the request left out": (hands.drop_the_request_and_sign, {RECORDS}),
    "37 insider: the metadata left out": (hands.drop_the_metadata_and_sign, {RECORDS}),
    "38 insider: all side records left out": (hands.drop_all_side_records_and_sign, {RECORDS}),
    "39 every key and authority, watched": (hands.rewrite_with_every_key, {LOG}),
    "39 every key and authority, unwatched": (hands.rewrite_with_every_key_unwatched, set()),
    "40 insider: one authority in two names": (hands.stamp_twice_by_one_authority, {TOKENS}),
}
QUICK = {"03", "08", "13", "16", "22", "25", "28", "36", "39"}
"""Cases that verify.sh is tried on in every run of the tests; each check is among them. All are in make test-all."""
each_case = pytest.mark.parametrize("case", CASES)


def test_good_package_has_no_finding(bench: Bench) -> None:
    assert bench.found() == set()


@each_case
def test_vigil_finds(case: str, bench: Bench) -> None:
    tamper, expected = CASES[case]
    tamper(bench)
    assert bench.found() == expected


@pytest.mark.parametrize(
    "case", [case if case[:2] in QUICK else pytest.param(case, marks=pytest.mark.slow) for case in CASES]
)
@pytest.mark.reader
def test_shell_finds_the_same(case: str, bench: Bench, tmp_path: Path) -> None:
    tamper, expected = CASES[case]
    tamper(bench)
    code, found, said = run_shell(bench.words(tmp_path), bench.write(tmp_path / "package"))
    assert found == expected, said
    assert code == (1 if expected else 0)
    assert ("VERIFIED: by the published keys" in said) == (not expected)


def test_every_check_is_found_alone_by_a_case() -> None:
    alone = {check for _, expected in CASES.values() if len(expected) == 1 for check in expected}
    assert alone == PACKAGE_CHECKS
