"""Connections to one host: as many as allowed, used again, and never two where one is."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.replica.server import After, RawServer, Reply, Request
from crawler.replica.tls import make_certificates
from crawler.wire import Answer, RouteRules, Wire
from crawler.wire.address import Rule
from tests.wire.conftest import HOST, PLAIN, Site, asking, routed_to


@pytest.mark.parametrize("per_host", [1, 3])
async def test_lanes_bound_the_connections_to_a_host(site: Site, per_host: int) -> None:
    site.answers("slow", 0.02, PLAIN)
    wire = Wire(routed_to(site.server.address[1]), on_stray=site.strays.append, per_host=per_host)

    async def ask(number: int) -> Answer:
        async with wire.lane(HOST.upper()):
            return await wire.exchange(asking("slow", number=number))

    answers = await asyncio.gather(*(ask(number) for number in range(12)))
    await wire.close()

    assert [answer.exchange.sequence for answer in answers] == list(range(12))
    assert {answer.exchange.received for answer in answers} == {PLAIN}
    assert site.server.connections == site.server.most_open == per_host


def answer_plainly(_: Request) -> Reply:
    return Reply(parts=(PLAIN,))


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[RawServer, RouteRules]]:
    certificates = make_certificates([HOST])
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(certificates.ca_pem)
    with RawServer(answer_plainly, tls=certificates.server_context()) as server:
        rules = (
            Rule(host=HOST, port=80, address="127.0.0.1", to_port=server.address[1]),
            Rule(host=HOST, port=443, address="127.0.0.1", to_port=server.tls_address[1]),
        )
        yield server, RouteRules(rules=rules, ca_file=ca_file)


async def test_connection_to_another_port_of_the_host_is_closed_first(both: tuple[RawServer, RouteRules]) -> None:
    server, rules = both
    wire = Wire(rules, on_stray=lambda _: None)

    for number in range(3):
        await wire.exchange(asking("x", number=number))
        await wire.exchange(asking("x", number=number, port=443, is_tls=True))
        await wire.exchange(asking("x", number=number, port=443, is_tls=True))
    await wire.close()

    assert server.connections == 6
    assert [logged.is_tls for logged in server.log] == [False, True, True] * 3


async def test_what_may_change_the_server_is_never_asked_twice_by_itself(site: Site) -> None:
    site.answers("first", PLAIN, after=After.DIE_ON_NEXT)

    await site.ask("first")
    dead = await site.ask("second", method="POST")

    assert dead.exchange.failure is not None
    assert not dead.is_resendable


async def test_closing_the_wire_closes_its_connections(site: Site) -> None:
    await site.ask("x")
    await site.wire.close()
    await asyncio.sleep(0.05)

    assert (await site.ask("y")).exchange.received == PLAIN
    assert site.server.connections == 2
