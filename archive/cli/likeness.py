"""``vigil similar``: posts that say nearly the same."""

from typing import TYPE_CHECKING

import click

from archive.cli.finding import site_option
from archive.cli.frame import Verb, existing, json_option, with_settings
from archive.cli.output import clean_line, show, show_json, talk
from archive.cli.progress import bar
from archive.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from archive.config import Settings


@click.command(
    "similar",
    cls=Verb,
    examples=["vigil similar 31994604", "vigil similar 31994604 --least 0.5 --json", "vigil similar --update"],
)
@click.argument("post", required=False)
@click.option(
    "--least",
    type=click.FloatRange(0.1, 1.0),
    default=0.7,  # archive.similar.LEAST, which would be slow to import here
    show_default=True,
    help="Smallest share of equal runs of three words (Jaccard index).",
)
@click.option("--update", "is_update", is_flag=True, help="Only take in texts that are new.")
@site_option
@json_option
@with_settings
def similar(
    settings: "Settings", *, post: str | None, least: float, is_update: bool, site: str | None, as_json: bool
) -> None:
    """Find other posts with nearly the same text.

    The text that stands is compared with each version of every other post; nothing is merged. Texts that are new are
    taken into similar.db first, which may be deleted at any time. Below 0.6 some pairs are missed.
    """
    from archive.query import Archive
    from archive.query.versions import chosen
    from archive.similar import find, update

    if (post is None) != is_update:
        raise UsageError("name a post, or say --update", hint="vigil similar POST, or vigil similar --update.")
    collection = existing(settings)
    path = collection.root / "similar.db"
    with Archive.open(collection) as archive:
        detail = archive.post(post, site=site) if post is not None else None
        with bar("comparing texts", is_bytes=False) as progress:
            count = update(archive, path, progress)
        if count or is_update:
            talk(f"vigil: {count:,} new texts in {path}")
        if detail is None:
            return
        version = chosen(detail, None)
        if version is None:
            raise NotFoundError("no text of this post is kept", hint="vigil show POST tells what is held.")
        found = find(archive, path, version.text_hash, post_id=detail.post.id, least=least)
    for one in found:
        if as_json:
            show_json(one)
            continue
        state = f"version {one.version}" + ("" if one.is_current else ", replaced")
        show(f"{one.exact:.3f} (estimated {one.estimated:.3f})  {one.site} {one.identity}  {clean_line(one.title)}")
        show(f"    published {one.published or 'at an unknown time'} · {state} · first captured {one.first_captured}")
        show(f"    {one.url or '(no address is shown)'}")
    if not found:
        talk(f"vigil: no other post agrees to {least:g} or more")
