"""Login services: tokens that are none, addresses that are refused, and as few token requests as possible."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from faults.answers import CHUNKED, as_json, chunks, http, problem, redirect
from faults.asking import BLOB, BLOB_PATH, LIST, MADE, TAG, blob, here, listing, manifest, named
from faults.internet import Internet
from faults.rows import row
from faults.server import TRUTH, Endless, Misbehaving, Request, Script
from faults.trial import trial
from regbrowse.errors import AuthError, PolicyError, RegbrowseError
from regbrowse.redact import Secret
from regbrowse.registry.client import Client, TagPage
from regbrowse.registry.models import Settings
from regbrowse.settings.login import Login

AREA = "Login"
ANN = Login("ann", Secret("s3cr3t-canary-1"))
IDENTITY = Login("ann", Secret("s3cr3t-canary-identity"), kind="identity")
TAGS = ["a", "b", "c"]


def as_ann(login: Login = ANN) -> Settings:
    return Settings(user=login, pause=0)


def stocked(server: Misbehaving, auth: str = "bearer") -> None:
    server.truth.auth = "basic" if auth == "basic" else "bearer"
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1")
    repository.listed = list(TAGS)


@row(
    AREA,
    server="the token expires in the middle: 401 `invalid_token` on the third page",
    client="fetches one new token, asks the page once more, and completes the list",
)
async def test_tokens_that_expire_in_the_middle(server: Misbehaving) -> None:
    stocked(server)
    server.truth.page_size = 1

    def third(request: Request) -> Script:
        server.truth.tokens.clear()
        return server.true(request)

    server.on(LIST, TRUTH, TRUTH, third, TRUTH)
    pages: list[TagPage] = []
    seen = await trial(server, listing(server, pages), at_most=8, cancel=False)
    assert seen.answer == TAGS
    assert server.count("/token") == 2
    assert named(pages) == TAGS


@row(
    AREA,
    server="a token as `token`, `access_token`, both; `expires_in` missing, 0, a text, negative, 1e9, null, an object",
    client="logs in; the time it keeps the token is bounded",
)
@pytest.mark.parametrize(
    "answer",
    [
        {"token": "canary-t"}, {"access_token": "canary-t"}, {"token": "canary-x", "access_token": "canary-t"},
        {"token": "canary-t", "access_token": ""}, *({"token": "canary-t", "expires_in": value} for value in
        [0, "300", -1, 1e9, None, {}, True, "x", 10**19, "nan"]),
        {"token": "canary-t", "issued_at": "1990-01-01T00:00:00Z"}, {"token": "canary-t", "issued_at": "2100-01-01"},
        {"token": "canary-t", "scope": 5, "refresh_token": "canary-r"},
    ],
)  # fmt: skip
async def test_forms_of_tokens(server: Misbehaving, answer: dict[str, object]) -> None:
    stocked(server)
    server.on("/token", as_json(answer))
    server.on(LIST, lambda one: as_json({"tags": TAGS}) if one.header("authorization") == "Bearer canary-t" else TRUTH)

    async def twice(client: Client) -> list[str]:
        await listing(server)(client)
        return await listing(server)(client)

    seen = await trial(server, twice, at_most=4)
    assert seen.answer == TAGS
    assert server.count("/token") == 1 + 1  # the second list uses the same token; the other one is cancelled


@row(
    AREA,
    server="a web page, `{}`, nothing, 2 MiB, a token with line breaks or of 100 KB instead of a token",
    client="says that no token came; what came is not shown",
)
@pytest.mark.parametrize(
    "answer",
    [
        http(200, "<html>canary</html>", [("Content-Type", "text/html")]),
        as_json({}), http(200), http(204), as_json({"token": None}), as_json({"token": 5}), as_json(["canary"]),
        as_json({"token": "canary\r\nX-Evil: y"}), as_json({"token": "canary-" + "x" * 100_000}),
        as_json({"token": "can\u00e4ry canary"}), as_json({"token": "canary", "x": "y" * 2**21}),
        [http(200, b"", [CHUNKED], length=False), Endless(chunks(b"canary" * 1000, end=False))],
        http(200, json.dumps({"token": "canary"})[:-3]), http(418, "canary"),
    ],
)  # fmt: skip
async def test_answers_without_a_token(server: Misbehaving, answer: Script) -> None:
    stocked(server)
    server.on("/token", answer)
    seen = await trial(server, listing(server), at_most=4)
    assert isinstance(seen.error, RegbrowseError)
    assert "evil" not in seen.shown.lower()
    assert not any(one.header("x-evil") for one in server.asked)


@row(AREA, server="the login service fails twice with 500 or 429, then answers", client="tries again and logs in")
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_login_services_that_recover(server: Misbehaving, status: int) -> None:
    stocked(server)
    server.on("/token", http(status), http(status), TRUTH)
    seen = await trial(server, listing(server), at_most=6)
    assert seen.answer == TAGS


@row(
    AREA,
    server="POST to the login service: 404, 405, 400, 401; GET works",
    client="falls back to GET with name and password",
)
@pytest.mark.parametrize("status", [400, 401, 404, 405])
async def test_login_services_without_post(server: Misbehaving, status: int) -> None:
    stocked(server)
    server.truth.public = False
    server.on("/token", problem(status), method="POST")
    server.on("/token", TRUTH, method="GET")
    seen = await trial(server, listing(server), at_most=5, settings=as_ann())
    assert seen.answer == TAGS


@row(
    AREA,
    server="POST to the login service: 404, 405, 400, 401; only an identity token is known",
    client="tries it once as a password, then says clearly that it was not taken",
)
@pytest.mark.parametrize("status", [400, 401, 404, 405])
async def test_identity_tokens_that_are_not_taken(server: Misbehaving, status: int) -> None:
    stocked(server)
    server.truth.public = False
    server.on("/token", problem(status))
    seen = await trial(server, listing(server), at_most=6, settings=as_ann(IDENTITY))
    assert isinstance(seen.error, AuthError)
    posted = [one for one in server.asked if one.method == "POST"]
    assert posted
    assert all(b"refresh_token" in one.body for one in posted)


@row(
    AREA, server="the login service redirects to another host", client="does not go there with credentials, and says so"
)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("login", [ANN, IDENTITY])
async def test_login_services_that_redirect(server: Misbehaving, other: Misbehaving, status: int, login: Login) -> None:
    stocked(server)
    server.on("/token", redirect(f"{other.url}/token", status))
    seen = await trial([server, other], listing(server), at_most=6, settings=as_ann(login))
    assert isinstance(seen.error, AuthError | PolicyError)
    assert not [one for one in other.asked if one.header("authorization") or one.body]


@row(
    AREA,
    server="names a login service over http for https, on an inner address, with a user name or a backslash",
    client="refuses before any credential is looked up",
)
@pytest.mark.parametrize(
    ("realm", "word"),
    [
        ("http://user:pw@auth.example/token", "a user name in it"),
        ("https://auth.example\\\\@evil.example/", "a backslash in it"),
        ("file:///etc/passwd", "the scheme"),
        ("http://auth.example/token", "in clear to another host"),
        ("http://10.0.0.5/token", "in clear to another host"),
        ("https://10.0.0.5/token", "internal address"),
        ("https://169.254.169.254/latest", "internal address"),
        ("https://[::ffff:10.0.0.5]/t", "internal address"),
        ("https://0x7f.1/token", "internal address"),
        ("https://localhost/token", "internal address"),
    ],
)
async def test_strange_login_services(server: Misbehaving, net: Internet, realm: str, word: str) -> None:
    net.place("registry.example.com", 80, server.port)
    server.on("/*", problem(401, headers=[("WWW-Authenticate", f'Bearer realm="{realm}",service="s"')]))
    name = "registry.example.com:80"
    settings = Settings(user=ANN, pause=0, plain_http=frozenset({name}))
    seen = await trial(server, listing(name), at_most=3, settings=settings)
    assert isinstance(seen.error, PolicyError)
    assert word in seen.why
    assert not any(one.header("authorization") for one in server.asked)


@row(
    AREA,
    server="the login service moves to another host between two greetings",
    client="asks before credentials go to the new one",
)
async def test_login_services_that_move(server: Misbehaving, other: Misbehaving, tmp_path: Path) -> None:
    stocked(server)
    server.truth.public = False
    settings = Settings(user=ANN, pause=0, state_folder=tmp_path)
    third = Misbehaving()
    async with third.serve():
        for place in (other, third):
            place.on("/token", as_json({"token": "s3cr3t-canary-t"}))
        server.on(LIST, lambda one: as_json({"tags": TAGS}) if one.header("authorization") else TRUTH)
        server.truth.realm = f"{other.url}/token"
        first = await trial([server, other, third], listing(server), at_most=5, settings=settings)
        assert first.answer == TAGS
        server.truth.realm = f"{third.url}/token"
        second = await trial([server, other, third], listing(server), at_most=4, settings=settings)
        assert isinstance(second.error, PolicyError)
        assert "used to send logins to" in second.why
        assert not third.asked


@row(AREA, server="the login service is slow, and 50 rows ask at once", client="sends exactly one token request")
async def test_one_token_for_all(server: Misbehaving) -> None:
    stocked(server)

    async def ask(client: Client) -> None:
        await asyncio.gather(*(client.head(here(server), "1") for _ in range(50)))

    await trial(server, ask, at_most=60, cancel=False)
    assert server.count("/token") == 1
    assert server.count("/v2/") == 1


@row(AREA, server="asks the way to a blob for a login once more", client="uses the token it has")
async def test_tokens_are_shared(server: Misbehaving) -> None:
    stocked(server)
    server.truth.repository("acme/app").blobs[BLOB.digest] = BLOB.raw

    async def ask(client: Client) -> None:
        await manifest(server)(client)
        await blob(server)(client)
        await listing(server)(client)

    await trial(server, ask, at_most=5, cancel=False)
    assert server.count("/token") == 1
    assert server.count(TAG) == server.count(BLOB_PATH) == 1
