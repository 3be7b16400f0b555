"""Is the archive what it says? Every record is read, and compared with its digests, its file and the index.

Never writes, and trusts nothing but the bytes: ``findings`` holds what a finding is and the registry ``CHECKS``,
``records`` the checks of files and records, ``units`` those of whole exchanges, ``listed`` those of the index, ``book``
the seals read once, ``sealed`` the checks of seals and stamps, ``logged`` those of their log, ``round`` goes through
them all. ``package`` are the checks of evidence packages, ``packed`` and ``packaged`` what they look at;
``wacz`` those of WACZ files.
"""

from archive.verify import logged, package, sealed, wacz
from archive.verify.findings import CHECKS, Check, Finding, id_of
from archive.verify.listed import index_anew
from archive.verify.round import Round

SEAL_CHECKS = frozenset({*map(id_of, sealed.CHECKS_OF_SEALS), *map(id_of, logged.LOG_CHECKS)})
"""Ids of the checks of seals, time stamps, their log and the chain of custody."""

PACKAGE_CHECKS = frozenset(map(id_of, package.PACKAGE_CHECKS))
"""Ids of the checks of evidence packages."""

WACZ_CHECKS = frozenset(map(id_of, wacz.WACZ_CHECKS))
"""Ids of the checks of WACZ files."""

__all__ = [
    "CHECKS",
    "PACKAGE_CHECKS",
    "SEAL_CHECKS",
    "WACZ_CHECKS",
    "Check",
    "Finding",
    "Round",
    "index_anew",
]
