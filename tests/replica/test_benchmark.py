"""The benchmark's blog, and the replica in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.replica import BlogSimulator, ReplicaServer
from crawler.replica.benchmark import benchmark_blog
from crawler.replica.model import Template
from tests.replica.client import get


@pytest.fixture(scope="module")
def blog() -> BlogSimulator:
    return benchmark_blog(60)


def test_pages_weigh_60_to_90_kilobytes_in_the_newest_template(blog: BlogSimulator) -> None:
    posts = blog.listing()
    assert len(posts) == 60
    assert {post.template for post in posts} == {Template.T2021}
    assert not any(post.truth.is_textless for post in posts)
    with ReplicaServer(blog) as server:
        sizes = [len(get(server, post.path, User_Agent="Wget/1.21").body) for post in posts]
    assert min(sizes) >= 60_000
    assert max(sizes) <= 90_000


def test_prepared_pages_are_the_pages_that_are_served(blog: BlogSimulator) -> None:
    with ReplicaServer(blog) as plain, ReplicaServer(blog) as prepared:
        plain.clock = prepared.clock = lambda: blog.now
        prepared.prepare()
        for target in ("/Watchdog", "/Watchdog?p=2", blog.listing()[5].path):
            for encoding in ("identity", "gzip"):
                assert get(plain, target, Accept_Encoding=encoding) == get(prepared, target, Accept_Encoding=encoding)


def test_replica_serves_in_a_process_of_its_own_until_its_input_ends(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    command = [sys.executable, "-m", "crawler.replica", "--posts", "5", "--ca", str(authority)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        told = json.loads(process.stdout.readline())
        assert told["posts"] == 5
        assert told["http"][0] == told["https"][0] == "127.0.0.1"
        assert authority.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
        process.stdin.close()
        assert process.wait(10) == 0
