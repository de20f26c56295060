"""Whatever a registry's own API answers: facts or a note, never an exception."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regbrowse.errors import RegistryError
from regbrowse.reference import Registry, is_repository_path, is_tag
from regbrowse.registry.responder import Answer
from support.documents import WRONG, places, replaced
from support.fake_vendor import (
    DISCOVERED,
    HARBOR_PING,
    JSON,
    OPEN_PING,
    FakeApi,
    client_of,
    google_list,
    harbor_row,
    hub_page,
    hub_row,
    place,
    quay_page,
    quay_row,
    zot_page,
    zot_row,
)

GOOD: dict[str, tuple[str, object]] = {
    "docker.io/library/alpine": (
        "/v2/namespaces/library/repositories/alpine/tags",
        hub_page(hub_row(), next="https://hub.docker.com/v2/x?page=2"),
    ),
    "quay.io/acme/app": ("/api/v1/repository/acme/app/tag/", quay_page(quay_row(), more=True)),
    "harbor.example/team/app": ("/api/v2.0/projects/team/repositories/app/artifacts", [harbor_row("1.0")]),
    "gcr.io/p/app": ("/v2/p/app/tags/list", google_list()),
    "zot.example/acme/app": ("/v2/_zot/ext/search", zot_page(zot_row(), errors=[{"message": "m"}])),
    "new.example/acme/app": ("/v2/_oci/ext/discover", DISCOVERED),
}
HOSTS = ("hub.docker.com", "quay.io", "harbor.example", "gcr.io", "zot.example", "new.example")
SEARCHES: dict[str, tuple[str, object]] = {
    "docker.io": (
        "/v2/search/repositories/",
        {"results": [{"repo_name": "a/b", "short_description": "x", "star_count": 1, "is_official": False}]},
    ),
    "quay.io": (
        "/api/v1/find/repositories",
        {"results": [{"name": "b", "namespace": {"name": "a"}, "description": "x", "stars": 1}]},
    ),
}


async def hear(name: str, bodies: Iterable[bytes]) -> None:
    """Asks for facts once per body; the first page is that body, and so is every other."""
    path = GOOD[name][0]
    for body in bodies:
        api = FakeApi().on("/v2/", HARBOR_PING if name.startswith("harbor") else OPEN_PING)
        api.on("/v2/_oci/ext/discover", Answer(200, JSON, json.dumps(DISCOVERED).encode()))
        api.on(path, Answer(200, JSON, body)).on("/v2/x", Answer(200, JSON, body))
        async with client_of(dict.fromkeys(HOSTS, api)) as client:
            async for part in client.apis(30).tag_facts(place(name)):
                assert all(is_tag(fact.tag) for fact in part.facts)
                assert part.note.isprintable()
        assert len(api.asked) <= 12


async def seek(name: str, bodies: Iterable[bytes]) -> None:
    path = SEARCHES[name][0]
    for body in bodies:
        api = FakeApi().on(path, Answer(200, JSON, body))
        async with client_of({"hub.docker.com": api, "quay.io": api, "index.docker.io": FakeApi()}) as client:
            try:
                found = await client.apis(30).search(Registry.parse(name), "x")
            except RegistryError:
                continue
            assert all(is_repository_path(each.path) and each.about.isprintable() for each in found)


def spoiled(document: object) -> Iterable[bytes]:
    for path in places(document):
        for wrong in WRONG:
            yield json.dumps(replaced(document, path, wrong)).encode()


@pytest.mark.parametrize("name", GOOD)
def test_every_field_of_every_wrong_kind(name: str) -> None:
    asyncio.run(hear(name, spoiled(GOOD[name][1])))


@pytest.mark.parametrize("name", SEARCHES)
def test_every_field_of_a_search_of_every_wrong_kind(name: str) -> None:
    asyncio.run(seek(name, spoiled(SEARCHES[name][1])))


KEYS = (
    "results name next images size full_size digest tags page has_additional last_modified start_ts manifest tag "
    "timeUploadedMs imageSizeBytes data ImageList Results Tag Digest Size errors message extensions endpoints namespace"
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["latest", "a/b", "9" * 40]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(KEYS.split()), inside, max_size=5),
    max_leaves=15,
)


@pytest.mark.parametrize("name", GOOD)
@given(value=ANYTHING)
@settings(max_examples=60)
def test_any_document(name: str, value: object) -> None:
    asyncio.run(hear(name, [json.dumps(value).encode()]))


@pytest.mark.parametrize("name", SEARCHES)
@given(body=st.binary(max_size=64) | ANYTHING.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=60)
def test_any_search(name: str, body: bytes) -> None:
    asyncio.run(seek(name, [body]))
