"""The pages while others write."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx

from archive.web import app
from tests.cli.archives import BEGAN, build, exchange, lay_run, page


async def test_pages_are_answered_amid_a_write_and_show_what_came(tmp_path: Path) -> None:
    collection = build(tmp_path / "collection")
    transport = httpx.ASGITransport(app=app.desk(collection).app())
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        with closing(sqlite3.connect(collection.database, isolation_level=None)) as crawl:
            crawl.execute("BEGIN IMMEDIATE")
            crawl.execute("UPDATE sites SET title = 'Half Written'")
            for path in ("/", "/search?q=gulls", "/post/1", "/archive/posts_current.json"):
                answer = await client.get(path)
                assert answer.status_code == 200
                assert "Half Written" not in answer.text
            crawl.execute("ROLLBACK")
        assert len((await client.get("/home.json")).json()) == 1
        assert "An owl" not in (await client.get("/")).text
        night = BEGAN + timedelta(days=9)
        owl = exchange(1, "/a/owl/103.html", page("An owl", "An owl sat there."), began=night)
        lay_run(collection, "run-9", night, owl)
        assert "An owl" in (await client.get("/")).text
        assert (await client.get("/home.json")).json()[0]["posts"] == 3
        assert (await client.get("/archive/posts_current.json?_shape=array&_size=max")).json()[-1]["title"] == "An owl"
