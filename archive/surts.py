"""SURTs: URLs turned round, so that what belongs to one host or folder sorts together (``org,rferl)/a/1.html``).

They are those of the package ``surt``, which cdxj-indexer and pywb use. It takes a tenth of a millisecond a URL; most
URLs are plain, and a plain one needs no more than its host turned round.
"""

import re
from functools import lru_cache

_PLAIN = re.compile(
    r"https?://((?:[a-z0-9](?:[a-z0-9-]*)\.)*[a-z][a-z0-9-]*)((?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?)", re.ASCII
)
_WWW = re.compile(r"www[0-9]*\.")


def surt_of(url: str) -> str:
    """Turn a URL round; what the package cannot read is its own SURT, as with cdxj-indexer."""
    plain = _PLAIN.fullmatch(url)
    if plain is None:
        return _by_the_package(url)
    host, path = plain.groups()
    return f"{_turned(host)}){path.lower().rstrip('/') or '/'}"


@lru_cache(maxsize=1024)
def _turned(host: str) -> str:
    www = _WWW.match(host)
    return ",".join(reversed(host[www.end() if www else 0 :].split(".")))


def _by_the_package(url: str) -> str:
    from surt import surt  # noqa: PLC0415  takes a while, and few URLs need it

    try:
        return str(surt(url))
    except Exception:  # noqa: BLE001  it raises whatever it stumbles over
        return url
