"""Who is answered, and with which headers; the headers of every answer are looked at in ``conftest``."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from archive.collection import Collection
from tests.web.conftest import Get


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8001", "", "8001"])
async def test_foreign_name_is_not_answered(get: Get, host: str) -> None:
    assert "only under the names" in (await get("/", status=421, host=host)).text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8001", "127.0.0.1:1"])
async def test_own_name_is_answered(get: Get, host: str) -> None:
    await get("/", host=host)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_pages_can_only_be_read(get: Get, method: str) -> None:
    await get("/archive", status=405, method=method)


@pytest.mark.parametrize("path", ["/-/databases.json", "/-/permissions", "/-/auth-token?token=x", "/-/metadata"])
async def test_pages_of_datasette_about_itself_are_shut(get: Get, path: str) -> None:
    await get(path, status=404)


async def test_database_cannot_be_written(get: Get) -> None:
    answer = await get("/archive.json?sql=select+1;+delete+from+posts", status=400)
    assert "posts" not in answer.json().get("rows", [])


async def test_error_says_what_to_do_in_json_too(get: Get) -> None:
    assert (await get("/archive/nothing.json", status=404)).json()["error"]
    assert "Not found" in (await get("/nothing", status=404)).text


def test_command_serves_on_this_machine_alone_and_ends_quietly(served: Collection, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "archive", "serve", "-C", str(served.root), "--port", "0"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        with httpx.Client(transport=httpx.HTTPTransport(retries=5), trust_env=False) as client:
            answer = client.get(address)
        assert answer.status_code == 200
        process.send_signal(2)
        said = process.communicate(timeout=30)[1]
    assert (process.returncode, said.splitlines()[-1]) == (0, "vigil: ended")


def test_taken_port_is_explained(served: Collection, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = ["serve", "-C", str(served.root), "--port", str(taken.getsockname()[1])]
        done = subprocess.run(
            [sys.executable, "-m", "archive", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=os.environ,
            check=False,
        )
    assert (done.returncode, "--port" in done.stderr) == (2, True)
