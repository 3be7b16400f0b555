"""Where a connection may go: ``--resolve`` rules, name resolving, and refusal of private addresses (SSRF).

The address that was vetted is the one connected to; no name is resolved twice for one connection. Proxies of the
environment are not looked at.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from archive.errors import ConfigError, UsageError
from crawler.wire.tls import make_context

_RULE = re.compile(
    r"(?P<host>[^:\[\]\s]+|\[[^\]\s]+\]):(?P<port>[0-9]{1,5})"
    r":(?P<address>\[[^\]\s]+\]|[^:\[\]\s]+)(?::(?P<to_port>[0-9]{1,5}))?"
)
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One ``--resolve``: connections for ``host:port`` go to ``address:to_port``."""

    host: str
    port: int
    address: str
    to_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRules:
    """What the operator says about where connections go: ``--resolve`` rules, and one more trusted CA file (PEM)."""

    rules: tuple[Rule, ...] = ()
    ca_file: Path | None = None

    @property
    def is_test(self) -> bool:
        """Whether a run under these rules may not have spoken with the real site."""
        return bool(self.rules) or self.ca_file is not None

    def rule_for(self, host: str, port: int) -> Rule | None:
        """The rule for ``host:port``, if there is one."""
        wanted = host.lower()
        return next((rule for rule in self.rules if rule.host == wanted and rule.port == port), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where to connect for one host: ``addresses`` may be tried in order; ``refused`` ones must not.

    ``resolved`` is all that the resolver said.
    """

    addresses: tuple[str, ...]
    port: int
    resolved: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    is_routed: bool = False


def parse_route_rules(resolve: Iterable[str] = (), cacert: Path | str | None = None) -> RouteRules:
    """Read ``--resolve HOST:PORT:ADDRESS`` and ``--cacert FILE``, with curl's meanings.

    Beyond curl, ADDRESS may carry a port (``127.0.0.1:8080``, ``[::1]:8080``), so that an unprivileged server can
    stand in for port 443 or 80.

    Raises:
        UsageError: a rule cannot be read.
        ConfigError: the CA file is not there, or holds no certificates.
    """
    ca_file = Path(cacert) if cacert else None
    if ca_file is not None and not ca_file.is_file():
        raise ConfigError(f"no such CA file: {ca_file}", hint="Give --cacert a file of PEM certificates.")
    if ca_file is not None:
        make_context(ca_file)
    return RouteRules(rules=tuple(_parse_rule(text) for text in resolve), ca_file=ca_file)


def _parse_rule(text: str) -> Rule:
    hint = "Write it as HOST:PORT:ADDRESS, for example blog.example:443:127.0.0.1 or blog.example:443:127.0.0.1:8443."
    found = _RULE.fullmatch(text)
    if not found:
        raise UsageError(f"--resolve {text}: cannot be read", hint=hint)
    try:
        address = ipaddress.ip_address(found["address"].strip("[]"))
    except ValueError:
        raise UsageError(f"--resolve {text}: {found['address']} is no IP address", hint=hint) from None
    port = int(found["port"])
    to_port = int(found["to_port"] or port)
    if not (0 < port <= _MAX_PORT and 0 < to_port <= _MAX_PORT):
        raise UsageError(f"--resolve {text}: a port is a number from 1 to {_MAX_PORT}", hint=hint)
    return Rule(host=found["host"].strip("[]").lower(), port=port, address=str(address), to_port=to_port)


def is_public(address: str) -> bool:
    """Whether ``address`` is one of the open Internet, and the IPv4 one too that it may wrap (mapped, 6to4, NAT64)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return _is_public(parsed)


_WRAPPING = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.88.99.0/24",
        "192.0.0.0/24",
        "fec0::/10",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "64:ff9b:1::/48",
    )
)


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = _wrapped(address)
        if inner is not None:
            return _is_public(inner)
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that ``address`` leads to, if it is of a kind that wraps one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if any(address in network for network in _WRAPPING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


async def find_destination(host: str, port: int, rules: RouteRules) -> Destination:
    """Say where to connect for ``host:port``: a rule's address, or the resolver's public ones.

    Raises:
        OSError: the name is not resolved (``socket.gaierror``).
    """
    rule = rules.rule_for(host, port)
    if rule is not None:
        return Destination(addresses=(rule.address,), port=rule.to_port, is_routed=True)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, f"not a host name: {error}") from error
    resolved = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    public = tuple(address for address in resolved if is_public(address))
    refused = tuple(address for address in resolved if address not in public)
    return Destination(addresses=public, port=port, resolved=resolved, refused=refused)
