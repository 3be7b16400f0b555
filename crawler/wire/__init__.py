"""An HTTP/1.1 client whose recording point sees every byte sent and received.

client      ``Wire``: one request in, one ``Answer`` (an ``Exchange`` and what it says) out; keeps connections alive
connection  one TCP or TLS connection to a vetted address
message     one answer as its bytes come: where it ends, what is left over
head        what a head says, however awkwardly it says it
address     ``RouteRules`` (``--resolve``, ``--cacert``), name resolving, refusal of private addresses
tls         the TLS settings, and the facts of a live connection
selftest    the start-up comparison of recorded bytes with sent ones

Nothing here knows Scrapy. Chunked bodies are read by h11, TLS is the standard library's: docs/decisions/0001.
"""

from crawler.wire.address import RouteRules, parse_route_rules
from crawler.wire.client import Answer, Asking, Stray, Wire
from crawler.wire.selftest import self_test

__all__ = ["Answer", "Asking", "RouteRules", "Stray", "Wire", "parse_route_rules", "self_test"]
