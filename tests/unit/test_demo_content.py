"""What the demo registry holds: every digest fits, and the same bytes come out every time."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from demo_tools import GOLDEN, WEBAPP, body_of, get, get_json, opened, sha256
from regbrowse.demo.layer_plans import plans
from regbrowse.demo.layers import by_digest, measure_of
from regbrowse.demo.registry import DemoRegistry
from regbrowse.demo.repositories import repositories
from regbrowse.demo.shelf import SCHEMA1
from regbrowse.demo.signed import SIGNED
from regbrowse.demo.versions import NEWEST, stable
from regbrowse.reference import is_repository_path, is_tag

EMPTY_CONFIG = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.fixture(name="demo")
def _demo() -> DemoRegistry:
    return DemoRegistry()


# Everything that can be reached


def descriptors(value: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if isinstance(value, dict):
        if isinstance(value.get("digest"), str) and isinstance(value.get("size"), int):
            found.append(value)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            found += descriptors(item)
    return found


async def check_descriptor(demo: DemoRegistry, name: str, descriptor: dict[str, Any], bad: list[str]) -> None:
    digest, path = descriptor["digest"], f"{name}/manifests/{descriptor['digest']}"
    answer = await get(demo, path)
    if answer.status == 200:
        raw = await body_of(answer)
        assert answer.headers["Content-Type"] == descriptor["mediaType"]
        assert len(raw) == descriptor["size"]
        if sha256(raw) != digest:
            bad.append(digest)
        for inner in descriptors(json.loads(raw)):
            if inner["digest"] != digest and "subject" not in inner:
                await check_descriptor(demo, name, inner, bad)
        return
    if digest in by_digest():
        assert measure_of(by_digest()[digest]).size == descriptor["size"]
        start = await get(demo, f"{name}/blobs/{digest}", range="bytes=0-3")
        assert start.status == 206
        assert len(await body_of(start)) == 4
        return
    answer = await get(demo, f"{name}/blobs/{digest}")
    if answer.status == 404:
        bad.append(digest)
        return
    raw = await body_of(answer)
    assert (sha256(raw), len(raw)) == (digest, descriptor["size"])
    if "data" in descriptor:
        assert base64.b64decode(descriptor["data"]) == raw


def other_tags() -> list[tuple[str, str]]:
    return [
        (name, tag)
        for name, shelf in repositories().items()
        if name != WEBAPP and not shelf.login and not shelf.failure
        for tag in shelf.tags
    ]


WEBAPP_SAMPLE = ["latest", "next", "main", "nightly", "2.14.0", "2.13.4", "2.9.0", "1.0.0", "3.0.0-rc.1"]


@pytest.mark.parametrize(
    ("name", "tag"),
    [*((WEBAPP, tag) for tag in WEBAPP_SAMPLE), (WEBAPP, GOLDEN.replace(":", "-") + ".sig"), *other_tags()],
)
async def test_all_digests_fit(demo: DemoRegistry, name: str, tag: str) -> None:
    answer = await get(demo, f"{name}/manifests/{tag}")
    assert answer.status == 200
    raw = await body_of(answer)
    media_type, digest = answer.headers["Content-Type"], answer.headers["Docker-Content-Digest"]
    if media_type == SCHEMA1:
        return
    bad: list[str] = []
    await check_descriptor(demo, name, {"mediaType": media_type, "digest": digest, "size": len(raw)}, bad)
    deliberate = name == "acme/lab/mismatch" or (name == WEBAPP and not tag.startswith("sha256-"))
    assert len(bad) == deliberate
    assert is_tag(tag)
    assert is_repository_path(name)


async def test_diff_ids_are_those_of_the_layers(demo: DemoRegistry) -> None:
    image = (await get_json(demo, f"{WEBAPP}/manifests/{NEWEST}"))["manifests"][0]
    manifest = await get_json(demo, f"{WEBAPP}/manifests/{image['digest']}")
    config = await get_json(demo, f"{WEBAPP}/blobs/{manifest['config']['digest']}")
    known = {measure_of(name).digest: measure_of(name).diff_id for name in plans()}
    assert config["rootfs"]["diff_ids"] == [known[layer["digest"]] for layer in manifest["layers"]]
    assert [layer["mediaType"].rpartition("+")[2] for layer in manifest["layers"]] == ["gzip"] * 4 + ["zstd"] * 2
    empty = [entry.get("empty_layer", False) for entry in config["history"]]
    assert (empty.count(False), empty.count(True)) == (6, 6)


async def test_a_layer_is_served_whole(demo: DemoRegistry) -> None:
    await get(demo, f"{WEBAPP}/manifests/{NEWEST}")
    known = measure_of("dist-2.14.1")
    answer = await get(demo, f"{WEBAPP}/blobs/{known.digest}")
    assert isinstance(answer.body, AsyncIterator)
    raw = await body_of(answer)
    assert (sha256(raw), len(raw)) == (known.digest, known.size)
    assert answer.headers["Content-Length"] == str(known.size)


# Determinism


async def test_golden_digest(demo: DemoRegistry) -> None:
    answer = await demo.answer("HEAD", f"/v2/{WEBAPP}/manifests/{NEWEST}", {})
    assert answer.headers["Docker-Content-Digest"] == GOLDEN
    assert answer.body == b""


def test_signed_versions_have_the_committed_digests() -> None:
    shelf = repositories()[WEBAPP]
    assert {shelf.content(version).root: version for version in SIGNED.values()} == SIGNED


async def test_content_that_was_dropped_comes_back_the_same(demo: DemoRegistry) -> None:
    first = await get_json(demo, f"{WEBAPP}/manifests/1.0.0")
    for version in stable()[:100]:
        await demo.answer("HEAD", f"/v2/{WEBAPP}/manifests/{version}", {})
    child = first["manifests"][0]["digest"]
    assert sha256(await body_of(await get(demo, f"{WEBAPP}/manifests/{child}"))) == child
    assert await get_json(demo, f"{WEBAPP}/manifests/1.0.0") == first
    assert demo.shelves[WEBAPP].opened == 101


# Attestations, signatures


async def test_attestations_describe_their_platforms(demo: DemoRegistry) -> None:
    index = await get_json(demo, f"{WEBAPP}/manifests/{NEWEST}")
    images = {entry["digest"]: entry for entry in index["manifests"][:5]}
    notes = index["manifests"][5:]
    assert [note["annotations"]["vnd.docker.reference.digest"] for note in notes] == list(images)[:3]
    for note in notes:
        manifest = await get_json(demo, f"{WEBAPP}/manifests/{note['digest']}")
        bill, provenance = [await get_json(demo, f"{WEBAPP}/blobs/{layer['digest']}") for layer in manifest["layers"]]
        subject = "sha256:" + bill["subject"][0]["digest"]["sha256"]
        assert subject == note["annotations"]["vnd.docker.reference.digest"]
        assert bill["predicate"]["spdxVersion"] == "SPDX-2.3"
        names = [package["name"] for package in bill["predicate"]["packages"]]
        assert len(names) == len(set(names)) == 212
        assert provenance["predicateType"] == "https://slsa.dev/provenance/v1"
        assert "moby/buildkit" in provenance["predicate"]["buildDefinition"]["buildType"]


async def test_referrers(demo: DemoRegistry) -> None:
    index = await get_json(demo, f"{WEBAPP}/referrers/{GOLDEN}")
    kinds = [entry["artifactType"] for entry in index["manifests"]]
    assert kinds == ["application/vnd.dev.cosign.artifact.sig.v1+json", "application/sarif+json"]
    for entry in index["manifests"]:
        assert (await get_json(demo, f"{WEBAPP}/manifests/{entry['digest']}"))["subject"]["digest"] == GOLDEN
        bad: list[str] = []
        await check_descriptor(demo, WEBAPP, entry, bad)
    answer = await get(demo, f"{WEBAPP}/referrers/{GOLDEN}?artifactType=application/sarif%2Bjson")
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"
    assert len(json.loads(await body_of(answer))["manifests"]) == 1
    assert (await get_json(demo, f"{WEBAPP}/referrers/{EMPTY_CONFIG}"))["manifests"] == []


def test_a_signed_schema_1_manifest_keeps_its_payload() -> None:
    content = repositories()["acme/legacy/app"].tagged("1.0")
    assert content
    kind, raw = content.manifests[content.root]
    assert kind == SCHEMA1
    protected = json.loads(raw)["signatures"][0]["protected"]
    about = json.loads(base64.urlsafe_b64decode(protected + "=="))
    tail = base64.urlsafe_b64decode(about["formatTail"] + "==")
    assert sha256(raw[: about["formatLength"]] + tail) == content.root


async def test_estargz_can_be_read_by_file(demo: DemoRegistry) -> None:
    manifest = await get_json(demo, "acme/lazy/python/manifests/3.12")
    layer = manifest["layers"][0]
    blob = await body_of(await get(demo, f"acme/lazy/python/blobs/{layer['digest']}"))
    tar = gzip.decompress(blob)
    assert layer["annotations"]["io.containers.estargz.uncompressed-size"] == str(len(tar))
    config = await get_json(demo, f"acme/lazy/python/blobs/{manifest['config']['digest']}")
    assert config["rootfs"]["diff_ids"] == [sha256(tar)]
    footer = blob[-51:]
    assert footer[:18] == bytes.fromhex("1f8b08040000000000ff1a00534716003030")
    assert footer[32:38] == b"STARGZ"
    start = int(footer[16:32], 16)
    archive = opened(gzip.decompress(blob[start:-51]))
    member = archive.extractfile("stargz.index.json")
    assert member
    toc = member.read()
    assert sha256(toc) == layer["annotations"]["containerd.io/snapshot/stargz/toc.digest"]
    entries = json.loads(toc)["entries"]
    starts = sorted({*(entry["offset"] for entry in entries if "offset" in entry), start})
    contents: dict[str, bytes] = {}
    for entry in entries:
        if "offset" in entry:
            end = starts[starts.index(entry["offset"]) + 1]
            size = entry.get("chunkSize") or entry["size"]
            chunk = gzip.decompress(blob[entry["offset"] : end])[:size]
            assert sha256(chunk) == entry["chunkDigest"]
            contents[entry["name"]] = contents.get(entry["name"], b"") + chunk
    assert {entry["name"]: entry["digest"] for entry in entries if "digest" in entry} == {
        name: sha256(content) for name, content in contents.items()
    }
    plain = opened(tar)
    assert [member.name for member in plain][:-1] == list(dict.fromkeys(e["name"].rstrip("/") for e in entries))
