"""The index as a fold over what was laid down, in WARC order: the same code for the live crawl and for ``rebuild``.

``jobs`` is the reading of bytes, which other processes may do; ``runs``, ``captures`` and ``posts`` turn a unit and the
rows before it into rows; ``Indexer`` keeps the order and the batches.
"""

from archive.indexer.indexer import Indexer, whole_units
from archive.indexer.jobs import job_for, read

__all__ = ["Indexer", "job_for", "read", "whole_units"]
