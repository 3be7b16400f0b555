"""One blog's rules, and what follows from them for URLs.

``rules`` holds the keys of a site file as frozen dataclasses, ``values`` what may stand behind them, ``files`` reads
and checks such a file, ``urls`` says which post a URL names and under which key it is indexed.
"""

from archive.site.files import load_site, parse_site
from archive.site.rules import (
    AlertRules,
    FeedRules,
    IdentityRules,
    ImageRules,
    Layout,
    ListingRules,
    MoreRules,
    Politeness,
    RecheckRules,
    RecheckTier,
    RequisiteRules,
    RobotsException,
    RobotsRules,
    ScheduleRules,
    Site,
    SiteFile,
    SiteHead,
    TextRules,
)
from archive.site.urls import canonical, identify, original_of, permalink

__all__ = [
    "AlertRules",
    "FeedRules",
    "IdentityRules",
    "ImageRules",
    "Layout",
    "ListingRules",
    "MoreRules",
    "Politeness",
    "RecheckRules",
    "RecheckTier",
    "RequisiteRules",
    "RobotsException",
    "RobotsRules",
    "ScheduleRules",
    "Site",
    "SiteFile",
    "SiteHead",
    "TextRules",
    "canonical",
    "identify",
    "load_site",
    "original_of",
    "parse_site",
    "permalink",
]
