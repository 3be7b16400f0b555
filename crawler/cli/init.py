"""``vigil init``: a settings file for a new archive."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb
from archive.cli.output import show, spell
from archive.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from archive.config import Settings

SITE = "rferl-watchdog"
_QUESTIONS = {
    "operator": "Who keeps the archive (person or organisation)",
    "contact": "Where the site's owner reaches you (web or mail address)",
}


@click.command(
    cls=Verb, examples=("vigil init", "vigil init /srv/vigil --operator 'The Archive' --contact mailto:a@b.example")
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--operator", help="Person or organisation that keeps the archive; recorded in every run.")
@click.option(
    "--contact", help="Web or mail address where the site's owner reaches you; sent with every request, recorded."
)
@click.option(
    "--accept-exceptions", is_flag=True, help="Confirm the robots.txt rules that the shipped site sets aside."
)
def init(folder: Path, operator: str | None, contact: str | None, *, accept_exceptions: bool) -> None:
    """Write config/vigil.toml and make keys for an archive in FOLDER.

    Left out, FOLDER is where you are. What the options leave open is asked. The keys, in config/keys, are what runs are
    sealed with; docs/how-to/keys.md says what to do with them. Where some of this is there already it stays as it is,
    and only what is missing is made or asked.
    """
    from archive.config import load_settings

    path = folder / "config" / "vigil.toml"
    given = {"operator": operator, "contact": contact}
    if path.exists():
        settings = load_settings(config=path, environ={})
        _refuse_other(settings, given)
        show(f"{path} is there already and stays as it is")
    else:
        _write(path, {key: _answer(key, value) for key, value in given.items()})
        settings = load_settings(config=path, environ={})
        show(f"wrote {path}")
    _make_keys(settings)
    _ask_consent(settings, is_given=accept_exceptions)
    where = "" if folder.resolve() == Path.cwd() else f"cd {folder}, then "
    show(f"Next: {where}vigil doctor, then vigil crawl {SITE} --limit 20")


def _refuse_other(settings: "Settings", given: Mapping[str, str | None]) -> None:
    for key, value in given.items():
        if value not in {None, getattr(settings, key)}:
            raise UsageError(
                f"{settings.file} is there already, with another {key}: {getattr(settings, key)}",
                hint="Edit it; what former runs recorded stays as it is. vigil config show says what is in force.",
            )


def _answer(key: str, given: str | None) -> str:
    """Take what an option gave, or ask until the answer will do.

    Raises:
        UsageError: the option's value will not do, or nobody is there to answer.
    """
    if given is not None:
        return _checked(key, given)

    def check(text: str) -> str:
        try:
            return _checked(key, text.strip())
        except ConfigError as error:
            raise click.UsageError(str(error)) from None

    try:
        return str(click.prompt(_QUESTIONS[key], value_proc=check, err=True))
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise UsageError(
            f"nobody is there to say the {key}", hint=f"Give --{key}, or start vigil init at a terminal."
        ) from None


def _checked(key: str, text: str) -> str:
    from archive import tables
    from archive.config import SettingsFile

    tables.read(SettingsFile, {key: text}, "vigil init")
    return text


def _write(path: Path, answers: Mapping[str, str]) -> None:
    """Write the settings file that came along, with the answers in it."""
    from archive.config import shipped_settings

    lines = shipped_settings().read_text(encoding="utf-8").splitlines()
    for key, value in answers.items():
        (place,) = (number for number, line in enumerate(lines) if line.startswith(f"# {key} = "))
        lines[place] = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _make_keys(settings: "Settings") -> None:
    from datetime import UTC, datetime

    from archive.cli.keys import default_log_name
    from archive.evidence.keys import make_keys, read_passphrase

    if settings.keys.is_dir():
        return
    owner = settings.operator or "vigil"
    passphrase, now = read_passphrase(settings.passphrase_file), datetime.now(UTC)
    public = make_keys(settings.keys, owner=owner, log_name=default_log_name(owner), passphrase=passphrase, now=now)
    show(f"made keys in {settings.keys}; publish these fingerprints:")
    for name, digest in public.fingerprints():
        show(f"  {digest}  {name}")
    show("For time stamps, name two authorities in vigil.toml: docs/how-to/keys.md.")


def _ask_consent(settings: "Settings", *, is_given: bool) -> None:
    """Have the operator confirm what the shipped site file sets aside of robots.txt, or say how to do it later."""
    from datetime import UTC, datetime

    from archive.collection import Collection
    from archive.config import find_site
    from archive.site import load_site
    from crawler.consent import confirm, confirmed

    site, collection = load_site(find_site(SITE, settings)), Collection(settings.collection)
    known = confirmed(collection, site)
    for one in site.robots_exceptions:
        show(f"{site.id} sets the robots.txt rule {one.rule} aside: {one.reason}")
        if one.rule in known:
            show(f"confirmed on {spell(datetime.fromisoformat(known[one.rule]))}")
    if len(known) == len(site.robots_exceptions):
        return
    question = "Do you confirm this? It is written down, and said in every run"
    if is_given or (sys.stdin.isatty() and click.confirm(question, err=True)):
        confirm(collection, site, settings.operator, datetime.now(UTC))
        show("confirmed")
    else:
        show(f"not confirmed, so {site.id} is not crawled yet. To confirm: vigil init --accept-exceptions")
        show("Or take the exception out of a site file of your own: then only what robots.txt allows is asked for.")
