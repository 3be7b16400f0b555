"""Where a connection may go: private addresses are refused in every disguise, rules are read as curl reads them."""

import ipaddress
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ConfigError, UsageError
from archive.model import FailureKind
from crawler.replica.tls import make_certificates
from crawler.wire import RouteRules, Wire, parse_route_rules
from crawler.wire.address import Rule, find_destination, is_public
from tests.wire.conftest import Site, asking, routed_to

PRIVATE = {
    "loopback": "127.0.0.1",
    "all of loopback": "127.255.255.254",
    "this network": "0.0.0.0",  # noqa: S104 (to be refused)
    "0/8": "0.1.2.3",
    "10/8": "10.0.0.1",
    "172.16/12": "172.31.255.255",
    "192.168/16": "192.168.1.1",
    "link-local, cloud metadata": "169.254.169.254",
    "shared, carrier NAT": "100.64.0.1",
    "protocol assignments": "192.0.0.8",
    "documentation": "203.0.113.7",
    "benchmarks": "198.18.0.1",
    "6to4 relays": "192.88.99.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv6 unique local": "fd00::1",
    "IPv6 link-local": "fe80::1",
    "IPv6 link-local with its interface": "fe80::1%eth0",
    "IPv6 site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "IPv6 documentation": "2001:db8::1",
    "newer IPv6 documentation": "3fff::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
    "Teredo": "2001:0:7f00:1::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped private": "::ffff:10.0.0.1",
    "mapped metadata": "::ffff:a9fe:a9fe",
    "compatible loopback": "::127.0.0.1",
    "6to4 of loopback": "2002:7f00:1::1",
    "6to4 of private": "2002:a00:1::1",
    "NAT64 of loopback": "64:ff9b::127.0.0.1",
    "NAT64 of private": "64:ff9b::10.0.0.1",
    "local NAT64": "64:ff9b:1::1",
    "not allotted": "4000::1",
    "no address": "localhost",
    "decimal": "2130706433",
}
PUBLIC = ("8.8.8.8", "104.18.0.1", "2606:4700::6812:1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1")


@pytest.mark.parametrize("address", PRIVATE.values(), ids=PRIVATE.keys())
def test_private_address_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_allowed(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_wrapping_an_ipv4_address_never_changes_whether_it_is_allowed(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    wrapped = (
        ipaddress.IPv6Address(0xFFFF << 32 | number),
        ipaddress.IPv6Address(number),
        ipaddress.IPv6Address(0x2002 << 112 | number << 80 | 1),
        ipaddress.IPv6Address(0x64FF9B << 96 | number),
    )
    assert {is_public(str(each)) for each in wrapped} == {is_public(str(address))}


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0"],  # noqa: S104
)
async def test_private_host_is_refused_in_every_spelling_before_a_byte_goes_out(site: Site, host: str) -> None:
    wire = Wire(RouteRules(), on_stray=lambda _: None)

    exchange = (await wire.exchange(asking("x", host=host, port=site.server.address[1]))).exchange

    assert exchange.failure is not None
    assert exchange.failure.kind in (FailureKind.ADDRESS, FailureKind.NAME)
    assert exchange.request == b""
    assert site.server.connections == 0
    if exchange.failure.kind is FailureKind.ADDRESS:
        assert exchange.peer is not None
        assert exchange.peer.address in exchange.peer.resolved
        assert not exchange.peer.is_routed


async def test_only_the_public_ones_of_several_answers_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["10.0.0.1", "8.8.8.8", "::1", "8.8.8.8", "2606:4700::1"]

    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, 80)) for answer in answers]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    destination = await find_destination("blog.example", 80, RouteRules())

    assert destination.resolved == ("10.0.0.1", "8.8.8.8", "::1", "2606:4700::1")
    assert destination.addresses == ("8.8.8.8", "2606:4700::1")
    assert destination.refused == ("10.0.0.1", "::1")


async def test_rule_lets_one_host_and_port_go_to_a_private_address(site: Site) -> None:
    rules = routed_to(site.server.address[1])

    async def ask(host: str, port: int) -> tuple[FailureKind | None, bool | None]:
        wire = Wire(rules, on_stray=lambda _: None)
        exchange = (await wire.exchange(asking("x", host=host, port=port))).exchange
        await wire.close()
        return (
            exchange.failure.kind if exchange.failure else None,
            exchange.peer.is_routed if exchange.peer else None,
        )

    assert await ask("BLOG.example", 80) == (None, True)
    assert await ask("127.0.0.1", site.server.address[1]) == (FailureKind.ADDRESS, False)
    assert await ask("blog.example", 81) == (FailureKind.NAME, None)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("blog.example:443:127.0.0.1", ("blog.example", 443, "127.0.0.1", 443)),
        ("Blog.Example:80:127.0.0.1:8080", ("blog.example", 80, "127.0.0.1", 8080)),
        ("blog.example:443:[::1]", ("blog.example", 443, "::1", 443)),
        ("blog.example:443:[::1]:8443", ("blog.example", 443, "::1", 8443)),
        ("[2606:4700::1]:443:127.0.0.1", ("2606:4700::1", 443, "127.0.0.1", 443)),
    ],
)
def test_resolve_rule_is_read_with_curls_meaning(text: str, rule: tuple[str, int, str, int]) -> None:
    host, port, address, to_port = rule

    rules = parse_route_rules([text])

    assert rules.rules == (Rule(host=host, port=port, address=address, to_port=to_port),)
    assert rules.is_test


@pytest.mark.parametrize(
    "text",
    [
        "",
        "blog.example",
        "blog.example:443",
        "blog.example:443:",
        "blog.example:443:localhost",
        "blog.example:443:127.0.0.1:",
        "blog.example:443:127.0.0.1:0",
        "blog.example:443:127.0.0.1:65536",
        "blog.example:0:127.0.0.1",
        "blog.example:99999:127.0.0.1",
        "blog.example:443:127.0.0.1,127.0.0.2",
        "blog.example:443:::1",
        "blog.example:443:[127.0.0.1",
        ":443:127.0.0.1",
        "blog example:443:127.0.0.1",
        "-blog.example:443",
        "blog.example:443:127.0.0.1\n",
        "blog.example:٤٤٣:127.0.0.1",
    ],
)
def test_unreadable_resolve_rule_is_named_with_a_way_out(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_route_rules([text])

    assert str(caught.value).startswith("--resolve ")
    assert "HOST:PORT:ADDRESS" in caught.value.hint


@given(st.text(max_size=40))
def test_resolve_rule_never_fails_otherwise(text: str) -> None:
    with suppress(UsageError):
        parse_route_rules([text])


def test_missing_ca_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such CA file: .*missing\.pem"):
        parse_route_rules(cacert=tmp_path / "missing.pem")


def test_file_that_is_no_ca_file_is_named_before_anything_is_asked() -> None:
    with pytest.raises(ConfigError, match=r"test_address\.py cannot be read as certificates"):
        parse_route_rules(cacert=Path(__file__))


def test_run_without_rules_is_no_test_route(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_bytes(make_certificates(["blog.example"]).ca_pem)
    assert not parse_route_rules().is_test
    assert parse_route_rules(cacert=authority).is_test
