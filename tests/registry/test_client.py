from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

import pytest

from regbrowse.errors import BadResponse, NetError, PolicyError, RegbrowseError, ServerError, Unsupported
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.client import Client, Login, Secret, Settings
from regbrowse.registry.responder import Answer
from support import images
from support.asking import here
from support.fake_registry import FakeRegistry, Fault

BLOB = images.layer()
PATH = f"/v2/acme/app/blobs/{BLOB.digest}"
WHAT = Descriptor(BLOB.media_type, Digest.parse(BLOB.digest), len(BLOB.raw))
ANN = Login("ann", Secret("s3cr3t-canary-1"))


def redirect(location: str, status: int = 307) -> Fault:
    return Fault(status, b"", [("Location", location)])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_a_redirect_to_storage_loses_the_login(registry: FakeRegistry, status: int, auth: str) -> None:
    registry.auth = "basic" if auth == "basic" else "bearer"
    async with FakeRegistry().serve() as storage:
        storage.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
        registry.fault(PATH, redirect(f"{storage.url}{PATH}?X-Amz-Signature=s3cr3t-canary-2", status))
        async with Client(Settings(user=ANN, pause=0)) as client:
            assert await client.blob(here(registry), WHAT) == BLOB.raw
            assert "canary" not in repr(list(client.log))
        (asked,) = storage.asked
    assert "authorization" not in asked.headers
    assert "cookie" not in asked.headers
    assert "referer" not in asked.headers
    assert "authorization" in registry.asked[-1].headers


async def test_storage_that_asks_for_a_login_gets_none(registry: FakeRegistry) -> None:
    registry.auth = "basic"
    async with FakeRegistry(auth="basic").serve() as storage:
        registry.fault(PATH, redirect(f"{storage.url}{PATH}"))
        async with Client(Settings(user=ANN, pause=0)) as client:
            with pytest.raises(ServerError, match=r"The storage behind .* refused the download"):
                await client.blob(here(registry), WHAT)
        assert all("authorization" not in one.headers for one in storage.asked)
        assert len(storage.asked) == 2


async def test_an_expired_address_of_the_storage_is_asked_for_again(registry: FakeRegistry, client: Client) -> None:
    async with FakeRegistry().serve() as storage:
        storage.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
        expired = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
        storage.fault(PATH, Fault(403, expired, times=1))
        registry.fault(PATH, redirect(f"{storage.url}{PATH}"))
        assert await client.blob(here(registry), WHAT) == BLOB.raw


@pytest.mark.parametrize("location", ["/v2/acme/app/moved", "moved", "./x/../moved"])
async def test_a_relative_redirect(registry: FakeRegistry, client: Client, location: str) -> None:
    registry.fault(PATH, redirect(location))
    for moved in ("/v2/acme/app/moved", "/v2/acme/app/blobs/moved"):
        registry.fault(moved, Fault(200, BLOB.raw))
    assert await client.blob(here(registry), WHAT) == BLOB.raw


@pytest.mark.parametrize(
    ("location", "word"),
    [
        ("https://user:pw@storage.example/x", "a user name in it"),
        ("https://storage.example\\@evil/x", "a backslash in it"),
        ("https://storage.example/a\tb", "control characters in it"),
        ("file:///etc/passwd", 'the scheme "file"'),
        ("javascript:alert(1)", 'the scheme "javascript"'),
        ("", "nothing in it"),
        ("https://h/" + "x" * 20_000, "more than 16,384 characters"),
    ],
)
async def test_a_redirect_to_a_strange_address_is_refused(
    registry: FakeRegistry, client: Client, location: str, word: str
) -> None:
    registry.fault(PATH, redirect(location))
    with pytest.raises(PolicyError) as caught:
        await client.blob(here(registry), WHAT)
    assert word in caught.value.why
    assert "pw@" not in caught.value.evidence.url


async def test_redirects_without_one_target_or_without_end(registry: FakeRegistry, client: Client) -> None:
    registry.fault(PATH, Fault(307, b""))
    with pytest.raises(PolicyError, match="without saying where to"):
        await client.blob(here(registry), WHAT)
    registry.faults[PATH] = [redirect(PATH)]
    with pytest.raises(PolicyError, match="in a circle"):
        await client.blob(here(registry), WHAT)
    registry.faults[PATH] = [redirect("/v2/hop/0")]
    for number in range(10):
        registry.fault(f"/v2/hop/{number}", redirect(f"/v2/hop/{number + 1}"))
    with pytest.raises(PolicyError, match="redirected 5 times; giving up"):
        await client.blob(here(registry), WHAT)


async def test_a_loopback_name_is_tried_encrypted_first_and_the_answer_remembered(registry: FakeRegistry) -> None:
    registry.repository("acme/app").add(images.image(), "1")
    async with Client() as client:
        await client.ping(here(registry).registry)
        await client.manifest(here(registry), "1")
        assert [one.url.partition(":")[0] for one in client.log] == ["https", "http", "http"]
        assert client.log[0].note == "no answer"
    assert len(registry.connections) == 1


async def test_a_remote_name_is_never_asked_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "is_loopback", property(lambda _: False))
    async with FakeRegistry().serve() as registry, Client() as client:
        with pytest.raises(RegbrowseError) as caught:
            await client.ping(Registry.parse(registry.name))
        assert caught.value.why == f"127.0.0.1 does not speak TLS on port {registry.port}."
        assert caught.value.hint == "If it is meant to be unencrypted, press H to use http for this session."
        assert caught.value.slug == "no-tls"
        assert registry.asked == []


