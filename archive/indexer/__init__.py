"""The index as a fold over what was laid down, in WARC order: the same code for the live crawl and for ``rebuild``.

``runs``, ``captures`` and ``posts`` turn a unit and the rows before it into rows; ``Indexer`` keeps the order and the
batches. The reading of bytes, which other processes may do, is in ``archive.jobs``.
"""

from archive.indexer.indexer import Indexer, require_todays_extractor, whole_units

__all__ = ["Indexer", "require_todays_extractor", "whole_units"]
