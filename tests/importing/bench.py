"""A collection that files are imported into, with a site file and a configuration."""

import shutil
from contextlib import closing
from pathlib import Path

from archive.cli.frame import run
from archive.collection import Collection
from archive.database import connect
from archive.rebuild import compare, rebuild
from crawler.cli import group
from tests.cli.archives import SITE


class Bench:
    """A collection that files are imported into, with a site file and a configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.collection = Collection(folder / "collection")
        (folder / "sites").mkdir(parents=True, exist_ok=True)
        (folder / "sites" / "quiet-lantern.toml").write_text(SITE)
        (folder / "vigil.toml").write_text('collection = "collection"\nsites = ["sites"]\nworkers = 1\n')

    def run(self, *words: str) -> int:
        return run(group, [words[0], "--config", str(self.folder / "vigil.toml"), *words[1:]])

    def take(self, *paths: Path) -> int:
        return self.run("import", "--site", "quiet-lantern", *map(str, paths))

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(connect(self.collection.database)) as db:
            return [tuple(row) for row in db.execute(sql)]


def is_same_when_rebuilt(bench: Bench) -> bool:
    before = bench.folder / "before.db"
    shutil.copy(bench.collection.database, before)
    rebuild(bench.collection, workers=1)
    return compare(before, bench.collection.database) == []
