"""Is the archive what it says? Every record is read, and compared with its digests, its file and the index.

Never writes, and trusts nothing but the bytes: ``findings`` holds what a finding is and the registry ``CHECKS``,
``records`` the checks of files and records, ``units`` those of whole exchanges, ``listed`` those of the index,
``round`` goes through them all.
"""

from archive.verify.findings import CHECKS, Check, Finding
from archive.verify.listed import index_anew
from archive.verify.round import Round

__all__ = ["CHECKS", "Check", "Finding", "Round", "index_anew"]
