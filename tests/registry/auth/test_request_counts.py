"""How few requests authentication costs, whatever a registry answers."""

from __future__ import annotations

import asyncio

import pytest

from regbrowse.errors import AuthError, AuthRejected, RateLimited
from regbrowse.registry.client import Client, Login, Secret
from support.asking import here, names, sent, settings
from support.fake_registry import FakeRegistry, Fault
from support.images import image

ANN = Login("ann", Secret("s3cr3t-canary-1"))
WRONG = Login("ann", Secret("s3cr3t-canary-wrong"))
TAGS = "/v2/acme/app/tags/list"


@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_a_wrong_password_is_not_sent_again_and_again(registry: FakeRegistry, auth: str) -> None:
    registry.auth, registry.public = ("basic", False) if auth == "basic" else ("bearer", False)
    async with Client(settings(WRONG)) as client:
        for _ in range(4):
            with pytest.raises(AuthRejected) as caught:
                await names(client, here(registry))
    assert caught.value.why == f"{registry.name} refused the credentials from -u."
    assert caught.value.hint == "They may have expired. Log in again, or press A to browse anonymously."
    assert caught.value.command == f"docker login {registry.name}"
    with_login = [one for one in registry.asked if one.headers.get("authorization", "").startswith("Basic ")]
    assert len(with_login) == 1


@pytest.mark.parametrize("login", [None, ANN])
@pytest.mark.parametrize("ping_challenge", [True, False])
async def test_a_registry_that_demands_something_else_every_time_is_left_alone_soon(
    registry: FakeRegistry, login: Login | None, ping_challenge: bool
) -> None:
    registry.auth, registry.insatiable, registry.ping_challenge = "bearer", True, ping_challenge
    for number in range(20):
        challenge = f'Bearer realm="{registry.url}/token",service="fake",scope="x{number}"'
        registry.fault(TAGS, Fault(401, b"{}", [("WWW-Authenticate", challenge)], times=1))
    async with Client(settings(login)) as client:
        with pytest.raises(AuthError) as caught:
            await names(client, here(registry))
    assert "keeps asking for" in caught.value.why
    assert len(registry.paths()) <= 4
    assert sent(registry).count("GET /token") <= 3


async def test_how_often_a_loop_was_tried_is_said(registry: FakeRegistry) -> None:
    registry.auth, registry.insatiable, registry.ping_challenge = "bearer", True, False
    async with Client(settings()) as client:
        with pytest.raises(AuthError) as caught:
            await names(client, here(registry))
    assert caught.value.why == (
        f"{registry.name} keeps asking for authentication although a token was obtained. Giving up after 2 attempts."
    )


async def test_forty_requests_at_once_send_a_wrong_password_once(registry: FakeRegistry) -> None:
    registry.auth = "basic"
    registry.repository("acme/app").add(image(), *(f"t{number}" for number in range(40)))
    async with Client(settings(WRONG)) as client:
        heads = [client.head(here(registry), f"t{number}") for number in range(40)]
        answers = await asyncio.gather(*heads, return_exceptions=True)
    assert {type(answer) for answer in answers} == {AuthRejected}
    assert len([one for one in registry.asked if "authorization" in one.headers]) == 1


async def test_requests_with_a_right_password_do_not_wait_for_each_other(registry: FakeRegistry) -> None:
    registry.auth = "basic"
    registry.repository("acme/app").add(image(), "a", "b", "c")
    gates = [registry.gate(f"/v2/acme/app/manifests/{tag}") for tag in "bc"]
    async with Client(settings(ANN)) as client:
        await client.head(here(registry), "a")
        heads = asyncio.gather(*(client.head(here(registry), tag) for tag in "bc"))
        await asyncio.gather(*(gate.arrived.wait() for gate in gates))
        for gate in gates:
            gate.open()
        assert all(await heads)


async def test_a_rate_limit_of_the_token_service_for_an_account_is_none_for_anonymous(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.repository("acme/app").add(image(), "1.0")
    registry.fault("/token", Fault(429, b"{}", [("Retry-After", "3600")], times=1))
    async with Client(settings(ANN)) as client:
        with pytest.raises(RateLimited):
            await names(client, here(registry))
        client.auth.use_anonymous(here(registry).registry)
        assert await names(client, here(registry)) == ["1.0"]
