"""How the demo registry answers: lists, errors, ranges, logins."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from urllib.parse import quote

import pytest

from demo_tools import GOLDEN, WEBAPP, body_of, get, get_json, layer_bytes
from regbrowse.demo.layers import measure_of
from regbrowse.demo.registry import DemoRegistry
from regbrowse.demo.repositories import repositories
from regbrowse.demo.versions import NEWEST, webapp_tags


@pytest.fixture(name="demo")
def _demo() -> DemoRegistry:
    return DemoRegistry()


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
    assert names == sorted(webapp_tags())
    assert (len(names), len(set(names))) == (1204, 1204)
    assert sum(name.endswith(".sig") for name in names) == 318
    assert demo.shelves[WEBAPP].opened == 0


async def test_floating_tags_share_digests(demo: DemoRegistry) -> None:
    for tag in ("latest", "2", "2.14"):
        answer = await demo.answer("HEAD", f"/v2/{WEBAPP}/manifests/{tag}", {})
        assert answer.headers["Docker-Content-Digest"] == GOLDEN
    assert demo.shelves[WEBAPP].opened == 1
    tags = webapp_tags()
    assert tags["next"] == "3.0.0-rc.2"
    assert tags["2.13"] == "2.13.4"
    assert tags["1"] == "1.53.9"


async def test_catalog(demo: DemoRegistry) -> None:
    names = await every_page(demo, "/v2/_catalog?n=4", "repositories")
    assert names == sorted(repositories())
    assert all(shelf.opened == 0 for shelf in demo.shelves.values())


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
    assert demo.shelves[WEBAPP].opened == 1


async def test_a_digest_is_found_without_its_tag(demo: DemoRegistry) -> None:
    assert (await get(demo, f"{WEBAPP}/manifests/{GOLDEN}")).status == 200
    assert demo.shelves[WEBAPP].opened == 1
    child = (await get_json(demo, f"{WEBAPP}/manifests/2.9.3"))["manifests"][1]["digest"]
    assert (await get(DemoRegistry(), f"{WEBAPP}/manifests/{child}")).status == 200


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
        ("bytes=65000-65100", 65_000, 65_101),
        ("bytes=121000-", 121_000, None),
        ("bytes=121000-9999999", 121_000, None),
        ("bytes=-9", -9, None),
    ],
)
async def test_ranges(demo: DemoRegistry, asked: str, start: int, stop: int | None) -> None:
    name = "package-2.14.1"
    answer = await get(demo, f"{WEBAPP}/blobs/{measure_of(name).digest}", Range=asked)
    raw = await body_of(answer)
    assert answer.status == 206
    assert raw == layer_bytes(name)[start:stop]
    first = start % measure_of(name).size
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(raw) - 1}/{measure_of(name).size}"
    assert answer.headers["Content-Length"] == str(len(raw))


async def test_ranges_that_cannot_be(demo: DemoRegistry) -> None:
    digest = measure_of("workdir").digest
    beyond = await get(demo, f"{WEBAPP}/blobs/{digest}", range="bytes=5000-6000")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{measure_of('workdir').size}")
    several = await get(demo, f"{WEBAPP}/blobs/{digest}", range="bytes=0-1,5-6")
    assert several.status == 200


async def test_head_and_other_methods(demo: DemoRegistry) -> None:
    digest = measure_of("windows-base").digest
    answer = await demo.answer("HEAD", f"/v2/{WEBAPP}/blobs/{quote(digest)}", {})
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(measure_of("windows-base").size)
    assert (await demo.answer("DELETE", f"/v2/{WEBAPP}/manifests/latest", {})).status == 405
    assert (await demo.answer("GET", "/v2/", {})).status == 200


def test_import_is_cheap() -> None:
    code = "import sys, regbrowse.demo.registry; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    assert not {"httpx", "textual", "tarfile", "gzip", "regbrowse.demo.layer_plans"} & set(loaded)
