"""Documents whose every field may be something else."""

from __future__ import annotations

import itertools
import json

import pytest

from faults.answers import http
from faults.asking import MADE, TAG, blob, here, manifest, sent
from faults.rows import row
from faults.server import Misbehaving
from faults.trial import MIB, trial
from regbrowse.errors import TooLarge
from regbrowse.oci.config import parse_config
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.index_walk import entries
from regbrowse.oci.manifest import Artifact, Image, Index, parse_manifest
from regbrowse.oci.platform import Platform
from regbrowse.oci.platform_selection import PlatformRequest, alternative, listed, select
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from regbrowse.tui.manifest_tree import Tree
from support import images
from support.images import OCI_INDEX, OCI_MANIFEST

AREA = "Documents"

JUNK: list[object] = [None, True, 0, -1, 1e30, "", "x", "\x1b[31m\ud800", [], {}, [[[]]], {"": {}}]


@row(AREA, server="an index of 10,000 entries; `manifests` null, a text, an object", client="shows what there is")
@pytest.mark.parametrize("members", [[MADE.descriptor()] * 10_000, None, "x", {}, [None, 5, "x", [], {}]])
async def test_strange_indexes(server: Misbehaving, members: object) -> None:
    server.on(TAG, sent(images.dump({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": members}), OCI_INDEX))
    seen = await trial(server, manifest(server), at_most=2)
    assert isinstance(seen.answer, Index)
    assert len(seen.answer.manifests) == (len(members) if isinstance(members, list) else 0)
    assert len(Tree(seen.answer).rows()) == 1 + len(seen.answer.manifests)


@row(AREA, server="an index nested 20 deep", client="follows five levels and says that it is nested too deeply")
async def test_nested_indexes(server: Misbehaving) -> None:
    made = images.image()
    for _ in range(20):
        made = images.index(made)
    server.truth.repository("acme/app").add(made, "1")

    async def ask(client: Client) -> list[str]:
        """As the pane does: opens every index that has a row."""
        root = await client.manifest(here(server), "1")
        tree, known = Tree(root), -1
        while len(tree.children) != known:
            known = len(tree.children)
            for node in tree.rows()[1:]:
                if node.digest and node.digest not in tree.children and "too deep" not in node.note:
                    tree.children[node.digest] = await client.manifest(here(server), node.digest)
        return [node.note for node in tree.rows()]

    seen = await trial(server, ask, at_most=8)
    assert seen.answer is not None
    assert "too deep" in seen.answer[-1]


@row(AREA, server="an index that seems to contain itself", client="shows a cycle, and does not follow it")
async def test_cyclic_indexes(server: Misbehaving) -> None:
    # A true cycle would need a broken hash; a descriptor that names its parent is enough to try the check.
    made = images.index(MADE)
    server.truth.repository("acme/app").add(made, "1")

    async def ask(client: Client) -> str:
        root = await client.manifest(here(server), "1")
        assert isinstance(root, Index)
        again = Descriptor(OCI_INDEX, root.digest, len(root.raw))
        loop = Index(manifests=(again,), raw=root.raw, digest=root.digest, media_type=OCI_INDEX)
        return Tree(loop, {root.digest: loop}).rows()[-1].note

    seen = await trial(server, ask, at_most=2)
    assert seen.answer == "contains itself"


@row(
    AREA,
    server="platforms that are missing, null, a text, unknown, repeated, in odd spellings, with versions",
    client="shows every entry, and chooses the same one every time",
)
async def test_strange_platforms(server: Misbehaving) -> None:
    platforms: list[object] = [
        {"os": "unknown", "architecture": "unknown"}, None, "linux/amd64", [], {}, {"os": 5, "architecture": None},
        {"os": "windows", "architecture": "amd64", "os.version": "10.0.1"}, {"os": "linux", "architecture": "s390x"},
        {"os": "LINUX", "architecture": "x86_64", "variant": "v1"}, {"os": "linux", "architecture": "amd64"},
        {"os": "linux", "architecture": "aarch64", "variant": "8"}, {"os": "linux", "architecture": "arm64"},
    ]  # fmt: skip
    members = [
        {"mediaType": OCI_MANIFEST, "digest": images.sha256(bytes([at])), "size": 5, "platform": platform}
        for at, platform in enumerate(platforms)
    ]
    server.on(TAG, sent(images.dump({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": members}), OCI_INDEX))
    picked = []
    for _ in range(2):
        seen = await trial(server, manifest(server), at_most=2)
        assert isinstance(seen.answer, Index)
        assert len(Tree(seen.answer).rows()) == 1 + len(platforms)
        candidates = listed(entries(seen.answer))
        here = select(candidates, PlatformRequest(Platform.host())).descriptor
        found = here or alternative(candidates, seen.answer)
        assert found is not None
        assert found.platform is not None
        picked.append(found.platform.normalised().os)
    assert picked == ["linux", "linux"]


@row(
    AREA,
    server="a config with every field of every wrong kind, history longer or shorter than layers, impossible times",
    client="shows the rest, and counts what is strange",
)
async def test_strange_configs(server: Misbehaving) -> None:
    good = json.loads(images.config(layers=(images.layer(),), created="2024-01-01T00:00:00Z").raw)
    good["config"] = {
        "User": "u",
        "Env": ["A=b"],
        "Cmd": ["x"],
        "Labels": {"a": "b"},
        "ExposedPorts": {},
        "Volumes": {},
    }
    times = [
        "",
        "0001-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2024-01-01T00:00:00.123456789Z",
    ]
    wrong = [good | {key: junk} for key, junk in itertools.product(good, JUNK)]
    wrong += [good | {"config": good["config"] | {key: junk}} for key, junk in itertools.product(good["config"], JUNK)]
    wrong += [good | {"created": time} for time in times]
    wrong += [good | {"history": good["history"] * count} for count in (0, 1, 9)]
    read = 0
    for value in wrong:
        raw = json.dumps(value).encode()
        parse_config(raw)
        read += 1
    assert read == len(wrong)
    raw = json.dumps(good | {"history": "x", "created": 5, "config": []}).encode()
    what = Descriptor("", Digest.of(raw), len(raw))
    server.on(f"/v2/acme/app/blobs/{what.digest}", http(200, raw))
    seen = await trial(server, blob(server, what), at_most=2)
    assert seen.answer == raw
    assert parse_config(raw).anomalies


@row(AREA, server="a config of 20 MB", client="reads it only when told to, up to 32 MiB")
async def test_large_configs(server: Misbehaving) -> None:
    raw = json.dumps({"config": {"Labels": {"a": "b" * (20 * MIB)}}}).encode()
    what = Descriptor("", Digest.of(raw), len(raw))
    server.on(f"/v2/acme/app/blobs/{what.digest}", http(200, raw))
    seen = await trial(server, blob(server, what), at_most=0, cancel=False)
    assert isinstance(seen.error, TooLarge)

    async def whole(client: Client) -> int:
        return len(await client.blob(here(server), what, limit=32 * MIB))

    again = await trial(server, whole, at_most=2, memory=100 * MIB)
    assert again.answer == len(raw)


@row(
    AREA,
    server="things that are no images: empty config, no type, Helm, Wasm, a plugin, an artifact manifest, no layers",
    client="shows an artifact; its config is never read as an image's",
)
@pytest.mark.parametrize(
    "value",
    [
        {"config": {"mediaType": "application/vnd.oci.empty.v1+json"}, "artifactType": "application/x.y"},
        {"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json"}, "layers": []},
        {"config": {"mediaType": "application/vnd.wasm.config.v0+json"}, "layers": [{}]},
        {"config": {"mediaType": "application/vnd.docker.plugin.v1+json"}},
        {"mediaType": "application/vnd.oci.artifact.manifest.v1+json", "artifactType": "x/y", "blobs": [{"size": 0}]},
        {"config": {"mediaType": "application/vnd.oci.empty.v1+json"}, "layers": None},
    ],
)
async def test_artifacts(server: Misbehaving, value: dict[str, object]) -> None:
    server.on(TAG, sent(images.dump({"schemaVersion": 2, **value}), "application/json"))
    seen = await trial(server, manifest(server), at_most=2)
    assert isinstance(seen.answer, Artifact)


@row(AREA, server="a manifest with every field of every wrong kind", client="reads what is left of it")
async def test_strange_manifests(server: Misbehaving) -> None:
    good = json.loads(images.image(annotations={"a": "b"}).raw)
    wrong = [good | {key: junk} for key, junk in itertools.product([*good, "subject", "artifactType"], JUNK)]
    layer = good["layers"][0]
    keys = [*layer, "urls", "annotations", "data", "platform", "artifactType"]
    wrong += [good | {"layers": [layer | {key: junk}]} for key, junk in itertools.product(keys, JUNK)]
    wrong += [{"schemaVersion": 2, "manifests": [layer | {key: junk}]} for key, junk in itertools.product(keys, JUNK)]
    for value in wrong:
        read = parse_manifest(json.dumps(value).encode())
        assert Tree(read).rows()
    server.on(TAG, sent(json.dumps(good | {"layers": [layer | {"size": -1, "digest": []}]}).encode()))
    seen = await trial(server, manifest(server), at_most=2)
    assert isinstance(seen.answer, Image)
    assert len(seen.answer.anomalies) == 2
