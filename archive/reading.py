"""What one capture says: the one door to the readers of listings, feeds and posts, for the live run and ``rebuild``."""

import re
from datetime import datetime

from archive.feeds import read_feed
from archive.listing import read_listing
from archive.model import Purpose, Reading
from archive.site import Site
from archive.text import read_post

_CONTENT_TYPE = re.compile(rb"\n[ \t]*content-type[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)


def read(
    *, purpose: Purpose, status: int | None, head: bytes, payload: bytes, url: str, time: datetime, site: Site
) -> Reading | None:
    """Say what the answer of one capture holds; ``None`` where its purpose or status promises nothing to read.

    ``payload`` is the entity with its content coding undone. Pure, and never raises whatever the server sent.
    """
    if status is None or not 200 <= status < 300:
        return None
    found = _CONTENT_TYPE.search(head)
    content_type = found[1].decode("latin-1").strip() if found else None
    match purpose:
        case Purpose.LISTING | Purpose.DAY_PAGE:
            return read_listing(payload, content_type=content_type, url=url, site=site)
        case Purpose.FEED | Purpose.SITEMAP:
            return read_feed(payload, content_type=content_type, url=url, site=site)
        case Purpose.POST:
            return read_post(payload, content_type=content_type, url=url, site=site, captured=time)
        case _:
            return None
