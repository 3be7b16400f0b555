"""An operator's desk: an archive after one night, its settings, and a webhook that alerts go to."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.config import Settings, load_settings, shipped_sites
from crawler.alerts import check
from crawler.replica import ReplicaServer, fictional_blog
from tests.stories.story import ROOT, SITE, Ended, Story
from tests.webhook import Webhook

NOW = datetime.now(UTC)


def one_night(folder: Path) -> Path:
    """Crawl a replica of ten posts; give the collection's folder."""
    blog = fictional_blog(posts=10)
    with ReplicaServer(blog, has_tls=True) as server:
        story = Story(blog=blog, server=server, folder=folder)
        night = story.crawl()
    assert night.code == 0, night.err
    return story.collection.root


@dataclass(kw_only=True)
class Desk:
    """An operator's desk: an archive after one night, its settings, and a webhook."""

    folder: Path
    hook: Webhook

    @property
    def settings(self) -> Settings:
        return load_settings(config=self.folder / "vigil.toml", environ={})

    def check(self, now: datetime = NOW) -> tuple[str, ...]:
        return check(self.settings, now=now)

    def change(self, sql: str, *values: object) -> None:
        with closing(sqlite3.connect(self.folder / "collection" / "archive.db")) as db:
            db.execute(sql, values)
            db.commit()

    def add_run(self, number: int, *, code: int, route: str | None = None) -> None:
        """Put a run after the last one, like the first but without any exchange."""
        sql = (
            "INSERT INTO runs SELECT ?1, 'run-' || ?1, site_id, rules_id, started + ?1, ended + ?1,"
            " coalesce(?3, route), mode, software, user_agent, operator, contact, config_digest, robots_exceptions,"
            " recovered, stop_reason, ?2, is_walk_complete, is_day_route_complete, resume_at, counts FROM runs LIMIT 1"
        )
        self.change(sql, number, code, route)

    def write(self, more: str = "", *, schedule: str = '[schedule]\nevery = "12h"\n') -> None:
        (self.folder / "sites").mkdir(exist_ok=True)
        toml = (shipped_sites() / f"{SITE}.toml").read_text().partition("[schedule]")[0]
        (self.folder / "sites" / f"{SITE}.toml").write_text(f"{toml}{schedule}")
        (self.folder / "alerts.txt").write_text(f"# our webhook\njson://user:geheim@127.0.0.1:{self.hook.port}/x\n")
        text = f'collection = "collection"\nsites = ["sites"]\nalerts_file = "alerts.txt"\nmin_free_bytes = 0\n{more}'
        (self.folder / "vigil.toml").write_text(text)

    def vigil(self, verb: str, *words: str) -> Ended:
        command = [sys.executable, "-m", "crawler", verb, "--config", str(self.folder / "vigil.toml"), *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)
