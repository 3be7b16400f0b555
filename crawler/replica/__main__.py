"""``python -m crawler.replica``: serve the replica in a process of its own, until its standard input ends.

It prints one line of JSON (``http``, ``https``, ``ca``, ``posts``), then serves; a reader of that line may start.
"""

import argparse
import json
import sys
from pathlib import Path

from crawler.replica.benchmark import benchmark_blog
from crawler.replica.fiction import fictional_blog
from crawler.replica.replica import ReplicaServer


def main() -> None:
    """Read the options, serve."""
    parser = argparse.ArgumentParser(prog="python -m crawler.replica", description="Serve a replica of the blog.")
    parser.add_argument("--posts", type=int, default=300, help="posts of the blog (300)")
    parser.add_argument("--benchmark", action="store_true", help="pages of 60 to 90 KB, made before serving begins")
    parser.add_argument("--port", type=int, default=0, help="port of 127.0.0.1 for HTTP (chosen)")
    parser.add_argument("--tls-port", type=int, default=0, help="port of 127.0.0.1 for HTTPS (chosen)")
    parser.add_argument("--ca", type=Path, help="serve HTTPS too, and write the authority to trust to this file")
    given = parser.parse_args()
    blog = benchmark_blog(given.posts) if given.benchmark else fictional_blog(posts=given.posts)
    with ReplicaServer(blog, has_tls=given.ca is not None, port=given.port, tls_port=given.tls_port) as server:
        if given.benchmark:
            server.prepare()
        if given.ca:
            given.ca.write_bytes(server.ca_pem)
        told = {
            "http": server.address,
            "https": server.tls_address if given.ca else None,
            "ca": str(given.ca) if given.ca else None,
            "posts": given.posts,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
