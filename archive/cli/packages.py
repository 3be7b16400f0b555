"""``vigil verify PACKAGE``: an evidence package, checked by the same eight checks as its verify.sh and verify.html."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archive.cli.output import show, show_json, talk
from archive.errors import ConfigError, ExitCode, UsageError

if TYPE_CHECKING:
    from archive.evidence.claim import Claim
    from archive.verify import Finding
    from archive.verify.packed import Published

_ROLES = ("root", "log", "tsa")


def verify_package(path: Path, told: Sequence[str], checkpoints: Sequence[Path], *, as_json: bool) -> ExitCode:
    """Check a package and say what was found; ``told`` are published fingerprints as ``root=HEX``."""
    from archive.evidence.package import read_package
    from archive.verify.package import check_package
    from archive.verify.packed import open_package

    packed = read_package(path)
    now = datetime.now(UTC)
    found: dict[Finding, None] = {}
    for checkpoint in checkpoints or (None,):
        published = _published(told, checkpoint)
        found |= dict.fromkeys(check_package(packed, published, now))
    for finding in found:
        if as_json:
            show_json(finding)
        else:
            show(str(finding))
            show(f"  hint: {finding.hint}")
    scope = open_package(packed, _published(told, None), now)
    is_test = any(getattr(stamp, "is_test", False) for one in scope.seals for _, stamp in one.stamps)
    _remark(scope.claim, has_checkpoint=bool(checkpoints), is_test=is_test)
    verdict = "FAILED" if found else "VERIFIED" if _is_told(told) else "CONSISTENT"
    _conclude(verdict, len(found), scope.claim, as_json=as_json)
    return ExitCode.INTEGRITY if found else ExitCode.OK


def _published(told: Sequence[str], checkpoint: Path | None) -> "Published":
    from archive.model import as_sha256
    from archive.verify.packed import Published

    roles = {role: frozenset[str]() for role in _ROLES}
    for word in told:
        found = re.fullmatch(r"(root|log|tsa)=([0-9a-f]{64})", word.strip().lower())
        if found is None:
            raise UsageError(f"--published {word}: no fingerprint", hint="Write it like root=0123…, 64 digits.")
        roles[found[1]] |= {as_sha256(found[2])}
    try:
        note = checkpoint.read_bytes() if checkpoint else None
    except OSError as error:
        raise ConfigError(f"{checkpoint}: {error.strerror}", hint="Name a file that holds a checkpoint.") from None
    return Published(checkpoint=note, **roles)  # type: ignore[arg-type]  # as_sha256 made them


def _is_told(told: Sequence[str]) -> bool:
    return {word.partition("=")[0].strip().lower() for word in told} == set(_ROLES)


def _remark(claim: "Claim | None", *, has_checkpoint: bool, is_test: bool) -> None:
    if claim is not None and claim.route != "site":
        talk("vigil: THIS IS A TEST: no capture of the real site")
    if is_test:
        talk("vigil: the time stamps are of a test authority, NOT TRUSTED: they prove no time")
    if not has_checkpoint:
        talk("vigil: no checkpoint from outside was given, so a new history by the holder of all keys would not show")


def _conclude(verdict: str, findings: int, claim: "Claim | None", *, as_json: bool) -> None:
    if as_json:
        show_json({"verdict": verdict, "findings": findings, "claim": claim})
        return
    if verdict == "FAILED" or claim is None:
        show(f"FAILED, {findings} finding{'s' if findings != 1 else ''}: do not rely on this package")
        return
    show(f"{claim.url} was captured at {claim.captured_at}; proved to exist by {claim.proved_by}")
    if verdict == "VERIFIED":
        show("VERIFIED: by the published keys")
    else:
        show("CONSISTENT, NOT VERIFIED: its keys were not compared with published fingerprints (root=, log= and tsa=)")
