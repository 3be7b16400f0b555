"""``vigil init``: a settings file for a new archive."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb
from archive.cli.output import show
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.config import Settings

SITE = "rferl-watchdog"


@click.command(
    cls=Verb, examples=("vigil init", "vigil init /srv/vigil --operator 'The Archive' --contact mailto:a@b.example")
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--operator", prompt="Who keeps the archive (person or organisation)", help="Recorded in every run.")
@click.option(
    "--contact", prompt="Where the site's owner reaches you (web or mail address)", help="Sent in the user agent."
)
@click.option(
    "--accept-exceptions", is_flag=True, help="Confirm the robots.txt rules that the shipped site sets aside."
)
def init(folder: Path, operator: str, contact: str, *, accept_exceptions: bool) -> None:
    """Write config/vigil.toml and make keys for an archive in FOLDER.

    Left out, FOLDER is where you are. The keys, in config/keys, are what runs are sealed with; docs/how-to/keys.md says
    what to do with them.
    """
    from datetime import UTC, datetime

    from archive.cli.keys import default_log_name
    from archive.config import load_settings
    from archive.evidence.keys import make_keys

    path = folder / "config" / "vigil.toml"
    if path.exists():
        raise UsageError(f"{path} is there already", hint="Edit it; `vigil config show` says what is in force.")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = (
        "# Settings of this archive; every key is explained in docs/reference/config.md.\n"
        'collection = "../collection"\n'
        f"operator = {json.dumps(operator, ensure_ascii=False)}\n"
        f"contact = {json.dumps(contact, ensure_ascii=False)}\n"
    )
    path.write_text(text, encoding="utf-8")
    try:
        settings = load_settings(config=path, environ={})
    except UsageError:
        path.unlink()
        raise
    show(f"wrote {path}")
    if not settings.keys.is_dir():
        log_name = default_log_name(operator)
        public = make_keys(settings.keys, owner=operator, log_name=log_name, passphrase=None, now=datetime.now(UTC))
        show(f"made keys in {settings.keys}; publish these fingerprints:")
        for name, digest in public.fingerprints():
            show(f"  {digest}  {name}")
        show("For time stamps, name two authorities in vigil.toml: docs/how-to/keys.md.")
    _ask_consent(settings, is_given=accept_exceptions)
    show("Next: vigil doctor, then vigil crawl rferl-watchdog --limit 20")


def _ask_consent(settings: "Settings", *, is_given: bool) -> None:
    """Have the operator confirm what the shipped site file sets aside of robots.txt, or say how to do it later."""
    from datetime import UTC, datetime

    from archive.collection import Collection
    from archive.config import find_site
    from archive.site import load_site
    from crawler.consent import confirm

    site = load_site(find_site(SITE, settings))
    for one in site.robots_exceptions:
        show(f"{site.id} sets the robots.txt rule {one.rule} aside: {one.reason}")
    is_asked = not is_given and sys.stdin.isatty()
    if is_given or (is_asked and click.confirm("Do you confirm this? It is written down, and said in every run")):
        confirm(Collection(settings.collection), site, settings.operator, datetime.now(UTC))
        show("confirmed")
    else:
        show(f"not confirmed: a crawl asks for vigil crawl {site.id} --accept-exceptions once")
