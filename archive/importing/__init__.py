"""Files that others made, brought in: WARC, ARC and WACZ by any writer.

``originals`` keeps them byte for byte and says what is to be read in them, ``captures`` says what a foreign record is,
``known`` what is held already, ``importer`` lays down a metadata record of ours for each and has the index take it in.
"""

from archive.importing.importer import FileOutcome, Importer, Progress

__all__ = ["FileOutcome", "Importer", "Progress"]
