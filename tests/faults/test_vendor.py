"""The registries' own APIs: decoration that may fail in any way without harm to the list of tags."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from faults.answers import as_json, http, problem, redirect
from faults.asking import LIST
from faults.internet import Internet
from faults.machine import CA, context
from faults.rows import row
from faults.server import Endless, Gate, Misbehaving, Script
from faults.trial import MIB, trial
from regbrowse.errors import RateLimited, RegistryError
from regbrowse.redact import Secret
from regbrowse.reference import Registry, Repository
from regbrowse.registry.client import Client
from regbrowse.registry.models import Found, Settings, TagFacts
from regbrowse.settings.login import Login
from support.tls_world import issue

AREA = "Vendor APIs"
HOSTS = ["registry-1.docker.io", "hub.docker.com", "index.docker.io", "quay.io", "gcr.io"]
PAPER = issue("hosts", CA, names=HOSTS)
HUB = "/v2/namespaces/acme/repositories/app/tags"
QUAY = "/api/v1/repository/acme/app/tag/"
D = "sha256:" + "a" * 64


@pytest_asyncio.fixture
async def cloud(tmp_path: Path, net: Internet) -> AsyncIterator[Misbehaving]:
    """Docker Hub, Quay and Google, all in one."""
    async with Misbehaving(tls=context(tmp_path, PAPER)).serve() as server:
        for host in HOSTS:
            net.place(host, 443, server.port)
        CA.write(tmp_path, "ca")
        server.on("/v2/", as_json({}))
        server.on(LIST, as_json({"tags": ["a", "b"]}))
        yield server


def settings(folder: Path, seconds: float = 3) -> Settings:
    login = Login("ann", Secret("s3cr3t-canary-1"))
    return Settings(
        user=login,
        registry=Registry.parse("hub.invalid"),
        pause=0,
        ca_file=folder / "ca.cert",
        vendor_seconds=seconds,
    )


def where(name: str) -> Repository:
    return Repository(Registry.parse(name), "acme/app")


def facts(name: str) -> Callable[[Client], Awaitable[tuple[list[str], list[TagFacts]]]]:
    """The plain list, and the decoration."""

    async def ask(client: Client) -> tuple[list[str], list[TagFacts]]:
        plain = [tag async for page in client.tags(where(name)) for tag in page.tags]
        return plain, [part async for part in client.tag_facts(where(name))]

    return ask


def known(parts: list[TagFacts]) -> dict[str, int | None]:
    return {fact.tag: fact.size for part in parts for fact in part.facts}


@row(AREA, server="Docker Hub's API continues its list on another host", client="does not go there, and says so")
@pytest.mark.parametrize(
    "following", ["https://evil.example/x", "http://hub.docker.com/x", "//evil.example", "https://u:p@hub.docker.com/"]
)
async def test_hub_leads_elsewhere(cloud: Misbehaving, tmp_path: Path, following: str) -> None:
    cloud.on(HUB, as_json({"next": following, "results": [{"name": "a", "full_size": 5}]}))
    seen = await trial(cloud, facts("docker.io"), at_most=4, settings=settings(tmp_path))
    assert seen.answer is not None
    plain, parts = seen.answer
    assert plain == ["a", "b"]
    assert known(parts) == {"a": 5}
    assert "not followed" in parts[-1].note


@row(
    AREA,
    server="Docker Hub's API: all fields null, no `results`, 429, 500, a web page, garbage, 404, 401, a redirect",
    client="shows the plain list, with a note",
)
@pytest.mark.parametrize(
    "answer",
    [
        as_json({}), as_json({"results": None}), as_json({"results": "x"}), as_json([]), http(200, "<html>Maintenance"),
        problem(429, headers=[("X-Retry-After", "9999999999")]), http(500), http(404), http(401), http(200, "{"),
        redirect("https://evil.example/login", 302), http(200, "[" * 100_000), http(204),
    ],
)  # fmt: skip
async def test_hub_fails(cloud: Misbehaving, tmp_path: Path, answer: Script) -> None:
    cloud.on(HUB, answer)
    seen = await trial(cloud, facts("docker.io"), at_most=7, settings=settings(tmp_path))
    assert seen.answer is not None
    plain, parts = seen.answer
    assert plain == ["a", "b"]
    assert known(parts) == {}
    assert "Dates and sizes are not available right now (hub.docker.com" in parts[-1].note


@row(AREA, server="Docker Hub's API: every field is null or of another kind", client="takes what is usable")
async def test_hub_with_junk(cloud: Misbehaving, tmp_path: Path) -> None:
    junk: list[object] = [None, 5, "x", [], {}, {"name": None}, {"name": 5}, {"name": "../x"}, {"name": "\x1b[31m"}]
    values: list[object] = [None, True, -1, 1e30, "x", "", [], {}, "0001-01-01T00:00:00Z", "99999-01-01"]
    for value in values:
        names = ("full_size", "last_updated", "tag_last_pushed", "digest", "images")
        junk.append({"name": "a", **dict.fromkeys(names, value)})
    cloud.on(HUB, as_json({"next": None, "results": [*junk, {"name": "b", "full_size": 7}]}))
    seen = await trial(cloud, facts("docker.io"), at_most=4, settings=settings(tmp_path))
    assert seen.answer is not None
    assert known(seen.answer[1])["b"] == 7
    assert set(known(seen.answer[1])) == {"a", "b"}


@row(
    AREA,
    server="Docker Hub's API takes 30 seconds, or never ends",
    client="gives it up after a short while; the list is there",
)
@pytest.mark.parametrize("how", ["silent", "endless"])
async def test_hub_is_slow(cloud: Misbehaving, tmp_path: Path, how: str) -> None:
    cloud.on(HUB, Gate() if how == "silent" else [http(200, b"[", length=False), Endless(b" " * 65_536)])
    seen = await trial(cloud, facts("docker.io"), at_most=4, settings=settings(tmp_path, 0.3), memory=100 * MIB)
    assert seen.answer is not None
    plain, parts = seen.answer
    assert plain == ["a", "b"]
    assert "not available right now" in parts[-1].note
    assert seen.seconds < 5
    await asyncio.wait_for(cloud.gone.wait(), 2)


@row(AREA, server="there is a login for the registry", client="never sends it to the registry's other hosts")
async def test_logins_stay(cloud: Misbehaving, tmp_path: Path) -> None:
    made = Settings(user=Login("ann", Secret("s3cr3t-canary-1")), pause=0, ca_file=tmp_path / "ca.cert")
    for name, path in (("docker.io", HUB), ("quay.io", QUAY)):
        cloud.on("/v2/", problem(401, headers=[("WWW-Authenticate", 'Basic realm="x"')]))
        cloud.on(path, problem(401, headers=[("WWW-Authenticate", 'Basic realm="x"')]))
        await trial(cloud, facts(name), at_most=6, settings=made)
        asked = [one for one in cloud.asked if one.path == path]
        assert asked
        assert not any(one.header("authorization") for one in asked)
        assert any(one.header("authorization") for one in cloud.asked if one.path == LIST)


@row(AREA, server="Docker Hub's search: failing, hostile, both of its hosts", client="says so, or shows what is usable")
async def test_hub_search(cloud: Misbehaving, tmp_path: Path) -> None:
    hostile = {"repo_name": "acme/app", "short_description": "\x1b]52;c;aGk=\x07[bold]x", "star_count": "many"}
    rows: list[object] = [hostile, {"repo_name": "../../x"}, {"repo_name": 5}, None, {"repo_name": "alpine"}]

    async def ask(client: Client) -> tuple[Found, ...]:
        return await client.search(Registry.parse("docker.io"), 'a b&c=\x1b"/../')

    cloud.on("/v2/search/repositories/", as_json({"results": rows}))
    seen = await trial(cloud, ask, at_most=1, settings=settings(tmp_path))
    assert seen.answer is not None
    assert [found.path for found in seen.answer] == ["acme/app", "library/alpine"]
    assert "\x1b" not in seen.shown
    cloud.on("/v2/search/repositories/", http(503))
    cloud.on("/v1/search", http(200, "<html>"))
    seen = await trial(cloud, ask, at_most=6, settings=settings(tmp_path))
    assert isinstance(seen.error, RegistryError)


@row(
    AREA,
    server="Harbor: a repository with a slash, a wrong `X-Total-Count`, dates of the year 1, 5,000 tags, no last page",
    client="writes `%252F`, reads what comes, and stops in time",
)
async def test_harbor(server: Misbehaving) -> None:
    where = Repository(Registry.parse(server.name), "acme/web/app")
    server.on(
        "/v2/",
        problem(401, headers=[("WWW-Authenticate", f'Bearer realm="{server.url}/token",service="harbor-registry"')]),
    )
    server.on("/token", as_json({"token": "s3cr3t-canary-t"}))
    tags = [{"name": f"t{number}", "push_time": "0001-01-01T00:00:00.000Z"} for number in range(5000)]
    numbers = iter(range(10**6))

    def page(_: object) -> Script:
        rows = [{"digest": f"sha256:{next(numbers):064x}", "size": 5, "tags": []} for _ in range(99)]
        last = next(numbers)
        some = tags if last < 100 else tags[:1]
        rows.append({"digest": f"sha256:{last:064x}", "size": 5, "tags": some, "push_time": "0001-01-01T00:00:00Z"})
        return as_json(rows, headers=[("X-Total-Count", "-7"), ("Link", '<https://evil.example/>; rel="next"')])

    server.on("/api/v2.0/*", page)

    async def ask(client: Client) -> list[TagFacts]:
        return [part async for part in client.tag_facts(where)]

    seen = await trial(server, ask, at_most=30, memory=100 * MIB)
    assert seen.answer
    path = "/api/v2.0/projects/acme/repositories/web%252Fapp/artifacts"
    assert {one.path for one in server.asked} == {"/v2/", path} | ({"/token"} if server.count("/token") else set())
    assert all(fact.pushed is None for part in seen.answer for fact in part.facts)
    assert server.count(path) <= 30


@row(AREA, server="Quay's API answers 401, junk, or pages for ever", client="shows the plain list, and stops in time")
@pytest.mark.parametrize("how", ["401", "junk", "endless"])
async def test_quay(cloud: Misbehaving, tmp_path: Path, how: str) -> None:
    junk = {"tags": [None, 5, {"name": 5}, {"name": "a", "size": None, "last_modified": "x", "start_ts": 10**18}]}
    more = {"tags": [{"name": "b", "size": "7", "manifest_digest": D}], "has_additional": True}
    answer = {"401": problem(401), "junk": as_json(junk), "endless": as_json(more)}[how]
    cloud.on(QUAY, answer)
    seen = await trial(cloud, facts("quay.io"), at_most=40, settings=settings(tmp_path))
    assert seen.answer is not None
    plain, parts = seen.answer
    assert plain == ["a", "b"]
    if how == "401":
        assert "not available right now (quay.io" in parts[-1].note
    elif how == "junk":
        assert known(parts) == {"a": None}
    else:
        assert parts[-1].note


@row(
    AREA,
    server="Google's list: numbers as text, `timeCreatedMs` 0, junk",
    client="an unknown date is unknown, not 1970",
)
async def test_google(cloud: Misbehaving, tmp_path: Path) -> None:
    manifest = {
        D: {"imageSizeBytes": "123", "tag": ["a", 5, "../x"], "timeCreatedMs": "0", "timeUploadedMs": "0"},
        "not a digest": {"tag": ["b"]}, D[:-1] + "b": None, D[:-1] + "c": {"tag": "b", "imageSizeBytes": -5},
    }  # fmt: skip
    cloud.on(LIST, http(200, json.dumps({"tags": ["a", "b"], "manifest": manifest, "child": [5]})))
    seen = await trial(cloud, facts("gcr.io"), at_most=4, settings=settings(tmp_path))
    assert seen.answer is not None
    plain, parts = seen.answer
    assert plain == ["a", "b"]
    assert known(parts) == {"a": 123}
    assert all(fact.pushed is None for part in parts for fact in part.facts)


@row(
    AREA,
    server="zot's search: `errors` beside part of the `data`, sizes as text, only errors",
    client="shows the part, with a note",
)
@pytest.mark.parametrize("some", [True, False])
async def test_zot(server: Misbehaving, some: bool) -> None:
    server.on(LIST, as_json({"tags": ["a"]}))
    extensions = [{"name": "_zot", "endpoints": ["/v2/_zot/ext/search", "/v2/_zot/ext/mgmt"]}]
    server.on("/v2/_oci/ext/discover", as_json({"extensions": extensions}))
    results = {"ImageList": {"Results": [{"Tag": "a", "Size": "42", "Digest": D, "LastUpdated": "x"}, None, 5]}}
    errors = [{"message": "\x1b[31mpartly"}, None, 5]
    server.on("/v2/_zot/ext/search", as_json({"errors": errors, "data": results if some else None}))
    seen = await trial(server, facts(server.name), at_most=5)
    assert seen.answer is not None
    plain, parts = seen.answer
    assert plain == ["a"]
    assert known(parts) == ({"a": 42} if some else {})
    assert "not complete" in parts[-1].note
    assert "\x1b" not in seen.shown
    assert all(one.method == "GET" for one in server.asked)


@row(AREA, server="an API that might be there is not (404)", client="no note, no date, one question")
async def test_no_api(server: Misbehaving) -> None:
    server.on(LIST, as_json({"tags": ["a"]}))
    seen = await trial(server, facts(server.name), at_most=3)
    assert seen.answer == (["a"], [])


@row(
    "Limits",
    server="Docker Hub's pull limit is reached: 429 with its own headers and words, or its other limiter without them",
    client="says which limit, for how long, and that lists still work; the count that is left is known",
)
@pytest.mark.parametrize("counted", [True, False])
async def test_pull_limit(cloud: Misbehaving, tmp_path: Path, counted: bool) -> None:
    count = [("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "0;w=21600"), ("Retry-After", "3000")]
    words = "You have reached your pull rate limit. \x1b[31m"
    cloud.on("/v2/acme/app/manifests/*", problem(429, "TOOMANYREQUESTS", words, count if counted else count[2:]))

    async def ask(client: Client) -> list[str]:
        with pytest.raises(RateLimited) as caught:
            await client.manifest(where("docker.io"), "1")
        assert ("Docker Hub pull limit reached (100 per 6 h" in caught.value.why) is counted
        assert "\x1b" not in str(caught.value)
        rate = client.limits.rate(Registry.parse("docker.io"))
        assert (rate is not None and rate.remaining == 0) is counted
        return [tag async for page in client.tags(where("docker.io")) for tag in page.tags]

    seen = await trial(cloud, ask, at_most=3, settings=settings(tmp_path))
    assert seen.answer == ["a", "b"]
