"""``vigil copy`` and ``vigil restore``: a second copy, and the way home."""

from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, existing, json_option, with_settings
from archive.cli.output import show, show_json
from archive.cli.progress import bar
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.config import Settings


@click.command(
    cls=Verb,
    examples=[
        "vigil copy /mnt/disk/vigil",
        "vigil copy archive@backup.example:/srv/vigil",
        "vigil copy s3://bucket/vigil",
        "vigil copy",
    ],
)
@click.argument("place", required=False, metavar="[DEST]")
@json_option
@with_settings
def copy(settings: "Settings", *, place: str | None, as_json: bool) -> None:
    """Send closed files to a second place, and read back what arrived.

    DEST is a folder that is there, user@host:folder for rsync over ssh, or s3://bucket/prefix; without it, every place
    that vigil.toml names under copies. Nothing is ever overwritten there. A crawl may be running; the file that it
    writes is left out.
    """
    from archive.copying import copy as copy_now

    places = (place,) if place else settings.copies
    if not places:
        raise UsageError(
            "copy to where?", hint='Name a folder, or give vigil.toml a line: copies = ["/mnt/disk/vigil"].'
        )
    for one in places:
        with bar("copying") as progress:
            copied = copy_now(existing(settings), one, progress)
        if as_json:
            show_json(copied)
        else:
            show(f"{one}: {copied.sent} files sent, {copied.sent_bytes:,} bytes; {copied.files} are there")


@click.command(cls=Verb, examples=["vigil restore /mnt/disk/vigil --collection /srv/vigil/again"])
@click.argument("place", metavar="FROM")
@json_option
@with_settings
def restore(settings: "Settings", *, place: str, as_json: bool) -> None:
    """Make an archive again from a copy alone, in an empty folder.

    Every file is compared with its digest of when it was closed, every record with its own; then the index is made.
    """
    from archive.collection import Collection
    from archive.copying import restore as restore_now

    with bar("checking") as progress:
        restored = restore_now(place, Collection(settings.collection), workers=settings.processes, progress=progress)
    if as_json:
        show_json(restored)
    else:
        show(f"{settings.collection}: {restored.files} files, {restored.sent_bytes:,} bytes, all as they were")
