"""Logins: strange challenges, and refusals without end."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

import pytest

from faults.answers import as_json, problem, redirect
from faults.asking import BLOB_PATH, LIST, MADE, blob, here, listing
from faults.rows import row
from faults.server import TRUTH, Answering, Misbehaving, Request, Script
from faults.trial import trial
from regbrowse.errors import AuthError, AuthRejected, AuthRequired, Denied, RegbrowseError
from regbrowse.redact import Secret
from regbrowse.registry.client import Client
from regbrowse.registry.models import Settings
from regbrowse.settings.login import Login

AREA = "Login"
ANN = Login("ann", Secret("s3cr3t-canary-1"))
WRONG = Login("ann", Secret("s3cr3t-canary-wrong"))
ENCODED = b64encode(f"{ANN.user}:{ANN.password.reveal()}".encode()).decode()
TAGS = ["a", "b", "c"]


def anonymous() -> Settings:
    return Settings(pause=0)


def as_ann(login: Login = ANN) -> Settings:
    return Settings(user=login, pause=0)


def stocked(server: Misbehaving, auth: str = "bearer") -> None:
    server.truth.auth = "basic" if auth == "basic" else "bearer"
    repository = server.truth.repository("acme/app")
    repository.add(MADE, "1")
    repository.listed = list(TAGS)


def asking_for(server: Misbehaving, *lines: str, status: int = 401) -> Answering:
    """A resource that wants whatever the lines say, until it gets some login."""

    def answer(request: Request) -> Script:
        if request.header("authorization"):
            return as_json({"tags": TAGS}) if request.path == LIST else as_json({})
        texts = [line.format(token=f"{server.url}/token") for line in lines]
        return problem(status, "UNAUTHORIZED", headers=[("WWW-Authenticate", text) for text in texts])

    return answer


@row(
    AREA,
    server="401 without `WWW-Authenticate`, to the ping and to everything",
    client="asks each resource once, and says that the answer does not tell how to log in",
)
async def test_no_challenge(server: Misbehaving) -> None:
    server.on("/*", problem(401, "UNAUTHORIZED"))
    seen = await trial(server, listing(server), at_most=2)
    assert isinstance(seen.error, AuthRequired)
    assert "without saying how to log in" in seen.why


@row(AREA, server="a challenge only to the ping, none at the resource", client="uses the one of the ping")
async def test_challenge_only_to_the_ping(server: Misbehaving) -> None:
    stocked(server)
    server.truth.resource_challenge = False
    seen = await trial(server, listing(server), at_most=4)
    assert seen.answer == TAGS


@row(
    AREA,
    server="Bearer and Basic in one line, in two lines, Basic first",
    client="uses Bearer, whatever the order",
)
@pytest.mark.parametrize(
    "lines",
    [
        ['Bearer realm="{token}",service="s",scope="*",Basic realm="{token}",service="s"'],
        ['Bearer realm="{token}",service="s"', 'Basic realm="x"'],
        ['Basic realm="x"', 'Bearer realm="{token}",service="s"'],
        ['Basic realm="x", Bearer realm="{token}"'],
    ],
)
async def test_several_challenges(server: Misbehaving, lines: Sequence[str]) -> None:
    answer = asking_for(server, *lines)
    server.on("/v2/", answer)
    server.on(LIST, answer)
    server.on("/token", as_json({"token": "s3cr3t-canary-t"}))
    seen = await trial(server, listing(server), at_most=4, settings=as_ann())
    assert seen.answer == TAGS
    listed = next(one for one in server.asked if one.path == LIST and one.header("authorization"))
    assert listed.header("authorization") == "Bearer s3cr3t-canary-t"


@row(
    AREA,
    server="challenges unquoted, upper case, with escapes, spaces, missing commas, an unknown scheme before them",
    client="logs in wherever the address of the login service can be read",
)
@pytest.mark.parametrize(
    "line",
    [
        "bearer realm={token},service=zot,scope=",
        'BEARER REALM="{token}",SERVICE="s"',
        'Bearer realm = "{token}" , service = "s"',
        'Bearer realm="{token}" service="s" scope="x"',
        'Negotiate, Bearer realm="{token}"',
        'Negotiate YII==, Bearer realm="{token}"',
        ',,,Bearer realm="{token}",,',
        'Bearer realm="{token}?x=\\"q\\",1",error="invalid_token"',
        'Bearer realm="{token}",realm="https://evil.example/t"',
        'Bearer realm="/token",service="s"',
        'Digest realm="x", nonce="y", Bearer realm="{token}", error="unterminated',
    ],
)
async def test_strange_challenges(server: Misbehaving, line: str) -> None:
    answer = asking_for(server, line)
    server.on("/v2/", answer)
    server.on(LIST, answer)
    server.on("/token", as_json({"token": "s3cr3t-canary-t"}))
    seen = await trial(server, listing(server), at_most=5)
    assert seen.answer == TAGS


@row(AREA, server="only unknown schemes, or none that can be read", client="names them, and asks no further")
@pytest.mark.parametrize(
    ("line", "word"),
    [("Negotiate, NTLM", "negotiate, ntlm"), ('Digest realm="x"', "digest"), ("\x1b[31m", ""), ("Bearer", "bearer")],
)
async def test_unknown_schemes(server: Misbehaving, line: str, word: str) -> None:
    server.on("/*", asking_for(server, line))
    seen = await trial(server, listing(server), at_most=2, settings=as_ann())
    assert isinstance(seen.error, AuthRequired)
    assert word in seen.why
    assert "\x1b" not in seen.shown


@row(
    AREA,
    server="401 for ever, with a fresh token each time",
    client="at most 4 questions and 3 tokens, then says that it keeps asking",
)
@pytest.mark.parametrize("settings", [anonymous(), as_ann()])
@pytest.mark.parametrize("scopes", ["same", "other each time", "Basic and Bearer in turn"])
async def test_401_for_ever(server: Misbehaving, settings: Settings, scopes: str) -> None:
    numbers = iter(range(1000))

    def answer(_: Request) -> Script:
        scope = f"repository:acme/app:pull{next(numbers)}" if scopes != "same" else "repository:acme/app:pull"
        line = f'Bearer realm="{server.url}/token",service="s",scope="{scope}",error="invalid_token"'
        if scopes == "Basic and Bearer in turn" and next(numbers) % 4 < 2:
            line = 'Basic realm="x"'
        return problem(401, "UNAUTHORIZED", headers=[("WWW-Authenticate", line)])

    server.on("/*", answer)
    server.on("/token", lambda _: as_json({"token": f"s3cr3t-canary-{next(numbers)}"}))
    seen = await trial(server, listing(server), at_most=8, settings=settings, cancel=False)
    assert isinstance(seen.error, AuthError)
    if "Basic" not in scopes:
        assert "keeps asking" in seen.why
    assert server.count(LIST) <= 4
    assert server.count("/token") <= 3


@row(AREA, server="401 for ever to Basic", client="asks with the login and anonymously, then says that it was refused")
async def test_401_for_ever_to_basic(server: Misbehaving) -> None:
    server.on("/*", problem(401, "UNAUTHORIZED", headers=[("WWW-Authenticate", 'Basic realm="x"')]))
    seen = await trial(server, listing(server), at_most=4, settings=as_ann())
    assert isinstance(seen.error, AuthRejected)
    assert "refused the credentials" in seen.why


@row(
    AREA,
    server="403 `insufficient_scope` that names another scope",
    client="asks for the wider one once, then says that it may not be read",
)
@pytest.mark.parametrize("grants", [True, False])
async def test_wider_scopes(server: Misbehaving, grants: bool) -> None:
    stocked(server)
    server.truth.public = False
    server.truth.demands = "repository:acme/app:metadata_read"
    if not grants:
        narrow = (
            f'Bearer realm="{server.url}/token",scope="repository:acme/app:metadata_read",error="insufficient_scope"'
        )
        server.on(LIST, lambda _: problem(403, "DENIED", headers=[("WWW-Authenticate", narrow)]))
    seen = await trial(server, listing(server), at_most=8, settings=as_ann())
    assert "repository:acme/app:metadata_read" in " ".join(
        scope for one in server.asked if one.path == "/token" for scope in one.field("scope")
    )
    if grants:
        assert seen.answer == TAGS
    else:
        assert isinstance(seen.error, Denied)
        assert "may not read" in seen.why
        assert server.count("/token") <= 4


@row(AREA, server="saved credentials are wrong, the image is public", client="browses anonymously, and says so")
@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_on_public_content(server: Misbehaving, status: int) -> None:
    stocked(server)
    server.truth.refused_with = status
    seen = await trial(server, listing(server), at_most=7, settings=as_ann(WRONG))
    assert seen.answer == TAGS
    assert "browsing" in seen.states[0].note
    # A 403 may mean that these credentials reach other things: they are kept for those.
    assert seen.states[0].user == ("" if status == 401 else "ann")


@row(
    AREA,
    server="credentials are wrong and nothing is public",
    client="says that they were refused, and where they are from",
)
@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_refused_credentials(server: Misbehaving, auth: str) -> None:
    stocked(server, auth)
    server.truth.public = False
    seen = await trial(server, listing(server), at_most=7, settings=as_ann(WRONG))
    assert isinstance(seen.error, AuthRejected)
    assert "refused the credentials from" in seen.why
    assert server.count(LIST) <= 5


def echoing(status: int, *, headers: bool) -> Answering:
    def echo(request: Request) -> Script:
        if not request.header("authorization"):
            return TRUTH
        words = f"you sent {request.header('authorization')}"
        said = [("X-Request-Id", words), ("Warning", f'299 - "{words}"')] if headers else []
        return problem(status, "X", "no" if headers else f"{words}, ann:s3cr3t-canary-1", said)

    return echo


@row(
    AREA,
    server="says back in its error what it was sent: the login, the token, a signed address",
    client="shows none of it",
)
@pytest.mark.parametrize("auth", ["basic", "bearer"])
@pytest.mark.parametrize("status", [400, 403, 404, 500])
async def test_echoes(server: Misbehaving, other: Misbehaving, auth: str, status: int) -> None:
    stocked(server, auth)
    server.truth.public = False
    server.on(LIST, echoing(status, headers=False))
    seen = await trial(server, listing(server), at_most=9, settings=as_ann(), cancel=False)
    assert isinstance(seen.error, RegbrowseError)
    assert ENCODED not in seen.shown
    signed = f"{other.url}/x?X-Amz-Signature=s3cr3t-canary-9"
    server.on(BLOB_PATH, lambda one: redirect(signed) if one.header("authorization") else TRUTH)
    other.on("/x", lambda one: problem(status, "X", f"no such object: {other.url}{one.target}"))
    last = await trial([server, other], blob(server), at_most=12, settings=as_ann(), cancel=False)
    assert isinstance(last.error, RegbrowseError)
    assert other.asked


@row(
    AREA,
    server="says back in a request id or a warning what it was sent",
    client="shows none of it",
)
@pytest.mark.parametrize("auth", ["basic", "bearer"])
async def test_echoes_in_headers(server: Misbehaving, auth: str) -> None:
    stocked(server, auth)
    server.truth.public = False
    server.on(LIST, echoing(404, headers=True))

    async def ask(client: Client) -> tuple[str, ...]:
        with pytest.raises(RegbrowseError) as caught:
            await listing(server)(client)
        evidence = repr(vars(caught.value))
        return evidence, *client.connection(here(server).registry).notes

    seen = await trial(server, ask, at_most=9, settings=as_ann(), cancel=False)
    assert ENCODED not in seen.shown
