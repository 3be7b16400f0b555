"""Everything that outlives a crawl: records, text, the index, and the proof of them.

Knows no crawler: an outsider searches and verifies an archive with this package alone.
"""

__version__ = "0.1.0"
