"""How the demo registry answers: lists, errors, ranges, logins."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from urllib.parse import quote

import pytest

from regbrowse.demo.layout import GeneratedLayer
from regbrowse.demo.registry import DATA, DemoRegistry
from regbrowse.demo.releases import Releases
from support.demo_tools import GOLDEN, NEWEST, WEBAPP, body_of, descriptions, get, get_json

LARGE = max(descriptions(), key=lambda digest: GeneratedLayer(descriptions()[digest]).size)
"""The digest of a layer of more than 1 GiB."""


@pytest.fixture(name="demo")
def _demo() -> DemoRegistry:
    return DemoRegistry()


async def derived(demo: DemoRegistry) -> set[str]:
    """The releases of the web application that were made until now."""
    releases = (await demo.repository(WEBAPP)).releases
    assert releases
    return releases.derived


async def digest_of(demo: DemoRegistry, tag: str) -> str:
    answer = await demo.answer("HEAD", f"/v2/{WEBAPP}/manifests/{tag}", {})
    assert answer.status == 200, tag
    return answer.headers["Docker-Content-Digest"]


# Lists


async def every_page(demo: DemoRegistry, path: str, key: str) -> list[str]:
    names: list[str] = []
    while path:
        answer = await demo.answer("GET", path, {})
        names += json.loads(await body_of(answer))[key] or []
        link = answer.headers.get("Link", "")
        assert not link or link.endswith('>; rel="next"')
        path = link[1:].partition(">")[0]
    return names


@pytest.mark.parametrize("count", ["", "?n=1000", "?n=7", "?n=250"])
async def test_tags_come_in_pages(demo: DemoRegistry, count: str) -> None:
    names = await every_page(demo, f"/v2/{WEBAPP}/tags/list{count}", "tags")
    assert names == sorted(names)
    assert (len(names), len(set(names))) == (1204, 1204)
    assert sum(name.endswith(".sig") for name in names) == 318
    assert await derived(demo) == set()


async def test_floating_tags_share_digests(demo: DemoRegistry) -> None:
    for tag in ("latest", "2", "2.14"):
        assert await digest_of(demo, tag) == GOLDEN
    assert await derived(demo) == set()
    for tag, version in (("next", "3.0.0-rc.2"), ("2.13", "2.13.4"), ("1", "1.53.9")):
        assert await digest_of(demo, tag) == await digest_of(demo, version) != GOLDEN
    assert await derived(demo) == {"3.0.0-rc.2", "2.13.4", "1.53.9"}


async def test_catalog(demo: DemoRegistry) -> None:
    names = await every_page(demo, "/v2/_catalog?n=4", "repositories")
    assert names == sorted(names)
    assert len(names) == 19
    assert all((DATA / name / "oci-layout").exists() for name in names)
    assert demo.opened == {}


async def test_odd_questions_about_lists(demo: DemoRegistry) -> None:
    assert (await get_json(demo, "acme/lab/empty/tags/list")) == {"name": "acme/lab/empty", "tags": None}
    nothing = await get(demo, f"{WEBAPP}/tags/list?n=0")
    assert json.loads(await body_of(nothing))["tags"] == []
    assert "Link" not in nothing.headers
    assert (await get(demo, f"{WEBAPP}/tags/list?n=-1")).status == 400
    assert (await get_json(demo, f"{WEBAPP}/tags/list?last=zzz"))["tags"] == []


# Answers


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{WEBAPP}/manifests/no-such-tag", 404, "MANIFEST_UNKNOWN"),
        ("acme/none/tags/list", 404, "NAME_UNKNOWN"),
        (f"acme/base/alpine/manifests/{GOLDEN}", 404, "MANIFEST_UNKNOWN"),
        (f"acme/base/alpine/blobs/{GOLDEN}", 404, "BLOB_UNKNOWN"),
        ("acme/lab/broken/tags/list", 500, "UNKNOWN"),
        ("acme/lab/throttled/tags/list", 429, "TOOMANYREQUESTS"),
        ("private/vault/tags/list", 401, "UNAUTHORIZED"),
        ("what", 404, "NOT_FOUND"),
        ("../registry/tags/list", 404, "NAME_UNKNOWN"),
    ],
)
async def test_errors(demo: DemoRegistry, path: str, status: int, code: str) -> None:
    answer = await get(demo, path)
    assert answer.status == status
    assert json.loads(await body_of(answer))["errors"][0]["code"] == code


async def test_a_missing_child_is_not_searched_for(demo: DemoRegistry) -> None:
    index = await get_json(demo, f"{WEBAPP}/manifests/{NEWEST}")
    missing = index["manifests"][4]
    assert missing["platform"] == {"architecture": "s390x", "os": "linux"}
    assert (await get(demo, f"{WEBAPP}/manifests/{missing['digest']}")).status == 404
    assert await derived(demo) <= {NEWEST}


async def test_a_digest_is_found_without_its_tag(demo: DemoRegistry) -> None:
    assert (await get(demo, f"{WEBAPP}/manifests/{GOLDEN}")).status == 200
    assert await derived(demo) == set()
    child = (await get_json(demo, f"{WEBAPP}/manifests/2.9.3"))["manifests"][1]["digest"]
    assert await derived(demo) == {"2.9.3"}
    assert (await get(DemoRegistry(), f"{WEBAPP}/manifests/{child}")).status == 200


def test_a_digest_of_the_last_tag_is_found_at_the_first_call() -> None:
    folder = DATA / WEBAPP
    signed = json.loads((folder / "releases.json").read_bytes())["signatures"][-1]
    encoded, document = list(Releases(folder).documents(f"sha256-{signed}.sig").items())[-1]
    assert Releases(folder).find(encoded) == document


async def test_what_is_nowhere_is_searched_for_once(demo: DemoRegistry) -> None:
    for digit in "01":
        assert (await get(demo, f"{WEBAPP}/manifests/sha256:{digit * 64}")).status == 404
        assert (await get(demo, f"{WEBAPP}/blobs/sha256:{digit * 64}")).status == 404
    releases = (await demo.repository(WEBAPP)).releases
    assert releases
    assert releases.documents.cache_info().misses == len(releases.derived)


async def test_login(demo: DemoRegistry) -> None:
    refused = await get(demo, "private/vault/manifests/1.0")
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="registry.demo"'
    login = "Basic " + base64.b64encode(b"demo:demo").decode()
    assert (await get(demo, "private/vault/manifests/1.0", Authorization=login)).status == 200


async def test_rate_limit_is_told_for_webapp_only(demo: DemoRegistry) -> None:
    for method in ("GET", "HEAD"):
        answer = await demo.answer(method, f"/v2/{WEBAPP}/manifests/latest", {})
        assert answer.headers["ratelimit-limit"] == "100;w=21600"
        assert answer.headers["ratelimit-remaining"] == "72;w=21600"
    assert "ratelimit-limit" not in (await get(demo, "acme/base/alpine/manifests/latest")).headers


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=30000-30100", 30_000, 30_101),
        ("bytes=31000-", 31_000, None),
        ("bytes=31000-9999999", 31_000, None),
        ("bytes=-9", -9, None),
    ],
)
async def test_ranges(demo: DemoRegistry, asked: str, start: int, stop: int | None) -> None:
    digest = (await get_json(demo, "acme/edge/filter/manifests/latest"))["layers"][0]["digest"]
    whole = await body_of(await get(demo, f"acme/edge/filter/blobs/{digest}"))
    answer = await get(demo, f"acme/edge/filter/blobs/{digest}", Range=asked)
    raw = await body_of(answer)
    assert answer.status == 206
    assert raw == whole[start:stop]
    first = start % len(whole)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(raw) - 1}/{len(whole)}"
    assert answer.headers["Content-Length"] == str(len(raw))


async def test_a_range_of_a_generated_layer(demo: DemoRegistry) -> None:
    layer = GeneratedLayer(descriptions()[LARGE])
    start = 2**30 - 7
    answer = await get(demo, f"{WEBAPP}/blobs/{LARGE}", Range=f"bytes={start}-{start + 1999}")
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes {start}-{start + 1999}/{layer.size}"
    assert await body_of(answer) == layer.read(start, 2000)


async def test_ranges_that_cannot_be(demo: DemoRegistry) -> None:
    size = GeneratedLayer(descriptions()[LARGE]).size
    beyond = await get(demo, f"{WEBAPP}/blobs/{LARGE}", range=f"bytes={size}-{size + 99}")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    several = await get(demo, f"{WEBAPP}/blobs/{LARGE}", range="bytes=0-1,5-6")
    assert several.status == 200


async def test_head_and_other_methods(demo: DemoRegistry) -> None:
    answer = await demo.answer("HEAD", f"/v2/{WEBAPP}/blobs/{quote(LARGE)}", {})
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(GeneratedLayer(descriptions()[LARGE]).size)
    assert (await demo.answer("DELETE", f"/v2/{WEBAPP}/manifests/latest", {})).status == 405
    assert (await demo.answer("GET", "/v2/", {})).status == 200


def test_import_is_cheap() -> None:
    code = "import sys, regbrowse.demo.registry; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    assert not {"httpx", "textual", "tarfile", "gzip", "regbrowse.demo.layout"} & set(loaded)
