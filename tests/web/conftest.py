"""One archive behind the pages, for all tests of them."""

import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from archive.collection import Collection
from archive.web import app
from archive.web.guard import POLICY, App
from tests.web.makers import build

OWN_POLICY = re.compile(r"/charts/|/as-it-was/|/side-by-side|/capture/[0-9]+/(?:record|body)$")
Get = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return build(tmp_path_factory.mktemp("web") / "collection")


def getting(application: App) -> Get:
    """Ask an application for a path, in process, through its guard."""
    transport = httpx.ASGITransport(app=application)

    async def call(path: str, *, status: int = 200, method: str = "GET", **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8001") as client:
            answer = await client.request(method, path, headers=headers)
        assert answer.status_code == status, answer.text
        assert "set-cookie" not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script" not in policy
        return answer

    return call


@pytest.fixture(scope="session")
def asked(served: Collection) -> Get:
    """Ask the pages for a path, in process, through its guard."""
    return getting(app.desk(served).app())


@pytest.fixture
def get(asked: Get) -> Get:
    """Ask for a page, which brings the strict policy unless it is said to bring its own."""

    async def call(path: str, *, status: int = 200, method: str = "GET", **headers: str) -> httpx.Response:
        answer = await asked(path, status=status, method=method, **headers)
        assert answer.headers["content-security-policy"] == POLICY or OWN_POLICY.match(path)
        return answer

    return call


@contextmanager
def serving(collection: Collection, folder: Path, *more: str) -> Iterator[str]:
    """Run the real server; give its address."""
    words = [sys.executable, "-m", "archive", "serve", "-C", str(collection.root), "--port", "0", *more]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip().rstrip("/")
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture(scope="session")
def address(served: Collection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pages behind the real server."""
    with serving(served, tmp_path_factory.mktemp("server")) as found:
        yield found
