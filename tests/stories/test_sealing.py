"""Every night is sealed when it ends, whoever dies; without keys it is not, and that is said."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from archive.config import load_settings
from archive.evidence.authority import AuthorityServer, TestAuthority
from archive.evidence.keys import make_keys
from archive.evidence.ledger import Ledger, seal_of
from archive.evidence.seal import read_facts
from archive.evidence.trust import trust_of
from archive.verify import Round
from tests.stories.story import Story

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("story", [8], indirect=True)]


@pytest.fixture
def keys(story: Story) -> Iterator[None]:
    """Keys, two time authorities and a witness, named in the settings that the story's commands find."""
    now = datetime.now(UTC)
    make_keys(story.folder / "keys", owner="The Imaginary Archive", log_name="log.example", passphrase=None, now=now)
    (story.folder / "witness").mkdir()
    (story.folder / "config").mkdir()
    lines = ['operator = "The Imaginary Archive"', 'keys = "../keys"', 'publish = ["../witness"]']
    with ExitStack() as servers:
        for name in ("tsa1", "tsa2"):
            server = servers.enter_context(AuthorityServer(TestAuthority(name)))
            server.write_root(story.folder / "config" / f"{name}.pem")
            lines += ["[[authorities]]", f'name = "{name}"', f'url = "{server.url}"', f'root = "{name}.pem"']
        (story.folder / "config" / "vigil.toml").write_text("\n".join(lines))
        yield


@pytest.mark.usefixtures("keys")
def test_every_night_is_sealed_stamped_logged_and_published(story: Story) -> None:
    assert story.crawl().code == 0
    story.publish()
    assert story.crawl().code == 0
    names = [leaf.name for leaf in Ledger(story.collection).leaves()]
    assert names == [uid for (uid,) in story.rows("SELECT uid FROM runs ORDER BY id")]
    assert all(len(seal_of(story.collection, name).tokens) == 4 for name in names)
    assert not any(read_facts(seal_of(story.collection, name)).is_late for name in names)
    assert sorted(path.name for path in (story.folder / "witness").iterdir()) == [
        "checkpoint", "checkpoint.1", "checkpoint.2", "growth.1-2",
    ]  # fmt: skip
    assert_sealed(story, nights=2)
    verified = story.vigil("verify")
    assert verified.code == 0, verified.out
    assert "NOT TRUSTED" in verified.err
    assert "2 seals" in verified.out


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    "appears",
    [
        "archive/*.warc.gz",
        pytest.param("seals/.*.new", marks=pytest.mark.slow),
        "seals/2*/SHA256SUMS",
        pytest.param("seals/log/leaves", marks=pytest.mark.slow),
        "seals/2*/*.tst",
    ],
)
def test_night_that_dies_while_it_is_sealed_is_finished_by_the_next(story: Story, appears: str) -> None:
    crawl = story.start(*story.crawl_words())
    deadline = time.monotonic() + 60
    while not list(story.collection.root.glob(appears)) and crawl.poll() is None and time.monotonic() < deadline:
        time.sleep(0.0005)
    crawl.send_signal(signal.SIGKILL)
    crawl.communicate()
    assert story.crawl().code == 0
    assert_sealed(story, nights=2)


def test_night_without_keys_is_not_sealed_and_that_is_said(story: Story) -> None:
    assert story.crawl().code == 0
    status = story.vigil("status")
    assert " is NOT sealed: " in status.out
    assert "vigil keys init" in status.out
    verified = story.vigil("verify")
    assert (verified.code, "NOT sealed" in verified.out) == (0, True)
    assert json.loads(story.vigil("status", "--json").out)["seals"]["unsealed"]
    assert story.vigil("keys", "init", "--owner", "The Imaginary Archive").code == 0
    sealed = story.vigil("seal")
    assert sealed.code == 10, "no time authority is configured"
    assert "pending: time stamp" in sealed.out
    assert story.vigil("verify").code == 0


def assert_sealed(story: Story, nights: int) -> None:
    """Every run has its seal, nothing is owed, and every check passes by keys and checkpoints from outside."""
    settings = load_settings(
        config=story.folder / "config" / "vigil.toml", flags={"collection": str(story.collection.root)}, environ={}
    )
    trust = trust_of(settings, story.collection)
    assert not trust.is_inside
    assert trust.published
    checks = Round(story.collection, trust)
    assert list(checks.findings()) == []
    assert checks.seals == nights
