"""``vigil keys``: the archive's own keys, and their fingerprints for publication."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, Verbs, json_option, with_settings
from archive.cli.output import show, show_json, talk

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.evidence.keys import PublicKeys

keys = Verbs(
    name="keys",
    summary="Make, show and rotate the keys that runs are sealed with.",
    sections={
        "Commands": {
            "init": "archive.cli.keys:init",
            "show": "archive.cli.keys:show_keys",
            "rotate": "archive.cli.keys:rotate",
            "export-public": "archive.cli.keys:export_public",
        }
    },
)


@click.command(cls=Verb, examples=["vigil keys init", "vigil keys init --log archive.example/watch"])
@click.option("--owner", help="Person or organisation in the certificates; left out: the operator of vigil.toml.")
@click.option("--log", "log_name", help="Name of the log of seals, like a web address; left out: made from the owner.")
@with_settings
def init(settings: "Settings", *, owner: str | None, log_name: str | None) -> None:
    """Make root, seal key and log key, and print their fingerprints.

    The keys are written to the folder `keys` of vigil.toml, readable by you alone; with passphrase_file they are
    encrypted. Publish the fingerprints in several places that are not the archive (docs/how-to/keys.md).
    """
    from archive.evidence.keys import make_keys, read_passphrase

    owner = owner or settings.operator or "vigil archive"
    public = make_keys(
        settings.keys,
        owner=owner,
        log_name=log_name or default_log_name(owner),
        passphrase=read_passphrase(settings.passphrase_file),
        now=datetime.now(UTC),
    )
    _note_keys(settings, public, is_new=True)
    _show(public, as_json=False)
    talk(f"Move {settings.keys / 'root.key'} to a safe place off this machine; only `vigil keys rotate` needs it.")


@click.command("show", cls=Verb, examples=["vigil keys show"])
@json_option
@with_settings
def show_keys(settings: "Settings", *, as_json: bool) -> None:
    """Print the fingerprints of keys and of time authorities' roots.

    They are what you publish.
    """
    from archive.evidence.keys import read_certificates, read_public
    from archive.evidence.signature import fingerprint_of

    _show(read_public(settings.keys), as_json=as_json)
    for authority in settings.authorities:
        for root in read_certificates(authority.root):
            _line(f"time authority {authority.name}", fingerprint_of(root), as_json=as_json)


@click.command(cls=Verb, examples=["vigil keys rotate", "vigil keys rotate --log"])
@click.option("--log", "is_log", is_flag=True, help="Make the log's next key instead, which signs its checkpoints.")
@with_settings
def rotate(settings: "Settings", *, is_log: bool) -> None:
    """Issue the next seal certificate, with a new key.

    Old certificates stay, and old seals are checked by them. Needs root.key in the folder of the keys; take it away
    again afterwards. With --log the log gets its next key, for which root.key is not needed; checkpoints that a former
    key signed stay good. Publish the new fingerprint beside the old ones.
    """
    from archive.evidence.keys import read_passphrase, rotate_log
    from archive.evidence.keys import rotate as rotate_now

    passphrase = read_passphrase(settings.passphrase_file)
    public = (
        rotate_log(settings.keys, passphrase) if is_log else rotate_now(settings.keys, passphrase, datetime.now(UTC))
    )
    _note_keys(settings, public, is_new=False)
    _show(public, as_json=False)


@click.command("export-public", cls=Verb, examples=["vigil keys export-public published-keys"])
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@with_settings
def export_public(settings: "Settings", *, folder: Path) -> None:
    """Write to FOLDER what others need to check seals; no secrets.

    Certificates, the log's key, the roots of time authorities, FINGERPRINTS.txt.
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    from archive.evidence.keys import read_public
    from archive.evidence.log import write_keys

    public = read_public(settings.keys)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "root.crt").write_bytes(public.root.public_bytes(Encoding.PEM))
    for number, certificate in enumerate(public.seals, 1):
        (folder / f"seal-{number}.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "log.vkey").write_bytes(write_keys(public.logs))
    for authority in settings.authorities:
        (folder / f"tsa-{authority.name}.pem").write_bytes(authority.root.read_bytes())
    (folder / "FINGERPRINTS.txt").write_text(_fingerprints(settings, public), encoding="utf-8")
    show(f"wrote {folder}")


def _fingerprints(settings: "Settings", public: "PublicKeys") -> str:
    """Write what is published: words that checkers take as they are, and all fingerprints by name."""
    from archive.evidence.keys import log_fingerprint, read_certificates
    from archive.evidence.signature import fingerprint_of

    words = [f"root={fingerprint_of(public.root)}", *(f"log={log_fingerprint(key)}" for key in public.logs)]
    words += [f"tsa={fingerprint_of(root)}" for one in settings.authorities for root in read_certificates(one.root)]
    named = [f"{digest}  {name}" for name, digest in public.fingerprints()]
    parts = ["To check an evidence package, paste these lines into verify.html, or name them to verify.sh:", *words]
    return "\n".join([*parts, "", "The same and the seal certificates by name (SHA-256):", *named, ""])


def default_log_name(owner: str) -> str:
    """Make a log's name out of its owner's."""
    words = "".join(char.lower() if char.isalnum() else "-" for char in owner)
    return f"vigil/{'-'.join(filter(None, words.split('-')))}"


def _note_keys(settings: "Settings", public: "PublicKeys", *, is_new: bool) -> None:
    """Tell the chain of custody of new keys, where an archive is there already."""
    from archive.collection import Collection
    from archive.evidence.custody import Custody, EventKind

    collection = Collection(settings.collection)
    if not is_new or collection.warcs.is_dir():
        with collection.locked("vigil keys"):
            kind = EventKind.KEYS_MADE if is_new else EventKind.KEYS_ROTATED
            Custody(collection).append(kind, "keys", dict(public.fingerprints()))


def _show(public: "PublicKeys", *, as_json: bool) -> None:
    for name, digest in public.fingerprints():
        _line(name, digest, as_json=as_json)
    end = public.seals[-1].not_valid_after_utc.date() if public.seals else "-"
    if not as_json:
        for key in public.logs:
            show(f"log: {key}")
        show(f"the present seal certificate is valid until {end}")


def _line(name: str, digest: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"key": name, "sha256": digest})
    else:
        show(f"{digest}  {name}")
