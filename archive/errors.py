"""What can go wrong, as one tree; only the command line turns it into exit codes.

VigilError
├── UsageError                 the operator asked for something that cannot be
│   ├── ConfigError            a file, key or value of the configuration is wrong
│   └── QueryError             a search expression cannot be read
├── NotFoundError              no such site, post, capture, version or record
├── LockedError                another writer holds the collection
├── StorageError               the disk refused
│   └── DiskFullError          no space is left
├── IntegrityError             bytes are not what their record, index or seal says
│   ├── DamagedRecordError     a WARC record cannot be read or fails its digest
│   └── DamagedIndexError      archive.db is corrupt, or newer than this software
├── OtherExtractorError        the index was read by another extractor than today's
├── OutOfOrderError            a capture is older than what was counted already: fold again
├── NetworkError               an exchange did not bring a whole answer
│   └── RefusedAddressError    the address is private, or the scheme or host is foreign
└── SelfTestError              the recorded bytes were not the bytes that were sent
"""

import errno
from enum import IntEnum

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when nothing more may be written: the disk, a quota or a file is as large as it may be."""


class ExitCode(IntEnum):
    """What a command says to the shell when it ends.

    3 and 9 to 16 follow the Browsertrix crawler, 75 is ``EX_TEMPFAIL`` of sysexits.h.
    """

    OK = 0
    """All that was asked is done."""
    ERROR = 1
    """Something failed that has no code of its own."""
    USAGE = 2
    """The command line or the configuration is wrong; nothing was done."""
    DISK_FULL = 3
    """The disk refused; what was written is whole, the next run continues."""
    NOTHING_FETCHED = 9
    """No answer came from the site; worth a retry."""
    PARTIAL = 10
    """The run ended by itself, but some pages failed or the walk is unfinished."""
    INTERRUPTED = 11
    """A signal ended the run in good order."""
    ERROR_LIMIT = 12
    """Too many failures in a row."""
    KILLED = 13
    """A second signal ended the run at once."""
    SIZE_LIMIT = 14
    """The run reached its limit of bytes."""
    TIME_LIMIT = 15
    """The run reached its limit of time, or its night-time window closed."""
    DISK_LIMIT = 16
    """Less disk space is free than the configuration asks for."""
    INTEGRITY = 20
    """A check found bytes that are not what they should be."""
    NOT_FOUND = 21
    """The archive holds no such post, capture, version or record."""
    ROBOTS_REFUSED = 30
    """robots.txt forbids the crawl, or could not be had: that means stop."""
    LAYOUT_DRIFT = 31
    """Pages came, but the site's layout no longer matches them."""
    BLOCKED = 32
    """Pages came, but they are block pages or empty answers, not the blog."""
    SELF_TEST_FAILED = 33
    """The recorder does not keep exact bytes on this machine; nothing was crawled."""
    OVERDUE = 34
    """The command did its work, and found that a run is overdue or failed, or something else needs a look."""
    CLOCK_WRONG = 35
    """This machine's clock and the server's are more than a day apart, and no earlier run bears this machine's out.

    Nothing was crawled. Set the clock.
    """
    LOCKED = 75
    """Another writer holds the collection; try again later."""


class VigilError(Exception):
    """Something went wrong that a person can act upon.

    ``hint`` says what to do next, as one sentence; ``exit_code`` is what the command line ends with.
    """

    exit_code = ExitCode.ERROR

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(VigilError):
    """The operator asked for something that cannot be."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """A file, key or value of the configuration is wrong."""


class QueryError(UsageError):
    """A search expression cannot be read."""


class NotFoundError(VigilError):
    """The archive holds no such site, post, capture, version or record."""

    exit_code = ExitCode.NOT_FOUND


class LockedError(VigilError):
    """Another writer holds the collection."""

    exit_code = ExitCode.LOCKED


class StorageError(VigilError):
    """The disk refused a read or a write."""


class DiskFullError(StorageError):
    """No space is left where the archive lies."""

    exit_code = ExitCode.DISK_FULL


class IntegrityError(VigilError):
    """Bytes are not what their record, the index or a seal says."""

    exit_code = ExitCode.INTEGRITY


class DamagedRecordError(IntegrityError):
    """A WARC record cannot be read, or its bytes fail its digest."""


class DamagedIndexError(IntegrityError):
    """``archive.db`` is corrupt, or was written by newer software."""


class OutOfOrderError(VigilError):
    """A capture is older than the newest one counted for its post: fold the post again."""


class OtherExtractorError(VigilError):
    """The index was read by another extractor than today's; what is added must not be mixed with it."""


class NetworkError(VigilError):
    """An exchange did not bring a whole answer."""


class RefusedAddressError(NetworkError):
    """The address is private, or the scheme or host is foreign to the site."""


class SelfTestError(VigilError):
    """The recorded bytes were not the bytes that were sent."""

    exit_code = ExitCode.SELF_TEST_FAILED
