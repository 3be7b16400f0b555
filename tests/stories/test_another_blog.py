"""A second, unlike blog is archived whole by adding one TOML file, with no Python changed."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from crawler.replica import RawServer
from crawler.replica.tls import make_certificates
from tests.blogs.second_blog import HOST, Entry, Paging, SecondBlog

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]


@contextmanager
def served(blog: SecondBlog, folder: Path) -> Iterator[list[str]]:
    """Serve the blog over TLS; give the options that lead to it."""
    certificates = make_certificates([HOST])
    authority = folder / "ca.pem"
    authority.write_bytes(certificates.ca_pem)
    with RawServer(blog.respond, tls=certificates.server_context()) as server:
        address, port = server.tls_address
        yield ["--cacert", str(authority), "--resolve", f"{HOST}:443:{address}:{port}"]


def crawl(site: Path, folder: Path, route: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crawler", "crawl", str(site), "--collection", str(folder / "c"), *route]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environ, timeout=120, check=False)


def kept(folder: Path) -> dict[str, dict[str, object]]:
    """What the index holds of each post, by its URL."""
    with closing(sqlite3.connect(folder / "c" / "archive.db")) as db:
        db.row_factory = sqlite3.Row
        return {row["url"]: dict(row) for row in db.execute("SELECT * FROM posts_current")}


def assert_told_right(entry: Entry, row: dict[str, object]) -> None:
    truth = entry.truth
    assert row["title"] == truth.title
    assert row["text"] == "\n\n".join(block.text for block in truth.blocks)
    assert json.loads(str(row["authors"])) == list(truth.authors)
    assert row["category"] == truth.category
    assert str(row["published"]) == truth.published.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("paging", list(Paging))
def test_unlike_blog_is_archived_whole_by_its_site_file_alone(paging: Paging, tmp_path: Path) -> None:
    blog = SecondBlog(paging=paging)
    site = ROOT / "tests" / "blogs" / f"cuaderno-{paging.value}.toml"
    with served(blog, tmp_path) as route:
        first = crawl(site, tmp_path, route)
        assert first.returncode == 0, first.stderr + first.stdout
        rows = kept(tmp_path)
        assert set(rows) == {entry.url for entry in blog.entries}
        for entry in blog.entries:
            assert_told_right(entry, rows[entry.url])
        new = blog.write("Un faro sin barcos", "El faro de Barlén se encendió otra vez, y nadie supo para quién.")
        second = crawl(site, tmp_path, route)
        assert second.returncode == 0, second.stderr + second.stdout
        assert "caught up" in second.stdout
        assert_told_right(new, kept(tmp_path)[new.url])
