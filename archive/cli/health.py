"""What ``vigil doctor`` looks at on the archive's side; each examination is a function that yields diagnoses."""

import importlib.metadata
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

from archive.collection import Collection
from archive.config import Settings, site_files
from archive.errors import LockedError, NotFoundError, VigilError


class Level(StrEnum):
    """How a diagnosis is meant: fine, worth a look, or in the way of work."""

    GOOD = "good"
    LOOK = "look"
    BAD = "BAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found about one subject, and what to do about it."""

    level: Level
    subject: str
    told: str
    hint: str = ""


def examine(settings: Settings) -> Iterator[Diagnosis]:
    """Make every examination in turn."""
    for examination in EXAMINATIONS:
        yield from examination(settings)


def software(settings: Settings) -> Iterator[Diagnosis]:
    """Versions of Python, SQLite and the libraries that read and write the archive."""
    del settings
    python = ".".join(map(str, sys.version_info[:3]))
    yield Diagnosis(level=Level.GOOD, subject="Python", told=python)
    db = sqlite3.connect(":memory:")
    has_fts5 = ("ENABLE_FTS5",) in db.execute("PRAGMA compile_options").fetchall()
    db.close()
    if has_fts5 and sqlite3.sqlite_version_info >= (3, 37):
        yield Diagnosis(level=Level.GOOD, subject="SQLite", told=f"{sqlite3.sqlite_version}, with full-text search")
    else:
        hint = "Use a Python whose sqlite3 module has SQLite 3.37 or newer with FTS5."
        yield Diagnosis(level=Level.BAD, subject="SQLite", told=sqlite3.sqlite_version, hint=hint)
    for name in ("warcio", "trafilatura", "sqlite-utils"):
        try:
            yield Diagnosis(level=Level.GOOD, subject=name, told=importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Diagnosis(level=Level.BAD, subject=name, told="is not installed", hint="Install vigil-archive whole.")


def operator(settings: Settings) -> Iterator[Diagnosis]:
    """Whether a site's owner could reach whoever crawls."""
    if settings.contact:
        yield Diagnosis(level=Level.GOOD, subject="contact", told=settings.contact)
    else:
        hint = "Set contact in vigil.toml: a web or mail address, shown to the site in the user agent."
        yield Diagnosis(level=Level.LOOK, subject="contact", told="is not set", hint=hint)


def site_rules(settings: Settings) -> Iterator[Diagnosis]:
    """Whether every site file can be read."""
    from archive.site import load_site

    for name, path in site_files(settings).items():
        try:
            load_site(path)
        except VigilError as error:
            yield Diagnosis(level=Level.BAD, subject=f"site {name}", told=str(error), hint=error.hint)
        else:
            yield Diagnosis(level=Level.GOOD, subject=f"site {name}", told=str(path))


def place(settings: Settings) -> Iterator[Diagnosis]:
    """Whether the archive's folder is there, may be written, and has room."""
    root = settings.collection
    existing = next(folder for folder in (root, *root.parents) if folder.exists())
    if not os.access(existing, os.W_OK):
        hint = "Crawls cannot write there; reading works."
        yield Diagnosis(level=Level.BAD, subject="archive", told=f"{existing} may not be written", hint=hint)
    elif existing == root:
        yield Diagnosis(level=Level.GOOD, subject="archive", told=str(root))
    else:
        told = f"{root} is not there yet; the first crawl makes it"
        yield Diagnosis(level=Level.LOOK, subject="archive", told=told)
    free = shutil.disk_usage(existing).free
    told = f"{free:,} bytes free, {settings.min_free_bytes:,} wanted"
    is_enough = free >= settings.min_free_bytes
    hint = "" if is_enough else "Free some space, or lower min_free_bytes."
    yield Diagnosis(level=Level.GOOD if is_enough else Level.BAD, subject="disk", told=told, hint=hint)


def writers(settings: Settings) -> Iterator[Diagnosis]:
    """Whether someone writes now, and what an earlier crash left."""
    collection = Collection(settings.collection)
    if not collection.state.is_dir() or not os.access(collection.state, os.W_OK):
        return
    try:
        with collection.locked("vigil doctor"):
            left = [path.name for path in collection.warcs.glob("*.open")]
    except LockedError as error:
        yield Diagnosis(level=Level.LOOK, subject="lock", told=str(error))
        return
    for name in left:
        hint = "The next crawl closes it: vigil crawl SITE."
        yield Diagnosis(level=Level.LOOK, subject="crash", told=f"{name} was left open", hint=hint)
    yield Diagnosis(level=Level.GOOD, subject="lock", told="nobody is writing")


def index(settings: Settings) -> Iterator[Diagnosis]:
    """Whether archive.db is there and in order, as far as a quick look tells."""
    from archive.database import connect, damaged_index, translated

    path = Collection(settings.collection).database
    if not settings.collection.is_dir():
        return
    try:
        with closing(connect(path, busy_seconds=1.0)) as db, translated(path):
            found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise damaged_index(path, found)
    except VigilError as error:
        yield Diagnosis(level=Level.BAD, subject="index", told=str(error), hint=error.hint)
    else:
        yield Diagnosis(level=Level.GOOD, subject="index", told=str(path))


def sealing(settings: Settings) -> Iterator[Diagnosis]:
    """Whether runs can be sealed: keys that can be read, by nobody else, and are valid."""
    from datetime import UTC, datetime

    from archive.evidence.keys import read_passphrase, read_signing

    try:
        keys = read_signing(settings.keys, read_passphrase(settings.passphrase_file), datetime.now(UTC))
    except NotFoundError as error:
        told = f"{error}; runs are not sealed"
        yield Diagnosis(level=Level.LOOK, subject="keys", told=told, hint=error.hint)
        return
    except VigilError as error:
        yield Diagnosis(level=Level.BAD, subject="keys", told=str(error), hint=error.hint)
        return
    left = (keys.certificate.not_valid_after_utc - datetime.now(UTC)).days
    told = f"the seal certificate is valid for {left} more days"
    is_soon = left < 30
    hint = "Make the next one: vigil keys rotate." if is_soon else ""
    yield Diagnosis(level=Level.LOOK if is_soon else Level.GOOD, subject="keys", told=told, hint=hint)


def authorities(settings: Settings) -> Iterator[Diagnosis]:
    """Whether two time authorities, of two roots, are configured and give stamps that hold: each is asked for one."""
    from archive.evidence.keys import read_certificates
    from archive.evidence.sealing import try_authority
    from archive.evidence.signature import fingerprint_of

    asked = [one for one in settings.authorities if not one.is_retired]
    if len(asked) < 2:
        told = f"{len(asked)} of the two that seals need are configured"
        hint = "config/vigil.toml shows how; without them nothing proves when a run was sealed."
        yield Diagnosis(level=Level.LOOK, subject="time authorities", told=told, hint=hint)
    owners: dict[str, str] = {}
    for one in asked:
        try:
            for root in read_certificates(one.root):
                other = owners.setdefault(fingerprint_of(root), one.name)
                if other != one.name:
                    told = f"has the root of {other}: their stamps count as one authority's"
                    hint = "Configure a second authority, of another owner."
                    yield Diagnosis(level=Level.BAD, subject=f"authority {one.name}", told=told, hint=hint)
            stamp = try_authority(one)
        except OSError as error:
            told = f"{one.root.name}: {error.strerror}"
            hint = "root names the PEM file of its root certificate."
            yield Diagnosis(level=Level.BAD, subject=f"authority {one.name}", told=told, hint=hint)
        except VigilError as error:
            hint = "Look at its url and root; its stamps stay pending until it answers."
            yield Diagnosis(level=Level.BAD, subject=f"authority {one.name}", told=str(error), hint=hint)
        else:
            is_test = " (a test authority: NOT TRUSTED)" if stamp.is_test else ""
            told = f"stamps as {stamp.subject}, certificate {stamp.fingerprint}{is_test}"
            yield Diagnosis(
                level=Level.LOOK if stamp.is_test else Level.GOOD, subject=f"authority {one.name}", told=told
            )


EXAMINATIONS: tuple[Callable[[Settings], Iterator[Diagnosis]], ...] = (
    software,
    operator,
    site_rules,
    place,
    writers,
    index,
    sealing,
    authorities,
)
"""What is looked at, in order; the crawler adds its own."""
