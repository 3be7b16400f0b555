"""What went wrong is told once, to a real webhook, and once more when it is over."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.errors import ConfigError, ExitCode
from archive.evidence.keys import make_keys
from archive.evidence.sealing import finish
from archive.fires import Fire, FireKind, record
from archive.sending import addresses
from archive.watch import causes, longest_silence
from tests.stories.desk import NOW, Desk
from tests.stories.story import SITE, Story
from tests.webhook import Webhook, listening

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated"),  # of apprise, as of Python 3.11
]

ten = pytest.mark.parametrize("story", [10], indirect=True)


def test_good_night_tells_nothing(desk: Desk) -> None:
    assert desk.check() == ()
    assert desk.hook.got == []


def test_failure_is_told_once_and_recovery_is_told(desk: Desk) -> None:
    desk.change("UPDATE runs SET exit_code = 12, stop_reason = 'too many failures'")
    assert len(desk.check()) == 1
    assert desk.check() == ()
    assert "too many failures" in desk.hook.words[0]
    desk.change("UPDATE runs SET exit_code = 0")
    desk.check()
    assert len(desk.hook.got) == 2
    assert desk.hook.words[1].startswith("No longer so")
    assert desk.check() == ()


@pytest.mark.parametrize(
    ("route", "code"), [(None, 11), ("import", 0)], ids=["interrupted at its beginning", "an import"]
)
def test_run_that_says_nothing_of_the_site_ends_no_failure(desk: Desk, route: str | None, code: int) -> None:
    desk.change("UPDATE runs SET exit_code = 12")
    desk.check()
    desk.add_run(99, code=code, route=route)
    assert desk.check() == ()
    desk.add_run(100, code=0)
    assert desk.check() != ()
    assert desk.hook.titles == ["vigil: failed", "vigil: over"]


def test_alert_that_did_not_arrive_is_sent_again(desk: Desk) -> None:
    desk.change("UPDATE runs SET exit_code = 12")
    desk.hook.is_down = True
    assert desk.check() == ()
    desk.hook.is_down = False
    assert len(desk.check()) == 1
    assert len(desk.hook.got) == 1


def test_address_that_is_down_does_not_have_the_others_told_twice(desk: Desk) -> None:
    with listening() as other:
        other.is_down = True
        with (desk.folder / "alerts.txt").open("a") as file:
            file.write(f"json://127.0.0.1:{other.port}/second\n")
        desk.change("UPDATE runs SET exit_code = 12")
        desk.check()
        desk.check()
        assert (desk.hook.titles, other.titles) == (["vigil: failed"], [])
        other.is_down = False
        assert len(desk.check()) == 1
        desk.change("UPDATE runs SET exit_code = 0")
        assert len(desk.check()) == 1
    assert desk.hook.titles == other.titles == ["vigil: failed", "vigil: over"]


def test_trial_says_which_address_does_not_answer(desk: Desk) -> None:
    with listening() as other:
        other.is_down = True
        with (desk.folder / "alerts.txt").open("a") as file:
            file.write(f"json://user:geheim@127.0.0.1:{other.port}/second\n")
        tried = desk.vigil("alerts", "--try")
    assert tried.code == ExitCode.ERROR
    assert tried.out == "sent: json address in line 2\nNOT sent: json address in line 3\n"
    assert "geheim" not in tried.out + tried.err
    assert desk.hook.words == ["Alerts arrive."]
    assert "nothing new" in desk.vigil("alerts").err


def test_no_secret_stands_in_state_or_log(
    desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    desk.change("UPDATE runs SET exit_code = 12")
    desk.hook.is_down = True
    desk.check()
    desk.hook.is_down = False
    desk.check()
    said = "".join(capfd.readouterr()) + caplog.text + (desk.folder / "collection/state/alerts.jsonl").read_text()
    assert "geheim" not in said


CAUSES = [
    ("run failed", "UPDATE runs SET exit_code = 1", "failed"),
    ("cut off", "UPDATE runs SET exit_code = NULL, ended = NULL", "failed"),
    ("nothing fetched", "UPDATE runs SET exit_code = 9", "nothing-fetched"),
    ("layout drift", "UPDATE runs SET exit_code = 31", "layout-drift"),
    ("integrity", "UPDATE runs SET exit_code = 20", "integrity"),
    ("disk", "UPDATE runs SET exit_code = 16", "disk"),
]


def told_once_and_over(desk: Desk, kind: str, mend: Callable[[], object], now: datetime = NOW) -> str:
    """See that one cause is told once at the webhook, however often it is looked for, and that its end is told."""
    for later in range(3):
        desk.check(now + timedelta(minutes=later))
    assert desk.hook.titles == [f"vigil: {kind}"]
    mend()
    for later in range(3):
        desk.check(now + timedelta(minutes=later))
    assert desk.hook.titles == [f"vigil: {kind}", "vigil: over"]
    return desk.hook.words[0]


@pytest.mark.parametrize(("sql", "kind"), [row[1:] for row in CAUSES], ids=[row[0] for row in CAUSES])
def test_each_bad_end_is_told_by_its_kind(desk: Desk, sql: str, kind: str) -> None:
    desk.change(sql)
    told_once_and_over(desk, kind, lambda: desk.change("UPDATE runs SET exit_code = 0, ended = started"))


def test_site_that_is_not_crawled_any_more_becomes_overdue(desk: Desk) -> None:
    assert causes(desk.settings, NOW + timedelta(hours=14)) == ()
    later = NOW + timedelta(hours=16)

    def crawl() -> None:
        desk.change("UPDATE runs SET started = started + 16 * 3600000000")

    assert "no run of" in told_once_and_over(desk, "overdue", crawl, later)


def test_site_whose_runs_fail_is_not_told_to_be_overdue_as_well(desk: Desk) -> None:
    desk.change("UPDATE runs SET exit_code = 12")
    told_once_and_over(desk, "failed", lambda: desk.change("UPDATE runs SET exit_code = 0"), NOW + timedelta(hours=14))
    desk.change("UPDATE runs SET exit_code = 12")
    assert [cause.kind for cause in causes(desk.settings, NOW + timedelta(days=3))] == ["failed"]


def test_crawl_that_the_schedule_could_not_start_is_told(desk: Desk) -> None:
    collection = Collection(desk.settings.collection)
    fire = Fire(time=datetime.now(UTC) + timedelta(minutes=1), site=SITE, kind=FireKind.ENDED, exit_code=2)
    record(collection, fire)
    after = replace(fire, time=fire.time + timedelta(minutes=1), exit_code=0)
    told_once_and_over(desk, "failed", lambda: record(collection, after), fire.time)


def test_low_disk_is_told(desk: Desk) -> None:
    path = desk.folder / "vigil.toml"
    text = path.read_text()
    path.write_text(text.replace("min_free_bytes = 0", f"min_free_bytes = {10**18}"))
    told_once_and_over(desk, "disk", lambda: path.write_text(text))


def test_copy_that_failed_is_told(desk: Desk) -> None:
    desk.write('copies = ["/nowhere"]\n')
    told = desk.folder / "collection/state/copies.jsonl"
    told.write_text('{"place":"/nowhere","problem":"is no folder"}\n')

    def mend() -> None:
        told.write_text(f'{told.read_text()}{{"place":"/nowhere","problem":""}}\n')

    assert "is no folder" in told_once_and_over(desk, "copy", mend)


def test_file_that_failed_its_read_back_is_told(desk: Desk) -> None:
    path = desk.folder / "collection/archive/x.warc.gz.invalid"
    path.touch()
    assert "x.warc.gz.invalid" in told_once_and_over(desk, "integrity", path.unlink)


def test_site_file_that_cannot_be_read_is_told(desk: Desk) -> None:
    desk.write(schedule='[schedule]\ncron = "17 25 * * *"\n')
    assert "schedule.cron" in told_once_and_over(desk, "config", desk.write)


def test_what_cannot_be_seen_is_not_called_over(desk: Desk) -> None:
    desk.change("UPDATE runs SET exit_code = 12")
    desk.check()
    path = desk.folder / "collection/archive.db"
    good = path.read_bytes()
    path.write_bytes(b"no database at all" * 1000)
    desk.check()
    path.write_bytes(good)
    desk.check()
    assert desk.hook.titles == ["vigil: failed", "vigil: integrity", "vigil: over"]
    assert "archive.db" in desk.hook.words[2]


def test_index_that_is_damaged_is_told(desk: Desk) -> None:
    path = desk.folder / "collection/archive.db"
    good = path.read_bytes()
    path.write_bytes(b"no database at all" * 1000)
    told_once_and_over(desk, "integrity", lambda: path.write_bytes(good))


def test_time_stamps_owed_too_long_are_one_alert_however_many_they_are(desk: Desk) -> None:
    desk.write('keys = "keys"\n', schedule="")
    now = datetime.now(UTC)
    make_keys(desk.folder / "keys", owner="A Test", log_name="vigil/test", passphrase=None, now=now)
    finish(Collection(desk.settings.collection), desk.settings)
    assert causes(desk.settings, now + timedelta(hours=47)) == ()

    def wait_longer() -> None:
        desk.write('keys = "keys"\nalarm_hours = 100\n', schedule="")

    assert "SHA256SUMS, SHA256SUMS.p7s of" in told_once_and_over(desk, "owed", wait_longer, now + timedelta(hours=49))


def test_vanished_field_and_short_texts_are_drift(desk: Desk) -> None:
    for number in range(100, 160):
        is_new = number >= 140
        desk.change(
            "INSERT INTO articles (id, post_id, digest, title, is_textless, authors, tags, corrections, findings)"
            " SELECT ?, post_id, ?, title, 0, ?, tags, corrections, findings FROM articles LIMIT 1",
            number,
            f"{number}",
            "[]" if is_new else '["A. Writer"]',
        )
        desk.change(
            "INSERT INTO texts SELECT ?, post_id, ?, kinds, title, ? FROM texts LIMIT 1",
            -number,
            f"{number}",
            "x" * (100 if is_new else 3000),
        )
        desk.change(
            "INSERT INTO readings (capture_id, post_id, extractor, is_first, origin, text_id, article_id)"
            " SELECT max(x.id), min(p.id), ?, 1, 'permalink', ?, ? FROM exchanges x, posts p",
            f"{number}",
            -number,
            number,
        )
    desk.change("DELETE FROM readings WHERE extractor NOT GLOB '1[0-9][0-9]'")
    desk.change("PRAGMA foreign_keys = OFF")
    with closing(sqlite3.connect(desk.folder / "collection" / "archive.db")) as db:
        for number in range(100, 160):
            db.execute("UPDATE readings SET capture_id = ? WHERE extractor = ?", (number, f"{number}"))
        db.commit()
    for _ in range(2):
        desk.check()
    assert desk.hook.titles == ["vigil: layout-drift"] * 2
    assert "authors vanished" in desk.hook.words[0]
    assert "became short" in desk.hook.words[1]
    desk.change("DELETE FROM readings")
    desk.check()
    assert desk.hook.titles[2:] == ["vigil: over"] * 2


def test_silence_is_told_when_the_rhythm_does_not_explain_it() -> None:
    daily = [NOW - timedelta(days=number) for number in range(30)]
    weekend = [time for time in daily if time.weekday() < 5]
    assert longest_silence(daily[:5]) is None
    assert longest_silence(daily) == timedelta(days=3)
    longest = longest_silence(weekend)
    assert longest is not None
    assert timedelta(days=3) < longest < timedelta(days=10)


def test_budget_too_small_for_the_stated_intervals_is_a_cause(desk: Desk) -> None:
    desk.change("UPDATE posts SET published = looked")  # young posts, each looked at every night
    assert causes(desk.settings, NOW) == ()
    desk.change("UPDATE rules SET toml = CAST(replace(CAST(toml AS TEXT), 'budget = 120', 'budget = 2') AS BLOB)")
    [cause] = causes(desk.settings, NOW)
    assert (cause.kind, "budget allows 2" in cause.told) == ("budget", True)


def test_silence_counts_only_captures_of_the_real_site(desk: Desk) -> None:
    desk.change("UPDATE posts SET published = ? - id * 86400000000", int(NOW.timestamp() * 1e6) - 60 * 86_400_000_000)
    for number in range(100, 112):
        desk.change(
            "INSERT INTO posts (id, site_id, identity, url_id, is_ours, is_opened, published)"
            " SELECT ?, site_id, ?, url_id, 1, 1, ? FROM posts LIMIT 1",
            number,
            f"x{number}",
            int((NOW - timedelta(days=number)).timestamp() * 1e6),
        )
    assert causes(desk.settings, NOW) == ()
    desk.change("UPDATE runs SET route = 'site'")
    told_once_and_over(desk, "silent", lambda: desk.change("UPDATE posts SET published = ? WHERE id = 1", _micros(NOW)))


def _micros(time: datetime) -> int:
    return int(time.timestamp() * 1e6)


@ten
def test_edit_and_deletion_are_told_where_the_site_file_asks_for_it(story: Story, webhook: Webhook) -> None:
    desk = Desk(folder=story.folder, hook=webhook)
    desk.write(schedule="[alerts]\nedited = true\ngone = true\n")
    story.environ["VIGIL_CONFIG"] = str(story.folder / "vigil.toml")
    assert story.crawl().code == 0
    posts = story.blog.listing()
    story.blog.advance(timedelta(days=1))
    story.blog.edit(posts[2].id, title="A headline that was changed")
    night = story.crawl("--full")
    assert night.code == 0, night.err
    assert any("A headline that was changed" in words for words in webhook.words)
    webhook.is_down = True
    for number in (3, 4):
        story.blog.advance(timedelta(days=1))
        story.blog.edit(posts[number].id, title=f"Headline {number} was changed")
        assert story.crawl("--full").code == 0
    webhook.is_down = False
    desk.check()
    assert all(f"Headline {number} was changed" in webhook.words[-1] for number in (3, 4))
    count = len(webhook.got)
    desk.check()
    assert len(webhook.got) == count
    desk.change("UPDATE posts SET state = 'gone', gone_since = 1000, looked = 1000")
    assert desk.check() == ()
    desk.change("UPDATE posts SET looked = 1000 + 13 * 3600000000")
    assert len(desk.check()) == 10
    assert len(webhook.got) == count + 1
    assert webhook.words[-1].count("gone:") == 10
    assert desk.check() == ()


WRONG = [("nonsense\n", "line 1"), ("# nothing\nfoo://bar\n", "line 2")]


@pytest.mark.parametrize(("text", "told"), WRONG, ids=["no address", "unknown service"])
def test_address_that_cannot_be_is_named_by_its_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "alerts.txt").write_text(text)
    with pytest.raises(ConfigError, match=told) as refused:
        addresses(tmp_path / "alerts.txt")
    assert "bar" not in str(refused.value)
