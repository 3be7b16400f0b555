"""``vigil init``: who keeps the archive is asked once, and stands in every run."""

import gzip
import json
import os
import pty
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.errors import ExitCode
from tests.stories.story import ROOT, Ended, Story

pytestmark = pytest.mark.e2e

WHO = ("--operator", "The Imaginary Archive", "--contact", "desk@archive.example")


@dataclass(kw_only=True)
class Desk:
    """An empty folder, and somebody at a terminal or nobody."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "config" / "vigil.toml"

    def init(self, *words: str, terminal: int | None = None) -> Ended:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")}
        done = subprocess.run(
            [sys.executable, "-m", "crawler", "init", *words],
            cwd=self.folder,
            env={**environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(self.folder)},
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    def answer(self, *answers: str, words: tuple[str, ...] = ()) -> Ended:
        """Answer the questions at a terminal of our own."""
        ours, theirs = pty.openpty()
        try:
            os.write(ours, "".join(f"{line}\n" for line in answers).encode())
            return self.init(*words, terminal=theirs)
        finally:
            os.close(ours)
            os.close(theirs)

    def consents(self) -> list[dict[str, object]]:
        path = self.folder / "collection" / "state" / "robots-exceptions.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(folder=tmp_path)


def test_questions_are_asked_until_the_answers_will_do_and_consent_is_written_down(desk: Desk) -> None:
    done = desk.answer("", "The Archive “Nord”", "call us", "https://archive.example/contact", "y")
    assert done.code == 0, done.err
    assert "must be one web or mail address" in done.err
    told = tomllib.loads(desk.file.read_text())
    assert told == {
        "collection": "../collection",
        "operator": "The Archive “Nord”",
        "contact": "https://archive.example/contact",
    }
    assert "# Time-stamp authorities (RFC 3161)" in desk.file.read_text(), "every key is explained where it is set"
    (consent,) = desk.consents()
    assert (consent["operator"], consent["rule"]) == ("The Archive “Nord”", "/*?p=*")
    assert (desk.folder / "config" / "keys" / "root.key").stat().st_mode & 0o077 == 0


def test_consent_that_is_refused_is_not_written_down_and_the_way_on_is_named(desk: Desk) -> None:
    done = desk.answer("n", words=WHO)
    assert done.code == 0
    assert "vigil init --accept-exceptions" in done.out
    assert desk.consents() == []


def test_second_init_changes_nothing_and_asks_only_for_what_is_missing(desk: Desk) -> None:
    first = desk.init(*WHO)
    assert (first.code, desk.consents()) == (0, [])
    before = {path: path.read_bytes() for path in desk.folder.glob("config/**/*") if path.is_file()}
    second = desk.init("--accept-exceptions")
    assert second.code == 0, second.err
    assert "stays as it is" in second.out
    assert len(desk.consents()) == 1
    third = desk.answer(words=WHO)
    assert "confirmed on" in third.out
    assert len(desk.consents()) == 1
    assert {path: path.read_bytes() for path in desk.folder.glob("config/**/*") if path.is_file()} == before


REFUSED = {
    "nobody to answer": ((), "--operator"),
    "nobody to say the contact": (WHO[:2], "--contact"),
    "empty operator": (("--operator", " ", *WHO[2:]), "not empty"),
    "contact that is no address": ((*WHO[:2], "--contact", "nonsense"), "https://archive.example/contact"),
    "contact that breaks a header": ((*WHO[:2], "--contact", "a@b.example\r\nX: y"), "in ASCII"),
}


@pytest.mark.parametrize(("words", "told"), REFUSED.values(), ids=REFUSED)
def test_wrong_or_missing_answer_is_refused_and_nothing_is_left_behind(
    desk: Desk, words: tuple[str, ...], told: str
) -> None:
    done = desk.init(*words)
    assert done.code == ExitCode.USAGE
    assert told in done.err
    assert "Traceback" not in done.err
    assert list(desk.folder.iterdir()) == []


def test_another_operator_than_the_one_that_is_written_is_refused(desk: Desk) -> None:
    desk.init(*WHO)
    before = desk.file.read_bytes()
    done = desk.init("--operator", "Somebody Else")
    assert done.code == ExitCode.USAGE
    assert "another operator: The Imaginary Archive" in done.err
    assert desk.file.read_bytes() == before


@pytest.mark.parametrize("story", [10], indirect=True)
def test_operator_contact_and_exception_stand_in_every_run_that_follows(story: Story) -> None:
    desk = Desk(folder=story.folder)
    assert desk.init(*WHO, "--accept-exceptions").code == 0
    story.environ["VIGIL_CONFIG"] = str(desk.file)
    for _ in range(2):
        assert story.crawl("--limit", "2").code in {0, ExitCode.INTERRUPTED}
    rows = story.rows("SELECT operator, contact, robots_exceptions FROM runs")
    assert len(rows) == 2
    for operator, contact, exceptions in rows:
        assert (operator, contact) == ("The Imaginary Archive", "desk@archive.example")
        assert "/*?p=*" in str(exceptions)
    for warc in story.collection.warcs.glob("*.warc.gz"):
        assert b"operator: The Imaginary Archive, desk@archive.example\r\n" in gzip.decompress(warc.read_bytes())
