from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regbrowse.redact import Secret
from regbrowse.reference import Digest, Registry
from regbrowse.registry.models import TagFact
from regbrowse.registry.responder import Answer
from regbrowse.settings.login import Login
from support.fake_vendor import (
    ANN,
    ANN_BASIC,
    DIGEST,
    DISCOVERED,
    HARBOR_PING,
    HTML,
    OPEN_PING,
    THEN,
    FakeApi,
    client_of,
    facts,
    harbor_row,
    heard,
    notes,
    place,
    said,
    zot_page,
    zot_row,
)

QUAY_TAGS = "/api/v1/repository/acme/app/tag/"
HARBOR_TAGS = "/api/v2.0/projects/team/repositories/a%252Fb%252Fc/artifacts"
DISCOVER = "/v2/_oci/ext/discover"
ZOT = "/v2/_zot/ext/search"


def harbor(*pages: Answer) -> FakeApi:
    return FakeApi().on("/v2/", HARBOR_PING).on(HARBOR_TAGS, *pages)


async def test_harbor_gets_slashes_encoded_twice_and_its_own_password() -> None:
    api = harbor(said([harbor_row("1.0", "latest")], headers={"x-total-count": "5000"}))
    async with client_of({"harbor.example": api}, ANN) as client:
        parts = await heard(client, "harbor.example/team/a/b/c")
    pushed = datetime(2024, 6, 18, 9, 42, tzinfo=UTC)
    assert facts(parts) == [TagFact(tag, pushed, 4096, "", DIGEST) for tag in ("1.0", "latest")]
    assert notes(parts) == []
    assert api.paths == [f"{HARBOR_TAGS}?page=1&page_size=100&with_tag=true"]
    assert api.logins[-1] == ANN_BASIC


@pytest.mark.parametrize("login", [None, Login("ann", Secret("s3cr3t-canary-token"), kind="bearer")])
async def test_harbor_is_asked_as_nobody_without_a_password(login: Login | None) -> None:
    api = harbor(said([harbor_row("1.0")]))
    async with client_of({"harbor.example": api}, login) as client:
        assert len(facts(await heard(client, "harbor.example/team/a/b/c"))) == 1
    assert set(api.logins) == {""}


async def test_harbor_by_page_and_never_for_ever() -> None:
    rows = [
        [harbor_row(f"t{page}-{row}", digest=str(Digest.of(f"{page}-{row}".encode()))) for row in range(100)]
        for page in range(12)
    ]
    api = harbor(*map(said, rows))
    async with client_of({"harbor.example": api}) as client:
        parts = await heard(client, "harbor.example/team/a/b/c")
    assert len(facts(parts)) == 1000
    assert len(api.paths) == 10
    assert notes(parts) == ["Dates and sizes are those of the newest tags only (harbor.example lists more)."]


async def test_harbor_that_ignores_the_page_is_noticed() -> None:
    api = harbor(said([harbor_row("1.0")], headers={"link": '<https://evil.example/x>; rel="next"'}))
    async with client_of({"harbor.example": api}) as client:
        assert len(facts(await heard(client, "harbor.example/team/a/b/c"))) == 1
    assert [path.partition("?")[2][:6] for path in api.paths] == ["page=1", "page=2"], "the link is only a sign"


async def test_five_thousand_tags_on_one_artifact() -> None:
    api = harbor(said([harbor_row(*(f"t{number}" for number in range(5000)))]))
    async with client_of({"harbor.example": api}) as client:
        parts = await heard(client, "harbor.example/team/a/b/c")
    assert len(facts(parts)) == 5000
    assert notes(parts) == []


async def test_harbor_s_never_is_unknown() -> None:
    never = "0001-01-01T00:00:00.000Z"
    row = harbor_row(push_time=never, size=0, tags=[{"name": "1.0", "push_time": never}, {"name": "../x"}, None])
    api = harbor(said([row, harbor_row(tags=None)]))
    async with client_of({"harbor.example": api}) as client:
        assert facts(await heard(client, "harbor.example/team/a/b/c")) == [TagFact("1.0", None, None, "", DIGEST)]


async def test_harbor_refuses_the_api_and_the_login_stays_good() -> None:
    api = harbor(said({"errors": [{"code": "UNAUTHORIZED"}]}, 401))
    async with client_of({"harbor.example": api}, ANN) as client:
        parts = await heard(client, "harbor.example/team/a/b/c")
        assert client.auth.login_state(Registry.parse("harbor.example")).user == "ann"
        assert client.auth.login_state(Registry.parse("harbor.example")).note == ""
    assert notes(parts) == ["Dates and sizes are not available right now (harbor.example: 401 Unauthorized)."]


