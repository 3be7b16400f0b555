"""A post's page, or its inline text on a listing, becomes an ``Article``.

``post`` reads a page and ``card`` a listing's inline text; both go the same way: ``layouts`` says how the page looks,
``fields`` reads title, authors and dates (``jsonld`` what the page says of itself), ``body`` cuts the text into blocks,
``extract`` asks trafilatura which of them are the post's and says what it lost, ``lines`` knows credit lines,
corrections and boilerplate, ``pictures`` the images with their captions, ``strays`` finds text that no rule read.
"""

from archive.text.card import read_card
from archive.text.extract import software
from archive.text.post import read_post

__all__ = ["read_card", "read_post", "software"]
