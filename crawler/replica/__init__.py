"""A stand-in for the Watchdog blog: its demo, tests and benchmarks crawl this instead of the real site.

It imports nothing of vigil and, beside the standard library, only ``cryptography`` (for TLS). All texts, people and
countries in it are invented. "Facts n" in the docstrings are the numbered findings about the real site.

- ``model``      what a post is made of, and its ground truth
- ``simulator``  ``BlogSimulator``: the blog's state and the verbs that change it
- ``fiction``    ``fictional_blog``: hundreds of varied posts from a seed; ``vocabulary`` and ``scripts`` hold the words
- ``body``, ``shell``, ``article_page``, ``page_2013``, ``listing_page``, ``feeds``, ``images``  state to bytes
- ``router``     URL to answer, by the site's own rules
- ``framing``    answer to the bytes of an HTTP message
- ``faults``     everything that can go wrong on the way
- ``server``     ``RawServer``: sockets, threads, and a log of every byte; ``tls`` makes its certificates
- ``replica``    ``ReplicaServer``: blog, faults and server in one
- ``benchmark``  the same shell around pages of 60 to 90 KB; ``__main__`` serves it in a process of its own
"""

from crawler.replica.fiction import fictional_blog
from crawler.replica.model import Post, Truth
from crawler.replica.replica import ReplicaServer
from crawler.replica.server import After, LoggedExchange, RawServer, Reply, Request
from crawler.replica.simulator import BlogSimulator

__all__ = [
    "After",
    "BlogSimulator",
    "LoggedExchange",
    "Post",
    "RawServer",
    "ReplicaServer",
    "Reply",
    "Request",
    "Truth",
    "fictional_blog",
]
