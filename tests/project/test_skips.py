"""The rule about skips: where nothing may be skipped, a skipped test fails the session."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = {
    "good": "def test_x(): pass",
    "known_failure": "@pytest.mark.xfail\ndef test_x(): assert False",
    "no_shared_data": "def test_x(): pytest.skip('needs ../shared/data')",
}
SKIPPED = {
    "skipped_test": "@pytest.mark.skip(reason='no wget')\ndef test_x(): pass",
    "skipped_module": "pytest.importorskip('no_such_module')\ndef test_x(): pass",
}


def run(folder: Path, tests: dict[str, str], **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text((Path(__file__).parents[1] / "conftest.py").read_text())
    for name, text in tests.items():
        (folder / f"test_{name}.py").write_text(f"import pytest\n{text}\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("VIGIL_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider", str(folder)]
    return subprocess.run(command, env=env | environment, cwd=folder, capture_output=True, text=True, check=False)


def test_skip_fails_the_session_where_nothing_may_be_skipped(tmp_path: Path) -> None:
    done = run(tmp_path, GOOD | SKIPPED, VIGIL_NO_SKIP="1")
    told = done.stdout.partition("though VIGIL_NO_SKIP is set")[2]
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert {name for name in GOOD | SKIPPED if f"test_{name}.py" in told} == SKIPPED.keys()


def test_session_without_such_a_skip_passes(tmp_path: Path) -> None:
    assert run(tmp_path, GOOD, VIGIL_NO_SKIP="1").returncode == pytest.ExitCode.OK


def test_skip_is_only_told_elsewhere(tmp_path: Path) -> None:
    assert run(tmp_path, GOOD | SKIPPED).returncode == pytest.ExitCode.OK