async def test_a_remote_name_may_be_asked_unencrypted_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "is_loopback", property(lambda _: False))
    async with FakeRegistry().serve() as registry:
        async with Client(Settings(plain_http=frozenset({registry.name}))) as client:
            await client.ping(Registry.parse(registry.name))
        assert [one.path for one in registry.asked] == ["/v2/"]


async def test_nobody_listening(client: Client) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(NetError) as caught:
            await client.ping(Registry.parse(f"localhost:{port}"))
    assert caught.value.why == f"Nothing answers at localhost:{port}."
    assert caught.value.hint


async def test_a_name_nobody_knows(client: Client) -> None:
    with pytest.raises(NetError) as caught:
        await client.ping(Registry.parse("no-such-host.invalid"))
    assert caught.value.why == "The name no-such-host.invalid is not known (DNS)."


async def test_something_that_is_no_registry(registry: FakeRegistry, client: Client) -> None:
    registry.fault("/v2/", Fault(200, b"<html>Welcome to nginx</html>"))
    with pytest.raises(Unsupported, match="not like a container registry"):
        await client.ping(here(registry).registry)


async def test_a_closed_front_door_does_not_matter_when_the_question_is_answered(
    registry: FakeRegistry, client: Client
) -> None:
    registry.fault("/v2/", Fault(404, b"<html>"))
    registry.repository("acme/app").add(images.image(), "1")
    assert (await client.manifest(here(registry), "1")).raw == images.image().raw


async def test_a_cut_answer_is_fetched_again(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
    registry.fault(PATH, Fault(truncate=20, times=2))
    assert await client.blob(here(registry), WHAT) == BLOB.raw
    assert [one.note for one in client.log][-3:] == ["broke off", "broke off", "try 3"]


async def test_an_answer_that_is_always_cut(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
    registry.fault(PATH, Fault(truncate=20))
    with pytest.raises(NetError) as caught:
        await client.blob(here(registry), WHAT)
    assert caught.value.why == "The connection to 127.0.0.1 broke off."
    assert len(registry.paths()) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_trouble_that_stays_is_told_after_three_tries(
    registry: FakeRegistry, client: Client, status: int
) -> None:
    registry.fault(PATH, Fault(status, b"oops"))
    with pytest.raises(ServerError) as caught:
        await client.blob(here(registry), WHAT)
    assert len(registry.paths()) == 3
    assert caught.value.hint == "Tried 3 times; try again in a while."
    assert caught.value.evidence.said == "oops"


async def test_an_answer_that_drips_is_stopped_by_the_total_deadline(registry: FakeRegistry) -> None:
    registry.repository("acme/app").blobs[BLOB.digest] = BLOB.raw
    registry.fault(PATH, Fault(stall=10))
    gate = registry.gate(PATH)
    async with Client(Settings(pause=0, deadline=0.2)) as client:
        with pytest.raises(NetError, match="is sending too slowly; stopped after"):
            await client.blob(here(registry), WHAT)
        await asyncio.wait_for(gate.left.wait(), 5)


async def test_cancelling_closes_the_connection(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").add(images.image(), "1")
    gate = registry.gate("/v2/acme/app/manifests/1")
    asking = asyncio.create_task(client.manifest(here(registry), "1"))
    await gate.arrived.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(gate.left.wait(), 5)
    assert client.log[-1].note == "cancelled"
    gate.open()
    assert (await client.manifest(here(registry), "1")).raw == images.image().raw


async def test_leaving_a_list_early_asks_for_no_further_page(registry: FakeRegistry, client: Client) -> None:
    registry.page_size = 1
    registry.repository("acme/app").add(images.image(), "1", "2", "3")
    pages = client.tags(here(registry))
    await anext(pages)
    await pages.aclose()
    assert len(registry.paths()) == 1


async def test_at_most_four_connections_to_one_registry(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").add(images.image(), *(f"t{number}" for number in range(20)))
    await asyncio.gather(*(client.head(here(registry), f"t{number}") for number in range(20)))
    assert len(registry.connections) <= 5


async def test_only_get_and_head_are_sent_and_the_name_of_the_program(registry: FakeRegistry, client: Client) -> None:
    registry.repository("acme/app").add(images.image(), "1")
    await client.head(here(registry), "1")
    await client.manifest(here(registry), "1")
    assert {one.method for one in registry.asked} == {"GET", "HEAD"}
    assert all(one.headers["user-agent"].startswith("regbrowse/") for one in registry.asked)


async def test_too_many_headers(registry: FakeRegistry, client: Client) -> None:
    registry.fault(PATH, Fault(200, BLOB.raw, [(f"X-{number}", "y") for number in range(300)]))
    with pytest.raises(BadResponse, match="too many headers"):
        await client.blob(here(registry), WHAT)


async def test_a_registry_inside_this_process_answers_like_any_other() -> None:
    class Inside:
        async def answer(self, method: str, target: str, headers: object) -> Answer:
            assert method == "GET"
            assert headers
            if target == "/v2/":
                return Answer(200, {}, b"{}")
            return Answer(200, {"Content-Type": "application/json"}, b'{"name":"a","tags":["x","y"]}')

    async with Client(Settings(local={"registry.demo": Inside()})) as client:
        found = [page async for page in client.tags(Repository(Registry("registry.demo"), "a"))]
        assert found[0].tags == ("x", "y")


def test_naming_the_package_does_not_load_httpx() -> None:
    code = (
        "import sys, regbrowse.registry, regbrowse.registry.responder\n"
        "assert not {'httpx', 'truststore'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
