"""One small archive behind the pages, for all tests of them."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from archive.collection import Collection
from archive.web import app
from archive.web.guard import POLICY
from tests.cli.archives import build

Get = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return build(tmp_path_factory.mktemp("web") / "collection")


@pytest.fixture
def get(served: Collection) -> Get:
    """Ask the application for a path, in process, through its guard."""
    transport = httpx.ASGITransport(app=app.desk(served).app())

    async def asked(path: str, *, status: int = 200, method: str = "GET", **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8001") as client:
            answer = await client.request(method, path, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
        return answer

    return asked
