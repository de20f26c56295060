"""`config`, `id`, `labels` and `history`."""

from __future__ import annotations

import hashlib
import json

import pytest

from support import images
from support.asking import hold
from support.command_line import CommandLine
from support.fake_registry import FakeRegistry, Fault, lie

REPOSITORY = "acme/app"
AMD64 = images.image()
ARM64 = images.image(architecture="arm64", variant="v8")
MANY = images.index(AMD64, ARM64)


def with_config(raw: bytes, media_type: str = images.OCI_CONFIG) -> images.Made:
    """An image whose config is these bytes."""
    made = images.Made(raw, media_type)
    value = {"schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "config": made.descriptor(), "layers": []}
    return images.Made(images.dump(value), images.OCI_MANIFEST, (made,), True)


@pytest.mark.parametrize(("words", "image"), [([], AMD64), (["--arch", "arm64"], ARM64)])
async def test_the_id_is_the_digest_of_the_config(
    registry: FakeRegistry, run: CommandLine, words: list[str], image: images.Made
) -> None:
    config = image.below[0]
    reference = hold(registry, MANY)
    said = await run("-r", "config", reference, *words)
    assert (said.code, said.raw, said.err) == (0, config.raw, "")
    identity = await run("id", reference, *words)
    assert identity.out == f"sha256:{hashlib.sha256(said.raw).hexdigest()}\n" == f"{config.digest}\n"
    pretty = await run("config", reference, *words)
    assert pretty.json == json.loads(config.raw)
    assert pretty.out.endswith("\n}\n")


async def test_requests_of_a_config(registry: FakeRegistry, run: CommandLine) -> None:
    reference = hold(registry, MANY)
    await run("--no-cache", "config", reference)
    base = f"/v2/{REPOSITORY}"
    config = AMD64.below[0].digest
    assert registry.paths() == [f"{base}/manifests/it", f"{base}/manifests/{AMD64.digest}", f"{base}/blobs/{config}"]
    registry.asked.clear()
    await run("--no-cache", "id", reference)
    assert not [path for path in registry.paths() if "/blobs/" in path], "the manifest names the id"


@pytest.mark.parametrize(
    "verb", ["config", "labels", "history", "layers", "platforms", "platforms --sizes", "verifytool", "identify"]
)
@pytest.mark.parametrize("made", [AMD64, images.index(images.Made(AMD64.raw, AMD64.media_type, AMD64.below, True))])
async def test_a_config_that_fails_is_asked_for_once_with_its_tries(
    registry: FakeRegistry, run: CommandLine, monkeypatch: pytest.MonkeyPatch, verb: str, made: images.Made
) -> None:
    monkeypatch.setattr("regbrowse.registry.transport.transport.backoff", lambda *_: 0.0)
    path = f"/v2/{REPOSITORY}/blobs/{AMD64.below[0].digest}"
    registry.fault(path, Fault(503, b"{}"))
    name, *options = verb.split()
    words = [hold(registry, made), *([f"sha256:{'0' * 64}"] if name == "identify" else []), *options]
    said = await run("--no-cache", name, *words)
    if name == "identify":
        assert registry.paths(path) == [path] * 3
        return
    assert said.code == 3
    assert "(503). Tried 3 times" in said.err
    assert registry.paths(path) == [path] * 3


async def test_labels(registry: FakeRegistry, run: CommandLine) -> None:
    raw = b'{"os":"linux","architecture":"amd64","config":{"Labels":{"b":"1.0","a":"\\u001b[31m","b":"2"}}}'
    reference = hold(registry, with_config(raw))
    said = await run("labels", reference)
    assert said.out == '{\n  "b": "1.0",\n  "a": "\\u001b[31m",\n  "b": "2"\n}\n'
    assert (await run("-r", "labels", reference)).raw == b'{"b":"1.0","a":"\\u001b[31m","b":"2"}'


async def test_history(registry: FakeRegistry, run: CommandLine) -> None:
    said = await run("history", hold(registry, AMD64))
    assert said.json == json.loads(AMD64.below[0].raw)["history"]
    assert (await run("-r", "history", hold(registry, AMD64))).json == said.json


@pytest.mark.parametrize(
    "config",
    [
        b'{"os":"linux","architecture":"amd64"}',
        b'{"os":"linux","architecture":"amd64","config":null,"history":null}',
        b'{"os":"linux","architecture":"amd64","config":{"Labels":null},"history":[]}',
        b'{"os":"linux","architecture":"amd64","config":{"Labels":{}}}',
        b'{"os":"linux","architecture":"amd64","config":[]}',
    ],
)
async def test_nothing_is_still_an_answer(registry: FakeRegistry, run: CommandLine, config: bytes) -> None:
    reference = hold(registry, with_config(config))
    for words in ([], ["-r"]):
        assert (await run("labels", reference, *words)).out.strip() == "{}"
        said = await run("history", reference, *words)
        assert (said.code, said.out.strip(), said.err) == (0, "[]", "")


async def test_forms_that_are_wrong(registry: FakeRegistry, run: CommandLine) -> None:
    config = b'{"os":"linux","architecture":"amd64","config":{"Labels":["a"]},"history":{"a":1}}'
    reference = hold(registry, with_config(config))
    said = await run("labels", reference)
    assert (said.code, said.json, said.err) == (0, {}, "config.Labels has an unexpected form; ignored.\n")
    said = await run("history", reference)
    assert (said.code, said.json, said.err) == (0, [], "history has an unexpected form; ignored.\n")


@pytest.mark.parametrize("config", [b"[]", b"not json", b"\xff\xfe", b""])
async def test_a_config_that_is_no_object(registry: FakeRegistry, run: CommandLine, config: bytes) -> None:
    reference = hold(registry, with_config(config))
    for verb in ("labels", "history"):
        said = await run(verb, reference)
        assert (said.code, said.raw) == (3, b"")
    said = await run("-r", "config", reference)
    assert (said.code, said.raw) == (0, config)


@pytest.mark.parametrize("config", [b'{"os":"linux","architecture":"amd64","x":"\xe9"}', b"not json"])
@pytest.mark.parametrize("words", [[], ["--platform", "linux/amd64"]])
async def test_what_cannot_be_read_is_named(
    registry: FakeRegistry, run: CommandLine, config: bytes, words: list[str]
) -> None:
    reference = hold(registry, with_config(config))
    place = reference.rpartition(":")[0]
    for verb in ("labels", "history", "layers", "id"):
        said = await run(verb, reference, *words)
        if verb == "id" and not words:
            assert (said.code, said.err) == (0, "")
        else:
            assert f"Reading the config of {place}" in said.err
            assert said.code == (0 if verb == "layers" and not words else 3)
    said = await run("platforms", reference)
    assert (said.code, said.raw) == (3, b"")
    assert f"Reading the config of {place}@sha256:" in said.err


@pytest.mark.parametrize("number", ["7" * 21, "-" + "7" * 300])
async def test_labels_and_history_beside_a_long_number(registry: FakeRegistry, run: CommandLine, number: str) -> None:
    raw = f'{{"os":"linux","architecture":"amd64","x":{number},"config":{{"Labels":{{"a":"b"}}}},"history":[{number}]}}'
    reference = hold(registry, with_config(raw.encode()))
    said = await run("-r", "labels", reference)
    assert (said.code, said.out, said.err) == (0, '{"a":"b"}', "")
    said = await run("-r", "history", reference)
    assert (said.code, said.out) == (0, f"[{number}]")


async def test_a_config_that_is_no_json_is_printed_as_it_is(registry: FakeRegistry, run: CommandLine) -> None:
    content = b"\xff\x00\x1b[31m binary\n"
    reference = hold(registry, with_config(content, "application/vnd.acme.thing"))
    assert (await run("config", reference)).raw == content
    assert (await run("id", reference)).out == f"{images.sha256(content)}\n"
    said = await run("config", reference, terminal=True)
    assert said.out == "\\xff\\x00\\x1b[31m binary\n"
    assert (await run("-r", "config", reference, terminal=True)).out == "\\xff\\x00\\x1b[31m binary\n"


async def test_the_config_of_an_artifact(registry: FakeRegistry, run: CommandLine) -> None:
    chart = with_config(b'{"name":"webapp"}', "application/vnd.cncf.helm.config.v1+json")
    reference = hold(registry, chart)
    assert (await run("config", reference)).out == '{\n  "name": "webapp"\n}\n'
    assert (await run("-r", "config", reference)).raw == b'{"name":"webapp"}'
    for verb in ("labels", "history"):
        said = await run(verb, reference)
        assert (said.code, said.raw) == (1, b"")
        assert f"is an artifact (Helm chart), not an image: its config holds no {verb}." in said.err


async def test_an_empty_config_needs_not_be_held(registry: FakeRegistry, run: CommandLine) -> None:
    reference = hold(registry, images.artifact("text/spdx"))
    registry.repository(REPOSITORY).blobs.clear()
    said = await run("-r", "config", reference)
    assert (said.code, said.raw) == (0, b"{}")


@pytest.mark.parametrize("verb", ["config", "id", "labels", "history"])
async def test_what_has_no_config(registry: FakeRegistry, run: CommandLine, verb: str) -> None:
    said = await run(verb, hold(registry, images.schema1(REPOSITORY, "it")))
    assert (said.code, said.raw) == (1, b"")
    assert "Docker's old schema 1, which has no config" in said.err
    value = {
        "mediaType": "application/vnd.oci.artifact.manifest.v1+json",
        "artifactType": "text/spdx",
        "blobs": [],
    }
    old = images.Made(images.dump(value), str(value["mediaType"]), (), True)
    said = await run(verb, hold(registry, old))
    assert (said.code, said.raw) == (1, b"")
    assert "is an artifact (SPDX SBOM) without a config" in said.err


async def test_a_large_config_is_read_whole(registry: FakeRegistry, run: CommandLine) -> None:
    entries = [{"created_by": "RUN " + "x" * 5000 + str(number)} for number in range(1500)]
    config = json.dumps({"os": "linux", "architecture": "amd64", "history": entries}).encode()
    assert len(config) > 7 * 2**20
    reference = hold(registry, with_config(config))
    assert (await run("-r", "config", reference)).raw == config
    assert (await run("history", reference)).json == entries


async def test_a_config_that_was_altered(registry: FakeRegistry, run: CommandLine) -> None:
    reference = hold(registry, MANY)
    config = AMD64.below[0]
    registry.fault(f"/v2/{REPOSITORY}/blobs/{config.digest}", Fault(status=200, body=lie(config.raw)))
    for words in ([], ["-r"]):
        said = await run("config", reference, *words)
        assert (said.code, said.raw) == (5, b"")
    assert (await run("id", reference)).code == 0


async def test_a_terminal_gets_the_same(registry: FakeRegistry, run: CommandLine) -> None:
    said = await run("labels", hold(registry, AMD64), terminal=True)
    assert said.out == '{\n  "org.example.name": "app"\n}\n'