def zot(*pages: Answer, ping: Answer = OPEN_PING) -> FakeApi:
    return FakeApi().on("/v2/", ping).on(DISCOVER, said(DISCOVERED)).on(ZOT, *pages)


async def test_zot_is_discovered_once_and_answers_in_texts() -> None:
    api = zot(said(zot_page(zot_row(), zot_row("1.0", Size="0", LastUpdated="0001-01-01T00:00:00Z"))))
    async with client_of({"zot.example": api}) as client:
        vendor_apis = client.apis()
        for _ in range(2):
            parts = [part async for part in vendor_apis.tag_facts(place("zot.example/acme/app"))]
            assert facts(parts) == [TagFact("latest", THEN, 777, "", DIGEST), TagFact("1.0", None, None, "", DIGEST)]
    assert [path.partition("?")[0] for path in api.paths] == [DISCOVER, ZOT, ZOT]
    assert "ImageList%28repo%3A%22acme%2Fapp%22" in api.paths[1]


async def test_zot_s_errors_stand_beside_what_it_knows() -> None:
    api = zot(said(zot_page(zot_row(), errors=[{"message": "no \x1b[31mCVE database", "path": ["x"]}])))
    async with client_of({"zot.example": api}) as client:
        parts = await heard(client, "zot.example/acme/app")
    assert [fact.tag for fact in facts(parts)] == ["latest"]
    assert notes(parts) == ["Dates and sizes are not complete (zot.example: no \\x1b[31mCVE database)."]


@pytest.mark.parametrize("data", [None, {}, {"ImageList": None}])
async def test_zot_s_errors_alone(data: object) -> None:
    api = zot(said({"data": data, "errors": [{"message": "boom"}]}))
    async with client_of({"zot.example": api}) as client:
        parts = await heard(client, "zot.example/acme/app")
    assert (facts(parts), len(notes(parts))) == ([], 1)


async def test_zot_by_page_until_nothing_is_new() -> None:
    first = zot_page(*(zot_row(f"t{number}") for number in range(100)))
    api = zot(said(first))
    async with client_of({"zot.example": api}) as client:
        assert len(facts(await heard(client, "zot.example/acme/app"))) == 100
    assert [path for path in api.paths if path.startswith(ZOT)][1].find("offset%3A100") > 0
    assert len(api.paths) == 3


async def test_zot_with_passwords_gets_the_password() -> None:
    api = zot(said(zot_page(zot_row())), ping=Answer(401, {"www-authenticate": "basic realm=zot"}, b""))
    async with client_of({"zot.example": api}, ANN) as client:
        assert len(facts(await heard(client, "zot.example/acme/app"))) == 1
    assert api.logins == ["", ANN_BASIC, ANN_BASIC]


@pytest.mark.parametrize(
    "answer",
    [Answer(404, {}, b""), HTML, said([]), said({"extensions": None}), said({"extensions": [{"endpoints": 3}]})],
)
async def test_a_registry_without_anything_of_its_own_is_asked_once(answer: Answer) -> None:
    api = FakeApi().on("/v2/", OPEN_PING).on(DISCOVER, answer)
    async with client_of({"own.example": api}) as client:
        vendor_apis = client.apis()
        for _ in range(2):
            assert [part async for part in vendor_apis.tag_facts(place("own.example/acme/app"))] == []
    assert api.paths == [DISCOVER]


async def test_a_password_for_a_token_service_is_not_sent_to_ask_what_this_is() -> None:
    ping = Answer(401, {"www-authenticate": 'Bearer realm="https://login.example/token"'}, b"")
    api = FakeApi().on("/v2/", ping)
    async with client_of({"own.example": api}, ANN) as client:
        assert await heard(client, "own.example/acme/app") == []
    assert api.paths == [DISCOVER]
    assert set(api.logins) == {""}


@pytest.mark.parametrize("host", ["ghcr.io", "acme.azurecr.io", "1.dkr.ecr.eu-west-1.amazonaws.com"])
async def test_well_known_registries_are_not_asked_what_they_are(host: str) -> None:
    api = FakeApi().on("/v2/", OPEN_PING)
    async with client_of({host: api}) as client:
        assert await heard(client, f"{host}/acme/app") == []
    assert api.paths == []


async def test_a_registry_that_is_not_there_is_no_note_of_ours() -> None:
    async with client_of({"own.example": FakeApi().on("/v2/", Answer(500, {}, b""))}) as client:
        assert await heard(client, "own.example/acme/app") == []
        assert await heard(client, "127.0.0.1:1/acme/app") == []
