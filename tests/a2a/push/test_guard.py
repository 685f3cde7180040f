"""Which addresses a notification may go to (A2A-PUSH-06)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agentkit.a2a.push import PushTargetRefused, TargetGuard

pytestmark = pytest.mark.anyio


def _guard(*addresses: str, allowed_hosts: Sequence[str] = ()) -> TargetGuard:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        if not addresses:
            raise OSError("no such host")
        return addresses

    return TargetGuard(allowed_hosts=allowed_hosts, resolve=resolve)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
async def test_a_public_address_over_tls_is_fine(address: str) -> None:
    target = await _guard(address).check("https://hooks.example.org:8443/x")

    assert (target.host, target.addresses) == ("hooks.example.org", (address,))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "192.0.2.1", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "2001:db8::1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::", "fec0::1", "feff::1",
        "no address",
    ],
)  # fmt: skip
async def test_an_address_that_is_not_public_is_refused_without_being_named(address: str) -> None:
    with pytest.raises(PushTargetRefused) as refused:
        await _guard("93.184.215.14", address).check("https://hooks.example.org/x")

    assert address not in str(refused.value)


async def test_a_name_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(PushTargetRefused, match="resolved"):
        await _guard().check("https://hooks.example.org/x")


async def test_plain_http_is_for_hosts_the_operator_named() -> None:
    with pytest.raises(PushTargetRefused, match="https"):
        await _guard("93.184.215.14").check("http://hooks.example.org/x")

    target = await _guard("127.0.0.1", allowed_hosts=["LOCALHOST"]).check("http://localhost:9000/x")

    assert target.addresses == ("127.0.0.1",)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
async def test_what_the_resolver_of_the_system_says_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(PushTargetRefused):
        await TargetGuard().check(f"https://{host}/x")
