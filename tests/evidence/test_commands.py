"""``vigil keys``, ``vigil seal``, ``vigil tsa`` and what ``doctor`` says of them, as a shell sees it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.cli import SECTIONS
from archive.cli.frame import main_group, run
from archive.errors import ExitCode, StorageError
from archive.evidence.asking import Question, ask
from archive.evidence.keys import read_certificates, read_public
from archive.evidence.package import write_package
from archive.evidence.signature import fingerprint_of
from archive.evidence.tokens import TimeAuthority, accept_answer, request_for
from tests.evidence.makers import Sealed, now, serving

ROOT = Path(__file__).parents[2]
Said = tuple[int, str, str]
Vigil = Callable[..., Said]


@pytest.fixture
def vigil(copy: Sealed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Vigil:
    """Runs a command line over a copy of the sealed archive, with settings that name its keys."""
    monkeypatch.chdir(copy.folder)
    for name in [name for name in os.environ if name.startswith("VIGIL")]:
        monkeypatch.delenv(name)
    lines = ['collection = "collection"', 'keys = "keys"', 'operator = "The Imaginary Archive"']
    for one in copy.settings.authorities:
        lines += ["[[authorities]]", f'name = "{one.name}"', f'url = "{one.url}"', f'root = "{one.root.name}"']
    (copy.folder / "vigil.toml").write_text("\n".join(lines))

    def call(*words: str) -> Said:
        code = run(main_group("Test.", SECTIONS), [*words, "--config", "vigil.toml"])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_show_prints_every_fingerprint_for_publication(vigil: Vigil, copy: Sealed) -> None:
    code, out, _ = vigil("keys", "show")
    public = read_public(copy.settings.keys)
    assert code == ExitCode.OK
    assert all(f"{digest}  {name}\n" in out for name, digest in public.fingerprints())
    assert all(fingerprint_of(one.root) in out for one in copy.authorities)
    told = [json.loads(line) for line in vigil("keys", "show", "--json")[1].splitlines()]
    assert {one["sha256"] for one in told} >= {digest for _, digest in public.fingerprints()}


def test_init_refuses_to_write_over_keys(vigil: Vigil) -> None:
    code, _, err = vigil("keys", "init")
    assert code == ExitCode.USAGE
    assert "vigil keys rotate" in err


def test_rotate_needs_the_root_key_and_says_where_it_belongs(vigil: Vigil, copy: Sealed) -> None:
    (copy.settings.keys / "root.key").rename(copy.folder / "safe.key")
    code, _, err = vigil("keys", "rotate")
    assert (code, "the safe" in err) == (ExitCode.NOT_FOUND, True)
    (copy.folder / "safe.key").rename(copy.settings.keys / "root.key")
    code, out, _ = vigil("keys", "rotate")
    assert (code, "seal certificate 2" in out) == (ExitCode.OK, True)
    assert vigil("verify")[0] == ExitCode.OK


def test_export_holds_what_others_need_and_no_secret(vigil: Vigil, copy: Sealed) -> None:
    assert vigil("keys", "export-public", "out")[0] == ExitCode.OK
    names = sorted(path.name for path in (copy.folder / "out").iterdir())
    assert names == ["FINGERPRINTS.txt", "log.vkey", "root.crt", "seal-1.crt", "tsa-tsa1.pem", "tsa-tsa2.pem"]
    assert read_public(copy.folder / "out") == read_public(copy.settings.keys)
    assert not any("PRIVATE" in (copy.folder / "out" / name).read_text() for name in names)


def test_export_into_a_place_that_takes_nothing_says_what_to_do(vigil: Vigil, copy: Sealed) -> None:
    (copy.folder / "taken").touch()
    code, out, err = vigil("keys", "export-public", "taken/keys")
    assert (code, out) == (ExitCode.ERROR, "")
    assert err == "vigil: taken/keys: Not a directory\nhint: Part of that path is a file: name another place.\n"


@pytest.mark.parametrize("name", ["package.zip", "package"])
def test_package_that_a_place_does_not_take_is_told_with_what_to_do(name: str) -> None:
    with pytest.raises(StorageError) as raised:
        write_package({"README.txt": b"invented"}, Path("/proc") / name)
    assert raised.value.hint == "Nothing is left there; make room, or name another place."


def test_seal_says_what_is_owed_until_nothing_is(vigil: Vigil, copy: Sealed) -> None:
    for path in copy.seal(2).glob("*.tsa1.tst"):
        path.unlink()
    code, out, _ = vigil("seal")
    assert code == ExitCode.PARTIAL
    assert re.search(r"pending: time stamp on SHA256SUMS, SHA256SUMS.p7s of run-3, .*tsa1: ", out)
    with serving(copy.folder, *copy.authorities) as entries:
        text = (copy.folder / "vigil.toml").read_text()
        for old, new in zip(copy.settings.authorities, entries, strict=True):
            text = text.replace(old.url, new.url)
        (copy.folder / "vigil.toml").write_text(text)
        code, out, _ = vigil("seal")
    assert (code, "2 time stamps came" in out) == (ExitCode.OK, True)


def test_verify_takes_a_checkpoint_that_was_kept_elsewhere(vigil: Vigil, copy: Sealed) -> None:
    (copy.folder / "notary").write_bytes(copy.published)
    code, _, err = vigil("verify", "--checkpoint", "notary")
    assert (code, "no published checkpoint" in err) == (ExitCode.OK, False)
    (copy.folder / "notary").write_bytes(copy.published.replace(b"\n3\n", b"\n4\n"))
    code, out, _ = vigil("verify", "--checkpoint", "notary")
    assert (code, "log-published" in out) == (ExitCode.INTEGRITY, True)


def test_doctor_looks_at_keys_and_asks_each_authority(vigil: Vigil, copy: Sealed) -> None:
    out = vigil("doctor")[1]
    assert re.search(r"good +keys: the seal certificate is valid for \d+ more days", out)
    assert "BAD   authority tsa1" in out, "it does not answer"
    (copy.settings.keys / "seal-1.key").chmod(0o644)
    assert "others may read" in vigil("doctor")[1]


def test_doctor_refuses_two_authorities_of_one_root_and_one_without(vigil: Vigil, copy: Sealed) -> None:
    text = (copy.folder / "vigil.toml").read_text()
    first, second = (one.root.name for one in copy.settings.authorities)
    (copy.folder / "vigil.toml").write_text(text.replace(second, first))
    assert "BAD   authority tsa2: has the root of tsa1" in vigil("doctor")[1]
    (copy.folder / "vigil.toml").write_text(text.replace(second, "gone.pem"))
    assert "BAD   authority tsa2: gone.pem: No such file" in vigil("doctor")[1]


def test_status_tells_of_seals(vigil: Vigil) -> None:
    assert "3 seals; 0 runs not sealed, 0 time stamps pending" in vigil("status")[1]


def test_test_authority_serves_by_the_clock_it_is_given(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "archive", "tsa", "--root", "root.pem", "--clock", "2031-05-06T07:08:09Z"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[0]
        request = request_for(b"a letter")
        (answer,) = ask([Question(url=url, body=request.body, timeout=10)])
        server.send_signal(signal.SIGINT)
        _, err = server.communicate(timeout=10)
    assert "NOT TRUSTED" in err
    assert isinstance(answer, bytes)
    local = TimeAuthority(name="local", roots=read_certificates(tmp_path / "root.pem"))
    _, stamp = accept_answer(answer, request, local, now=now().replace(year=2031, month=12))
    assert (stamp.time.year, stamp.time.month, stamp.is_test) == (2031, 5, True)
