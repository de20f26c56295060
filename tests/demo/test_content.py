"""What the demo registry holds: every digest fits, and the same bytes come out every time."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from regbrowse.demo.layout import GeneratedLayer
from regbrowse.demo.registry import DATA, DemoRegistry
from regbrowse.oci.mediatype import DOCKER_SCHEMA1_SIGNED, IMAGE_CONFIGS, MANIFESTS, layer_kind
from regbrowse.reference import is_repository_path, is_tag
from support.demo_tools import GOLDEN, NEWEST, WEBAPP, body_of, descriptions, get, get_json, opened, sha256, unpacked

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
    digest = descriptor["digest"]
    kind = "manifests" if descriptor["mediaType"] in MANIFESTS else "blobs"
    if digest in descriptions():
        assert GeneratedLayer(descriptions()[digest]).size == descriptor["size"]
        start = await get(demo, f"{name}/blobs/{digest}", range="bytes=0-3")
        assert start.status == 206
        assert len(await body_of(start)) == 4
        return
    answer = await get(demo, f"{name}/{kind}/{digest}")
    if answer.status == 404:
        bad.append(digest)
        return
    raw = await body_of(answer)
    assert len(raw) == descriptor["size"]
    if kind == "blobs":
        assert sha256(raw) == digest
        assert base64.b64decode(descriptor.get("data", "")) in (b"", raw)
        return
    assert answer.headers["Content-Type"] == descriptor["mediaType"]
    if sha256(raw) != digest:
        bad.append(digest)
    for inner in descriptors(json.loads(raw)):
        if inner["digest"] != digest and "subject" not in inner:
            await check_descriptor(demo, name, inner, bad)


def tags_of(name: str) -> list[str]:
    """The tags that a committed layout names."""
    entries = json.loads((DATA / name / "index.json").read_bytes())["manifests"]
    found = [entry.get("annotations", {}).get("org.opencontainers.image.ref.name") for entry in entries]
    return [tag for tag in found if tag]


def other_tags() -> list[tuple[str, str]]:
    refused = (WEBAPP, "private/vault", "acme/lab/broken", "acme/lab/throttled")
    return [(name, tag) for name in DemoRegistry().names if name not in refused for tag in tags_of(name)]


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
    if media_type == DOCKER_SCHEMA1_SIGNED:
        return
    bad: list[str] = []
    await check_descriptor(demo, name, {"mediaType": media_type, "digest": digest, "size": len(raw)}, bad)
    deliberate = name == "acme/lab/mismatch" or (name == WEBAPP and not tag.startswith("sha256-"))
    assert len(bad) == deliberate
    assert is_tag(tag)
    assert is_repository_path(name)


async def images(demo: DemoRegistry, name: str, tag: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every image that a tag leads to: its manifest and its config."""
    found, answer = [], await get(demo, f"{name}/manifests/{tag}")
    if answer.status != 200:
        return []
    manifest = json.loads(await body_of(answer))
    for child in manifest.get("manifests", []):
        found += await images(demo, name, child["digest"])
    if manifest.get("config", {}).get("mediaType") in IMAGE_CONFIGS and not manifest["layers"][0]["mediaType"].endswith(
        "json"
    ):
        found.append((manifest, await get_json(demo, f"{name}/blobs/{manifest['config']['digest']}")))
    return found


@pytest.mark.parametrize(("name", "tag"), [(WEBAPP, NEWEST), (WEBAPP, "2.9.0"), (WEBAPP, "main"), *other_tags()])
async def test_diff_ids_are_those_of_the_layers(demo: DemoRegistry, name: str, tag: str) -> None:
    for manifest, config in await images(demo, name, tag):
        diff_ids = config["rootfs"]["diff_ids"]
        assert len(diff_ids) == len(manifest["layers"])
        for layer, diff_id in zip(manifest["layers"], diff_ids, strict=True):
            if layer["digest"] in descriptions():
                assert (layer["digest"], layer_kind(layer["mediaType"])) == (diff_id, "tar")
            else:
                blob = await body_of(await get(demo, f"{name}/blobs/{layer['digest']}"))
                tar = unpacked(blob, layer["mediaType"])
                assert sha256(tar) == diff_id
                assert opened(tar).getmembers()


async def test_layers_and_history_of_the_newest_release(demo: DemoRegistry) -> None:
    manifest, config = (await images(demo, WEBAPP, NEWEST))[0]
    kinds = [layer_kind(layer["mediaType"]) for layer in manifest["layers"]]
    assert kinds == ["tar", "tar", "tar", "gzip", "tar", "zstd"]
    empty = [entry.get("empty_layer", False) for entry in config["history"]]
    assert (empty.count(False), empty.count(True)) == (6, 6)


