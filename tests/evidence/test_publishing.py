"""Each checkpoint goes where it was told to, what another service said goes into the seal; no failure stops a seal."""

import http.server
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from archive import sending
from archive.collection import Collection
from archive.config import Settings
from archive.evidence.custody import Custody, EventKind
from archive.evidence.keys import make_keys
from archive.evidence.ledger import Ledger, seal_of
from archive.evidence.log import read_checkpoint
from archive.evidence.publishing import publish
from archive.evidence.seal import RUN
from archive.evidence.sealing import finish
from archive.watch import causes
from tests.cli.archives import BEGAN, exchange, lay_run
from tests.evidence.makers import now, settings_of
from tests.webhook import Webhook, listening

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # of apprise, as of Python 3.11


def a_night(collection: Collection, day: int) -> None:
    began = BEGAN + timedelta(days=day)
    lay_run(collection, f"run-{day}", began, exchange(1, "/a/x/101.html", b"%d" % day, began=began))


@pytest.fixture
def settings(tmp_path: Path, hook: Webhook) -> Settings:
    """Those of an archive with one night, keys, and a file that names a webhook."""
    make_keys(tmp_path / "keys", owner="The Imaginary Archive", log_name="log.example", passphrase=None, now=now())
    a_night(Collection(tmp_path / "collection"), 1)
    (tmp_path / "publish.txt").write_text(f"# a partner\njson://user:geheim@127.0.0.1:{hook.port}/x\n")
    return replace(settings_of(tmp_path), publish_file=tmp_path / "publish.txt", min_free_bytes=0)


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with listening() as running:
        yield running


def looks(settings: Settings) -> list[str]:
    """What ``vigil status`` says that it needs a look."""
    return [cause.told for cause in causes(settings, now()) if cause.kind == "publish"]


def test_checkpoint_is_sent_once_exactly_and_as_a_file(settings: Settings, hook: Webhook) -> None:
    collection = Collection(settings.collection)
    finish(collection, settings)
    note = Ledger(collection).checkpoint() or b""
    assert hook.words[0].strip().encode() == note.strip()
    assert hook.attached == [note]
    assert "checkpoint 1 of log.example" in hook.got[0]["title"]
    finish(collection, settings)
    assert len(hook.got) == 1
    a_night(collection, 2)
    finish(collection, settings)
    assert [read_checkpoint(data).size for data in hook.attached] == [1, 2]


def test_failure_is_told_by_status_and_mended_by_the_next_call(settings: Settings, hook: Webhook) -> None:
    collection, hook.is_down = Collection(settings.collection), True
    outcome = finish(collection, settings)
    assert outcome.sealed == ("run-1",)
    assert outcome.unpublished == (("json address in line 2", "the message was not taken"),)
    assert looks(settings) == [
        "the log's checkpoint is not published: json address in line 2: the message was not taken"
    ]
    hook.is_down = False
    assert finish(collection, settings).unpublished == ()
    assert looks(settings) == []
    kinds = [event.kind for event in Custody(collection).events() if "publish" in event.kind]
    assert kinds == [EventKind.PUBLISH_FAILED, EventKind.PUBLISHED]


def test_address_is_written_nowhere(settings: Settings, caplog: pytest.LogCaptureFixture, hook: Webhook) -> None:
    hook.is_down = True
    finish(Collection(settings.collection), settings)
    written = [path.read_bytes() for path in settings.collection.rglob("*") if path.is_file()]
    assert not any(b"geheim" in data or b"127.0.0.1:" in data for data in written)
    assert str(settings.collection).encode() not in Custody(Collection(settings.collection)).data()
    assert "geheim" not in caplog.text


def test_address_that_never_ends_its_answer_is_left_after_a_while(
    settings: Settings, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_PATIENCE", 0.3)
    hook.delay = 1.5
    outcome = finish(Collection(settings.collection), settings)
    assert (outcome.sealed, len(outcome.unpublished)) == (("run-1",), 1)


@pytest.mark.parametrize("content", [None, "nonsense://\n", b"\xff\xfe"])
def test_file_of_addresses_that_cannot_be_read_stops_no_seal(settings: Settings, content: str | bytes | None) -> None:
    file = settings.publish_file
    assert file is not None
    file.unlink()
    if content is not None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    outcome = finish(Collection(settings.collection), settings)
    assert outcome.sealed == ("run-1",)
    assert outcome.unpublished[0][0] == str(file)
    assert len(looks(settings)) == 1


def test_folder_and_address_are_served_each_for_itself(settings: Settings, hook: Webhook, tmp_path: Path) -> None:
    both = replace(settings, publish=(tmp_path / "checkout",))
    outcome = finish(Collection(settings.collection), both)
    assert outcome.unpublished[0][1].startswith("there is no folder")
    assert len(hook.got) == 1
    assert "checkout" in looks(both)[0]
    (tmp_path / "checkout").mkdir()
    assert [one.is_new for one in publish(Collection(settings.collection), both)] == [True, False, False]
    assert looks(both) == []


# --- what other services say ----------------------------------------------------------------------------------


@contextmanager
def saying(answer: bytes, status: int = 200) -> Iterator[str]:
    """Serve one answer to whoever asks."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/latest?x=1"
        server.shutdown()


def provenance(settings: Settings) -> dict[str, dict[str, str | None] | None]:
    finish(Collection(settings.collection), replace(settings, publish_file=None))
    told = json.loads(dict(seal_of(Collection(settings.collection), "run-1").provenance)[RUN])
    return {name: told[name] for name in ("beacon", "public_address")}


def test_beacon_and_public_address_are_sealed_as_they_came(settings: Settings) -> None:
    with saying(b'{"round":7,"randomness":"0123"}\n') as beacon, saying(b"198.51.100.7\n") as address:
        told = provenance(replace(settings, beacon=beacon, address_service=address))
    assert told["beacon"] == {"url": beacon, "answer": '{"round":7,"randomness":"0123"}\n', "problem": None}
    assert (told["public_address"] or {})["answer"] == "198.51.100.7\n"


def test_neither_is_needed(settings: Settings) -> None:
    assert provenance(settings) == {"beacon": None, "public_address": None}


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [(b"no", 503, "status 503"), (b"x" * 5000, 200, "longer than 4096"), (b"x" * 90_000, 200, "longer than")],
    ids=["down", "long", "very long"],
)
def test_service_that_fails_is_told_in_the_seal(settings: Settings, answer: bytes, status: int, reason: str) -> None:
    with saying(answer, status) as beacon:
        told = provenance(replace(settings, beacon=beacon))["beacon"] or {}
    assert told["answer"] is None
    assert reason in (told["problem"] or "")
