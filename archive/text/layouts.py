"""Which of a site's layouts a page has."""

from datetime import date, datetime

from archive.page import Tree
from archive.site import Layout, Site


def choose(tree: Tree, site: Site, captured: datetime) -> Layout | None:
    """The layout whose ``detect`` matches; among several the one that the day of the capture asks for."""
    fitting = [layout for layout in site.layouts if not layout.detect or tree.has(layout.detect)]
    in_time = [layout for layout in fitting if (layout.until or date.max) >= captured.date()]
    if in_time:
        return min(in_time, key=lambda layout: layout.until or date.max)
    return fitting[0] if fitting else None
