"""``vigil status``: what needs a look, at a glance, by exit code and in numbers for monitoring."""

import json
import re
from datetime import UTC, datetime

import pytest

from archive.collection import Collection
from archive.errors import ExitCode
from archive.fires import Fire, FireKind, record
from tests.stories.desk import NOW, Desk
from tests.stories.story import SITE

pytestmark = pytest.mark.e2e


def test_status_ends_with_34_when_something_needs_a_look(desk: Desk) -> None:
    assert desk.vigil("status").code == 0
    desk.change("UPDATE runs SET exit_code = 12, stop_reason = 'too many failures'")
    told = desk.vigil("status")
    assert told.code == ExitCode.OVERDUE
    assert "LOOK  failed" in told.out
    as_json = desk.vigil("status", "--json")
    assert as_json.code == ExitCode.OVERDUE
    assert json.loads(as_json.out)["causes"][0]["kind"] == "failed"


def samples(text: str) -> dict[str, float]:
    """Read the text format 0.0.4 as strictly as Prometheus does: help, type, samples together, no series twice."""
    assert text.endswith("\n")
    found: dict[str, float] = {}
    families: list[str] = []
    label = r'[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*"'
    for line in text.splitlines():
        if comment := re.fullmatch(r"# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (\S.*)", line):
            word, name, rest = comment.groups()
            if word == "HELP":
                assert name not in families, f"{name} in two places"
                families.append(name)
            else:
                assert (name, rest) == (families[-1], "gauge")
            continue
        sample = re.fullmatch(rf"([a-zA-Z_:][\w:]*)(\{{{label}(?:,{label})*\}})? (-?[0-9.]+(?:e[+-]?\d+)?)", line)
        assert sample, line
        assert sample[1] == families[-1]
        assert sample[1] + (sample[2] or "") not in found
        found[sample[1] + (sample[2] or "")] = float(sample[3])
    return found


def test_status_writes_numbers_that_prometheus_reads(desk: Desk) -> None:
    desk.add_run(99, code=12)
    path = desk.folder / "vigil.prom"
    desk.vigil("status", "--prometheus", str(path))
    numbers = samples(path.read_text())
    assert numbers[f'vigil_posts{{site="{SITE}"}}'] == 10
    assert numbers[f'vigil_last_run_exit_code{{site="{SITE}"}}'] == 12
    assert numbers[f'vigil_causes{{kind="failed",site="{SITE}"}}'] == 1
    assert numbers[f'vigil_last_good_run_start_timestamp_seconds{{site="{SITE}"}}'] > NOW.timestamp() - 3600
    assert numbers[f'vigil_next_run_timestamp_seconds{{site="{SITE}"}}'] > NOW.timestamp()
    assert [name.name for name in desk.folder.glob(".*.new")] == []


def test_skipped_run_is_shown_by_status(desk: Desk) -> None:
    with Collection(desk.settings.collection).locked("somebody"):
        pass
    fire = Fire(time=datetime.now(UTC), site=SITE, kind=FireKind.SKIPPED, exit_code=75, detail="held by somebody")
    record(Collection(desk.settings.collection), fire)
    told = desk.vigil("status")
    assert f"{SITE} skipped: held by somebody" in told.out
    assert told.code == 0
