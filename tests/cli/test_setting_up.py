"""``vigil sites``, ``config`` and ``doctor``."""

import json
from pathlib import Path

from archive.collection import Collection
from archive.errors import ExitCode
from archive.site import load_site
from tests.cli.conftest import Run


def _own(here: Path, name: str, text: str | None = None) -> Path:
    (here / "sites").mkdir(exist_ok=True)
    path = here / "sites" / f"{name}.toml"
    rules = '[identity]\npatterns=["^/a/(?P<id>[0-9]+)"]\npermalink="/a/{id}"\n[listing]\nstart="https://x.example/"\n'
    path.write_text(text or f'[site]\nid="{name}"\ntitle="The {name}"\nhosts=["x.example"]\n{rules}')
    return path


def test_sites_are_listed_with_where_they_come_from(vigil: Run, here: Path) -> None:
    path = _own(here, "lantern")
    said = vigil("sites", "list", "--json")
    rows = {row["id"]: row for row in map(json.loads, said.out.splitlines())}
    assert rows["lantern"] == {
        "id": "lantern",
        "title": "The lantern",
        "start": "https://x.example/",
        "origin": "own",
        "file": str(path),
    }
    assert all(row["origin"] == "shipped" for name, row in rows.items() if name != "lantern")


def test_one_wrong_site_file_does_not_hide_the_others(vigil: Run, here: Path) -> None:
    _own(here, "broken", "[site")
    _own(here, "lantern")
    said = vigil("sites", "list")
    assert said.code == 0
    assert "The lantern" in said.out
    assert "PROBLEM" in said.out


def test_a_new_site_file_is_written_once_and_can_be_read(vigil: Run, here: Path) -> None:
    said = vigil("sites", "new", "lantern", "https://Lantern.example/journal/")
    path = here / "sites" / "lantern.toml"
    assert (said.code, said.out) == (0, f"{path}\n")
    site = load_site(path)
    assert site.hosts == ("lantern.example",)
    assert site.listing.start == "https://Lantern.example/journal/"
    again = vigil("sites", "new", "lantern", "https://lantern.example/")
    assert again.code == ExitCode.USAGE
    assert load_site(path) == site
    checked = vigil("sites", "check", "lantern", "--url", "https://lantern.example/journal/the-last-lamp?utm_source=x")
    assert "post       https://lantern.example/journal/the-last-lamp/" in checked.out


def test_a_new_site_needs_a_plain_name_and_a_whole_url(vigil: Run, here: Path) -> None:
    assert vigil("sites", "new", "lantern", "lantern.example").code == ExitCode.USAGE
    assert vigil("sites", "new", "../lantern", "https://lantern.example/").code == ExitCode.USAGE
    assert vigil("sites", "new", "lantern", 'https://lantern.example/"x').code == ExitCode.USAGE
    assert not list(here.glob("**/*.toml"))


def test_checking_names_file_and_key_and_what_a_url_is(vigil: Run, here: Path) -> None:
    _own(here, "lantern")
    path = _own(here, "broken", "[site]\nidd = 1\n")
    said = vigil("sites", "check", "lantern", "broken", "--url", "http://x.example:80/a/7?fbclid=1#top", "--json")
    assert said.code == ExitCode.USAGE
    sound, broken = map(json.loads, said.out.splitlines())
    assert sound["problem"] is None
    assert sound["urls"] == [
        {
            "url": "http://x.example:80/a/7?fbclid=1#top",
            "identity": "7",
            "key": "https://x.example/a/7",
            "permalink": "https://x.example/a/7",
        }
    ]
    assert broken["problem"] == f"{path}: site.idd: is no key of this file"
    assert "“id”" in broken["hint"]


def test_unknown_site_ends_with_21(vigil: Run, here: Path) -> None:
    _own(here, "lantern")
    said = vigil("sites", "check", "lanten")
    assert said.code == ExitCode.NOT_FOUND
    assert "hint: Known: lantern." in said.err


def test_config_show_tells_value_and_source(vigil: Run, here: Path) -> None:
    said = vigil("config", "show", "--collection", "kept", "--json")
    rows = {row["key"]: row for row in map(json.loads, said.out.splitlines())}
    assert rows["collection"] == {"key": "collection", "value": str(here / "kept"), "source": "flag --collection"}
    assert rows["contact"] == {"key": "contact", "value": None, "source": "default"}


def test_doctor_tells_what_is_in_the_way(vigil: Run, here: Path) -> None:
    _own(here, "broken", "[site")
    said = vigil("doctor", "--json")
    rows = {row["subject"]: row for row in map(json.loads, said.out.splitlines())}
    assert said.code == ExitCode.ERROR
    assert rows["site broken"]["level"] == "BAD"
    assert rows["SQLite"]["level"] == "good"
    assert rows["contact"]["level"] == "look"
    assert rows["archive"]["told"].endswith("the first crawl makes it")


def test_doctor_sees_a_writer_and_what_a_crash_left(vigil: Run, here: Path) -> None:
    collection = Collection(here / "collection")
    with collection.locked("a crawl"):
        said = vigil("doctor", "--json")
        rows = {row["subject"]: row for row in map(json.loads, said.out.splitlines())}
        assert "a crawl" in rows["lock"]["told"]
    (collection.warcs / "x-20260801030000250-00001-test.warc.gz.open").touch()
    rows = {row["subject"]: row for row in map(json.loads, vigil("doctor", "--json").out.splitlines())}
    assert rows["lock"]["told"] == "nobody is writing"
    assert "was left open" in rows["crash"]["told"]
    assert rows["index"]["level"] == "BAD"
