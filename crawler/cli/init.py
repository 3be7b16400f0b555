"""``vigil init``: a settings file for a new archive."""

import json
from pathlib import Path

import click

from archive.cli.frame import Verb
from archive.cli.output import show
from archive.errors import UsageError


@click.command(
    cls=Verb, examples=("vigil init", "vigil init /srv/vigil --operator 'The Archive' --contact mailto:a@b.example")
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--operator", prompt="Who keeps the archive (person or organisation)", help="Recorded in every run.")
@click.option(
    "--contact", prompt="Where the site's owner reaches you (web or mail address)", help="Sent in the user agent."
)
def init(folder: Path, operator: str, contact: str) -> None:
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
    show("Next: vigil doctor, then vigil crawl rferl-watchdog --limit 20")
