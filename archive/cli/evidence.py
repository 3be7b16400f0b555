"""``vigil evidence``: one capture with all that proves it, for people who have neither the archive nor vigil."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from archive.cli.finding import site_option
from archive.cli.frame import ROW_NUMBER, Verb, existing, with_settings
from archive.cli.getting import choose, text_of
from archive.cli.output import show, spell, talk
from archive.cli.times import Time
from archive.errors import NotFoundError

if TYPE_CHECKING:
    from archive.collection import Collection
    from archive.config import Settings
    from archive.evidence.exporting import Makers
    from archive.evidence.package import Contents
    from archive.query import Archive
    from archive.query.answers import StoredCapture


class Given(TypedDict):
    """For whom a package is made, and why."""

    case: str
    recipient: str
    purpose: str
    allow_test: bool


@click.command(
    cls=Verb,
    examples=[
        "vigil evidence 31994604 --at 2026-08-31 -o exhibit-a.zip --case 12/2026 --recipient 'Example & Partners'",
        "vigil evidence 31994604@2 -o exhibit-b",
        "vigil evidence --record 1234 -o exhibit-c.zip",
    ],
)
@click.argument("what", metavar="[URL|POST|POST@VERSION]", required=False)
@click.option("--at", type=Time(is_end=True), metavar="TIME", help="As of this time: the newest capture not after it.")
@click.option("--record", type=ROW_NUMBER, metavar="N", help="This capture, by its number in vigil captures.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR|ZIP",
    required=True,
    help="Where it goes; a new name.",
)
@click.option("--case", default="", metavar="REF", help="Reference of the case.")
@click.option("--recipient", default="", metavar="WHO", help="Who is given it.")
@click.option("--purpose", default="", metavar="WHY", help="What for.")
@click.option("--allow-test", is_flag=True, help="Also of a test run, whose package says so on every page.")
@click.option("--no-screenshot", is_flag=True, help="Do not picture the page with Chromium.")
@site_option
@with_settings
def evidence(
    settings: "Settings",
    *,
    what: str | None,
    at: datetime | None,
    record: int | None,
    output: Path,
    no_screenshot: bool,
    site: str | None,
    **given: Unpack[Given],
) -> None:
    """Make a package of one capture that proves itself without us.

    A folder or a ZIP that is checked without this archive.

    With --at, of the newest capture at or before that time; never a later one. Who is given it, and why, is kept by the
    archive; the chain of custody gets the package's number and a digest. README.txt in it says what it proves and what
    it does not.
    """
    from archive.evidence.exporting import Request, export
    from archive.evidence.package import refuse_place, write_package
    from archive.query import Archive

    collection = existing(settings)
    refuse_place(output)
    with collection.locked("vigil evidence"), Archive.open(collection) as archive:
        stored = _chosen(archive, what, at, record, site)
        request = Request(
            stored=stored,
            asked_for=what or f"capture {record}",
            as_of=at,
            allow_test=given["allow_test"],
            case=" ".join(given["case"].split()),
            recipient=" ".join(given["recipient"].split()),
            purpose=" ".join(given["purpose"].split()),
        )
        makers = _makers(collection, settings, stored, site, has_picture=not no_screenshot)
        made = export(collection, settings, archive, request, makers)
    write_package(made.files, output)
    for warning in made.warnings:
        talk(f"vigil: {warning}")
    claim = made.claim
    show(f"package {claim.number} in {output}: {claim.url}")
    show(f"captured {claim.captured_at}, proved to exist by {claim.proved_by or '- (time stamps are pending)'}")
    show(f"capture before: {claim.capture_before or 'none'}; capture after: {claim.capture_after or 'none'}")


def _chosen(
    archive: "Archive", what: str | None, at: datetime | None, record: int | None, site: str | None
) -> "StoredCapture":
    found = re.fullmatch(r"(.+)@([1-9][0-9]{0,5})", what or "")
    if found is None or record is not None:
        return choose(archive, what, at, record, site)
    detail = archive.post(found[1], site=site)
    version = next((one for one in detail.versions if one.number == int(found[2])), None)
    if version is None:
        raise NotFoundError(f"{found[1]} has no version {found[2]}", hint="vigil show lists its versions.")
    talk(f"vigil: version {version.number} was first captured {spell(version.first.capture.time)}")
    return version.first


def _makers(
    collection: "Collection", settings: "Settings", stored: "StoredCapture", site: str | None, *, has_picture: bool
) -> "Makers":
    """Say how the copies and papers of a package are made."""

    def make(
        archive: "Archive", contents: "Contents"
    ) -> tuple[Mapping[str, bytes], Mapping[str, bytes], tuple[str, ...]]:
        from datetime import UTC

        from archive.evidence.claim import write_claim
        from archive.evidence.keys import read_passphrase, read_signing
        from archive.evidence.paperwork import derived, papers, with_certificate

        try:
            text = text_of(archive, stored, site)
        except NotFoundError:
            text = b""
        is_test = contents.claim.route != "site"
        copies = derived(collection, stored.capture, text, is_test=is_test, has_picture=has_picture)
        keys = read_signing(settings.keys, read_passphrase(settings.passphrase_file), datetime.now(UTC))
        attached = {"claim.json": write_claim(contents.claim)}
        made, problems = with_certificate(
            contents, attached, text.decode("utf-8", "replace"), keys, settings.authorities
        )
        return copies, {**papers(contents), **made}, problems

    return make
