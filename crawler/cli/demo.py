"""``vigil demo``: the whole job on a replica of the blog, with no network."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb
from archive.cli.output import show
from archive.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from crawler.replica import BlogSimulator, ReplicaServer

SITE = "rferl-watchdog"


@click.command(cls=Verb, examples=("vigil demo", "vigil demo --folder /tmp/vigil-demo --posts 40"))
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    metavar="DIR",
    help="Where the demo's archive goes; a former demo there is not touched, but refused.",
)
@click.option("--posts", type=click.IntRange(10, 5000), default=300, show_default=True, help="Posts of the replica.")
def demo(folder: Path, posts: int) -> int:
    """Crawl a replica of the blog on this machine, and show what is kept.

    A stand-in for the blog (invented posts, the real site's habits) is served on 127.0.0.1 under the real host names,
    crawled with the shipped site file, searched, shown, verified and rebuilt. Nothing leaves this machine. Then a day
    passes, and a second run finds what is new. Each run is sealed, and stamped by two time authorities on this machine,
    which nobody should trust.
    """
    from crawler.replica import ReplicaServer, fictional_blog

    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", hint="Remove it, or name another folder with --folder.")
    folder.mkdir(parents=True, exist_ok=True)
    blog = fictional_blog(posts=posts)
    with ReplicaServer(blog, has_tls=True) as server, TemporaryDirectory() as place, _sealing(folder):
        authority = Path(place, "replica-ca.pem")
        authority.write_bytes(server.ca_pem)
        return _tell(folder, blog, server, authority)


@contextmanager
def _sealing(folder: Path) -> Iterator[None]:
    """Make keys, two time authorities, a place where checkpoints are published, and the settings that name them."""
    from archive.evidence.authority import AuthorityServer, TestAuthority
    from archive.evidence.keys import make_keys

    owner = "vigil demo"
    make_keys(folder / "keys", owner=owner, log_name="vigil/demo", passphrase=None, now=datetime.now(UTC))
    for name in ("config", "published"):
        (folder / name).mkdir()
    lines = ['collection = ".."', f'operator = "{owner}"', 'keys = "../keys"', 'publish = ["../published"]']
    with ExitStack() as servers:
        for name in ("tsa1", "tsa2"):
            server = servers.enter_context(AuthorityServer(TestAuthority(name)))
            server.write_root(folder / "config" / f"{name}.pem")
            lines += ["[[authorities]]", f'name = "{name}"', f'url = "{server.url}"', f'root = "{name}.pem"']
        (folder / "config" / "vigil.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield


def _tell(folder: Path, blog: "BlogSimulator", server: "ReplicaServer", authority: Path) -> int:
    crawl = ["crawl", SITE, "--delay", "0", "--cacert", str(authority)]
    for rule in server.resolve:
        crawl += ["--resolve", rule]
    told = next(post for post in blog.listing() if post.language == "en" and len(post.truth.blocks) > 4)
    steps: list[tuple[str, Sequence[str]]] = [
        ("The first night: walk the listing to its end, keep every answer, index every post.", crawl),
        ("What is here now.", ["status"]),
        ("The newest posts.", ["list", "--limit", "5"]),
        ("Find a word in every text.", ["search", "reporter", "--limit", "3"]),
        ("One post: its text, its versions, and the record that holds its bytes.", ["show", str(told.id)]),
        ("The very bytes the server sent for it, as it sent them.", ["get", str(told.id), "--http", "-o", "post.http"]),
        ("The second night: one new post, and an old one that was edited.", crawl),
        ("What the edit changed.", ["diff", str(told.id)]),
        (
            "Every record against its digest and the seal of its run, and the index made anew, row by row.",
            ["verify", "--deep"],
        ),
    ]
    for number, (what, words) in enumerate(steps, 1):
        if number == 7:
            _another_day(blog, told.id)
        show(f"\n{number}. {what}")
        code = _vigil(folder, words)
        if code:
            show(f"\nvigil demo: step {number} ended with exit code {code}")
            return code
    show(f"\nThe archive is in {folder}: WARC files in {folder / 'archive'}, the index in {folder / 'archive.db'}.")
    show(f"Each run is sealed in {folder / 'seals'}; the keys are in {folder / 'keys'}.")
    show(f"Look around: vigil search --collection {folder} WORD")
    show(f"Check it all: vigil verify --config {folder / 'config' / 'vigil.toml'}")
    return ExitCode.OK


def _another_day(blog: "BlogSimulator", told: int) -> None:
    """Let a day pass on which the blog publishes one post, and adds to another."""
    newest = blog.listing()[0]
    now = blog.advance(timedelta(days=1))
    title = f"A Day Later: {newest.title}"
    blog.publish(replace(newest, id=newest.id + 1000, slug=None, title=title, published=now, modified=now, touched=now))
    more = "The answer came a day later, by telephone, and was read out twice."
    # The archive's nights are told by the clock, so an edit is one where it is younger than the capture.
    blog.edit(told, body=[*blog[told].body, more], when=datetime.now(UTC))


def _vigil(folder: Path, words: Sequence[str]) -> int:
    shown = [word for word in words if word]
    show("$ vigil " + _short(shown))
    sys.stdout.flush()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")}
    command = [sys.executable, "-m", "crawler", *shown, "--collection", str(folder.resolve())]
    return subprocess.run(command, env=environ, cwd=folder, check=False).returncode  # noqa: S603 - our own command


def _short(words: Sequence[str]) -> str:
    """Write a command line without the routes to the replica, which fill the screen."""
    if "--resolve" not in words:
        return " ".join(words)
    first = words.index("--cacert")
    return " ".join(words[:first]) + " --cacert … --resolve …"
