"""Settings: flag over variable over file over default, each value's source known."""

import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from archive import config
from archive.config import Settings, find_site, load_settings, shipped_sites, site_files
from archive.errors import ConfigError, NotFoundError

EXAMPLE = Path(config.__file__).parents[1] / "config" / "vigil.toml"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without any configuration, and a home without one."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def _load(
    here: Path,
    variables: Mapping[str, str] | None = None,
    *,
    config: Path | None = None,
    flags: Mapping[str, str | None] | None = None,
) -> Settings:
    environ = {"XDG_CONFIG_HOME": str(here.parent / "xdg"), **(variables or {})}
    return load_settings(config=config, flags=flags, environ=environ)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_any_configuration_the_archive_lies_in_the_working_folder(here: Path) -> None:
    settings = _load(here)
    assert settings.collection == here / "collection"
    assert settings.file is None
    assert {source for _, source in settings.sources} == {"default"}


def test_flag_wins_over_variable_over_file_over_default(here: Path) -> None:
    file = _write(here / "config" / "vigil.toml", 'collection = "a"\noperator = "File Press"\nworkers = 2\n')
    settings = _load(here, {"VIGIL_COLLECTION": "b", "VIGIL_WORKERS": "3"}, flags={"collection": "c", "operator": None})
    assert settings.collection == here / "c"
    assert settings.workers == 3
    assert settings.operator == "File Press"
    assert settings.contact is None
    assert {key: source for key, source in settings.sources if source != "default"} == {
        "collection": "flag --collection",
        "operator": str(file),
        "workers": "variable VIGIL_WORKERS",
    }


def test_file_is_the_flags_then_the_variables_then_the_working_folders_then_the_homes(here: Path) -> None:
    home = _write(here.parent / "xdg" / "vigil" / "vigil.toml", "workers = 1")
    assert _load(here).file == home
    working = _write(here / "config" / "vigil.toml", "workers = 2")
    assert _load(here).file == working
    named = _write(here / "named.toml", "workers = 3")
    assert _load(here, {"VIGIL_CONFIG": "named.toml"}).file == named
    flagged = _write(here / "flagged.toml", "workers = 4")
    settings = _load(here, {"VIGIL_CONFIG": "named.toml"}, config=Path("flagged.toml"))
    assert (settings.file, settings.workers) == (flagged, 4)


def test_paths_in_the_file_are_taken_from_the_files_folder(here: Path) -> None:
    _write(here / "config" / "vigil.toml", 'collection = "../kept"\nsites = ["mine", "/etc/vigil/sites"]')
    settings = _load(here)
    assert settings.collection == here / "kept"
    assert settings.sites == (here / "config" / "mine", Path("/etc/vigil/sites"))


def test_paths_in_variables_are_taken_from_the_working_folder(here: Path) -> None:
    _write(here / "config" / "vigil.toml", "")
    settings = _load(here, {"VIGIL_SITES": f"one{os.pathsep}/two", "VIGIL_COLLECTION": "~/three"})
    assert settings.sites == (here / "one", Path("/two"))
    assert settings.collection == Path.home() / "three"


WRONG = {
    "unknown key": ('kollection = "x"', {}, "config/vigil.toml: kollection: is no key", "“collection”"),
    "wrong type": ("workers = 'two'", {}, "config/vigil.toml: workers: is “two”, it must be a number of processes", ""),
    "empty path": ('collection = ""', {}, "config/vigil.toml: collection: is “”", "a path in quotes"),
    "path with NUL": ('collection = "a\\u0000b"', {}, "config/vigil.toml: collection: is “a�b”", ""),
    "contact with spaces": ('contact = "call us"', {}, "config/vigil.toml: contact: is “call us”", ""),
    "contact that breaks a header": ('contact = "a\\r\\nb"', {}, "config/vigil.toml: contact: is", ""),
    "unknown log": (
        'log_format = "xml"',
        {},
        "config/vigil.toml: log_format: is “xml”, it must be “console” or “json”",
        "",
    ),
    "wrong variable": ("", {"VIGIL_WORKERS": "many"}, "variable VIGIL_WORKERS: workers: is “many”", ""),
    "endless variable": ("", {"VIGIL_WORKERS": "9" * 5000}, "variable VIGIL_WORKERS: workers: is “999", ""),
    "misspelt variable": (
        "",
        {"VIGIL_COLECTION": "x"},
        "variable VIGIL_COLECTION: is none of ours",
        "VIGIL_COLLECTION",
    ),
    "missing file": ("", {"VIGIL_CONFIG": "gone.toml"}, "gone.toml: No such file", "VIGIL_CONFIG"),
    "folder for a file": ("", {"VIGIL_CONFIG": "."}, "Is a directory", ""),
}


@pytest.mark.parametrize(("file", "env", "message", "hint"), WRONG.values(), ids=WRONG)
def test_wrong_setting_is_refused_by_name(here: Path, file: str, env: dict[str, str], message: str, hint: str) -> None:
    _write(here / "config" / "vigil.toml", file)
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        _load(here, env)
    assert hint in caught.value.hint


def test_foreign_variables_with_our_prefix_are_left_alone(here: Path) -> None:
    assert _load(here, {"VIGIL_OF_THE_NIGHT": "x"}).workers == 0


def test_own_site_file_wins_over_the_shipped_one(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "__file__", str(here / "package" / "archive" / "config.py"))
    shipped = _write(here / "package" / "config" / "sites" / "lantern.toml", "")
    _write(here / "package" / "config" / "sites" / "harbour.toml", "")
    settings = _load(here)
    assert site_files(settings) == {"harbour": shipped.with_name("harbour.toml"), "lantern": shipped}
    own = _write(here / "sites" / "lantern.toml", "")
    assert find_site("lantern", settings) == own
    assert find_site(str(shipped), settings) == shipped


def test_installed_package_finds_its_site_files_inside_itself(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "__file__", str(here / "archive" / "config.py"))
    (here / "archive" / "_shipped" / "sites").mkdir(parents=True)
    assert shipped_sites() == here / "archive" / "_shipped" / "sites"


def test_unknown_site_is_answered_with_the_nearest(here: Path) -> None:
    _write(here / "sites" / "quiet-lantern.toml", "")
    with pytest.raises(NotFoundError, match="quiet-lanten") as caught:
        find_site("quiet-lanten", _load(here))
    assert "quiet-lantern" in caught.value.hint


def test_example_file_names_every_key_with_its_default(here: Path) -> None:
    text = EXAMPLE.read_text()
    shutil.copy(EXAMPLE, here / "vigil.toml")
    keys = {name for name, _ in _load(here, config=Path("vigil.toml")).sources}
    assert set(re.findall(r"^#? ?([a-z_]+) = ", text, re.MULTILINE)) == keys
    assert tomllib.loads(re.sub(r"^# (?=(?:workers|min_free_bytes|log_format) =)", "", text, flags=re.MULTILINE)) == {
        "collection": "../collection",
        "workers": 0,
        "min_free_bytes": 1_000_000_000,
        "log_format": "console",
    }