async def test_a_layer_is_served_whole(demo: DemoRegistry) -> None:
    manifest, _ = (await images(demo, WEBAPP, NEWEST))[0]
    layer = manifest["layers"][4]
    answer = await get(demo, f"{WEBAPP}/blobs/{layer['digest']}")
    assert isinstance(answer.body, AsyncIterator)
    raw = await body_of(answer)
    assert (sha256(raw), len(raw)) == (layer["digest"], layer["size"])
    assert answer.headers["Content-Length"] == str(layer["size"])


# Derived releases


async def test_golden_digest(demo: DemoRegistry) -> None:
    answer = await demo.answer("HEAD", f"/v2/{WEBAPP}/manifests/{NEWEST}", {})
    assert answer.headers["Docker-Content-Digest"] == GOLDEN
    assert answer.body == b""


async def test_the_newest_release_would_be_derived_as_it_is_committed(demo: DemoRegistry) -> None:
    releases = (await demo.repository(WEBAPP)).releases
    assert releases
    documents = releases.documents(NEWEST)
    assert f"sha256:{list(documents)[-1]}" == GOLDEN
    for encoded, document in documents.items():
        assert (DATA / WEBAPP / "blobs" / "sha256" / encoded).read_bytes() == document


async def test_releases_say_which_they_are(demo: DemoRegistry) -> None:
    seen: set[str] = set()
    bases = {"2.13.0": ("12.6", "20.15.0"), "2.12.5": ("12.5", "18.20.3"), "nightly": ("12.6", "20.15.0")}
    for tag, (debian, node) in bases.items():
        about = (await get_json(demo, f"{WEBAPP}/manifests/{tag}"))["annotations"]
        assert about["org.opencontainers.image.version"] == tag
        for manifest, config in await images(demo, WEBAPP, tag):
            labels = config["config"]["Labels"]
            assert labels["org.opencontainers.image.version"] == tag
            assert labels["org.opencontainers.image.created"] == config["created"]
            assert labels["org.opencontainers.image.revision"] == about["org.opencontainers.image.revision"]
            times = [entry["created"] for entry in config["history"]]
            assert times == sorted(times)
            assert times[-1] == config["created"]
            if config["os"] == "linux":
                assert config["config"]["Env"][1] == f"NODE_VERSION={node}"
                assert config["history"][0]["created_by"].endswith(f"(debian {debian} slim)")
                assert ("--mount=type=cache" in config["history"][2]["created_by"]) == (tag == "nightly")
            seen.add(manifest["config"]["digest"])
    assert len(seen) == 12


async def test_signed_versions_have_their_signatures(demo: DemoRegistry) -> None:
    tags = (await demo.repository(WEBAPP)).tags
    digests = [
        (await demo.answer("HEAD", f"/v2/{WEBAPP}/manifests/{tag}", {})).headers["Docker-Content-Digest"]
        for tag in ("2.14.1", "2.14.0", "2.13.4", "2.10.1")
    ]
    for digest in digests:
        tag = digest.replace(":", "-") + ".sig"
        assert tag in tags
        signature = await get_json(demo, f"{WEBAPP}/manifests/{tag}")
        payload = await get_json(demo, f"{WEBAPP}/blobs/{signature['layers'][0]['digest']}")
        assert payload["critical"]["image"]["docker-manifest-digest"] == digest


async def test_content_that_was_dropped_comes_back_the_same(demo: DemoRegistry) -> None:
    first = await get_json(demo, f"{WEBAPP}/manifests/1.0.0")
    others = [tag for tag in (await demo.repository(WEBAPP)).tags if tag.startswith("1.2") and tag.count(".") == 2]
    for version in others[:100]:
        await demo.answer("HEAD", f"/v2/{WEBAPP}/manifests/{version}", {})
    child = first["manifests"][0]["digest"]
    assert sha256(await body_of(await get(demo, f"{WEBAPP}/manifests/{child}"))) == child
    assert await get_json(demo, f"{WEBAPP}/manifests/1.0.0") == first
    releases = (await demo.repository(WEBAPP)).releases
    assert releases
    assert releases.derived == {"1.0.0", *others[:100]}
    assert releases.documents.cache_info().misses == 102


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


async def test_a_signed_schema_1_manifest_keeps_its_payload(demo: DemoRegistry) -> None:
    answer = await get(demo, "acme/legacy/app/manifests/1.0")
    raw = await body_of(answer)
    assert answer.headers["Content-Type"] == DOCKER_SCHEMA1_SIGNED
    protected = json.loads(raw)["signatures"][0]["protected"]
    about = json.loads(base64.urlsafe_b64decode(protected + "=="))
    tail = base64.urlsafe_b64decode(about["formatTail"] + "==")
    assert sha256(raw[: about["formatLength"]] + tail) == answer.headers["Docker-Content-Digest"]
    for layer in json.loads(raw)["fsLayers"]:
        assert (await get(demo, f"acme/legacy/app/blobs/{layer['blobSum']}")).status == 200


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
