"""The commands in the documentation of docker-registry (github.com/harcokuppens/docker-registry), one by one.

The verbs and options are its own. Where its document pipes into jq, Python picks, because jq need not be there.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from real.commands import Said, shell
from real.published import (
    BASE,
    BASE_TAG,
    BASE_TAGS,
    ENVIRONMENT,
    LABELS,
    SINGLE,
    SINGLE_TAG,
    TYPE_LIST,
    Published,
    publish,
)
from real.push import TYPE_DOCKER_MANIFEST
from real.server import PASSWORD, USER, Server, running

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "armv7l": "arm"}
"""Go's names for this machine, by Python's."""
ARCHITECTURE = HERE.get(platform.machine().lower(), "")


class Machine:
    """Somebody at a shell, and the registry with the images of the document."""

    def __init__(self, server: Server, content: Published, home: Path) -> None:
        self.server = server
        self.content = content
        self.home = home

    def run(self, line: str, **environment: str) -> Said:
        """A line in which images stand as in the document, without registry."""
        for path in (BASE, SINGLE):
            line = line.replace(path, f"{self.server.name}/{path}")
        return shell(line, self.home, **environment)

    def good(self, line: str, **environment: str) -> str:
        """Stdout of a line that must succeed with nothing on stderr."""
        said = self.run(line, **environment)
        assert (said.code, said.err) == (0, ""), line
        return said.text

    def value(self, line: str) -> Any:
        return json.loads(self.good(line))


@pytest.fixture(scope="module")
def published(
    filled: Callable[..., object], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Published]]:
    filled("open", False)  # skips or fails when there is no server
    with running(tmp_path_factory.mktemp("published")) as server:
        yield server, publish(server)


@pytest.fixture
def machine(published: tuple[Server, Published], tmp_path: Path) -> Machine:
    return Machine(*published, tmp_path)


def pick(expression: str) -> str:
    """A filter for a pipe, in Python: `value` is the document."""
    return f"python -c 'import json, sys; value = json.load(sys.stdin); print(json.dumps({expression}))'"


# Tags


def test_tags(machine: Machine) -> None:
    with machine.server.http() as http:
        served = http.get(f"/v2/{BASE}/tags/list").raise_for_status().json()["tags"]
    assert machine.value(f"regbrowse tags {BASE}") == served, "in the order of the registry"
    assert sorted(served) == sorted(BASE_TAGS)


def test_tags_filtered(machine: Machine) -> None:
    wanted = pick('[tag for tag in value if "14.04" in tag]')
    found = machine.value(f"regbrowse tags {BASE} | {wanted}")
    assert sorted(found) == ["14.04", "14.04.1", "14.04.2", "14.04.3", "14.04.4", "14.04.5"]


# Labels


def test_labels_for_an_architecture(machine: Machine) -> None:
    assert machine.value(f"regbrowse --arch amd64   labels  {SINGLE}:{SINGLE_TAG}") == LABELS


def test_labels_of_the_config(machine: Machine) -> None:
    labels = pick('value["config"]["Labels"]')
    assert machine.value(f"regbrowse --arch amd64   config  {SINGLE} | {labels}") == LABELS


def test_one_label(machine: Machine) -> None:
    name = "org.opencontainers.image.revision"
    label = pick(f'value["{name}"]')
    assert machine.value(f"regbrowse --arch amd64   labels  {SINGLE} | {label}") == LABELS[name]


def test_labels_for_an_architecture_that_is_not_there(machine: Machine) -> None:
    said = machine.run(f"regbrowse --arch arm64 labels {SINGLE}:{SINGLE_TAG}")
    assert (said.code, said.out) == (1, b"")
    assert "linux/amd64" in said.err
    assert "arm64" in said.err


# The manifest list


def test_manifest_list_where_there_is_a_single_image(machine: Machine) -> None:
    said = machine.run(f"regbrowse manifestlist  {SINGLE}:{SINGLE_TAG}")
    assert (said.code, said.out) == (1, b"")
    assert said.err == (
        "regbrowse: no manifest list, but there is a manifest for 'linux/amd64'"
        f" with the digest {machine.content.single.manifest.digest}\n"
    )


@pytest.mark.parametrize("verb", ["digestlist", "manifestlist -r"])
def test_other_verbs_for_lists_where_there_is_none(machine: Machine, verb: str) -> None:
    said = machine.run(f"regbrowse {verb} {SINGLE}:{SINGLE_TAG}")
    assert (said.code, said.out) == (1, b"")
    assert machine.content.single.manifest.digest in said.err


def test_manifest_list(machine: Machine) -> None:
    found = machine.value(f"regbrowse  manifestlist {BASE}:{BASE_TAG}")
    assert found["mediaType"] == TYPE_LIST
    first, second, third = found["manifests"]
    manifests = [image.manifest for image in machine.content.machines.values()]
    assert first == {
        "digest": manifests[0].digest,
        "mediaType": TYPE_DOCKER_MANIFEST,
        "platform": {"architecture": "amd64", "os": "linux"},
        "size": len(manifests[0].content),
    }
    assert second["platform"] == {"architecture": "arm", "os": "linux", "variant": "v7"}
    assert third["platform"] == {"architecture": "arm64", "os": "linux", "variant": "v8"}
    assert [second["digest"], third["digest"]] == [manifests[1].digest, manifests[2].digest]


def test_digest_of_the_manifest_list(machine: Machine) -> None:
    assert machine.good(f"regbrowse digestlist {BASE}:{BASE_TAG}") == f"{machine.content.index.digest}\n"


def test_manifest_list_is_readable_and_the_same_document(machine: Machine) -> None:
    shown = machine.good(f"regbrowse manifestlist {BASE}:{BASE_TAG}")
    assert shown.count("\n") > 10
    assert json.loads(shown) == json.loads(machine.content.index.content)


# Digests, ids, manifests


@pytest.mark.parametrize("architecture", ["arm64", "amd64", "arm"])
def test_digest_for_a_platform(machine: Machine, architecture: str) -> None:
    found = machine.good(f"regbrowse --os linux --arch {architecture}  digest {BASE}:{BASE_TAG}")
    assert found == f"{machine.content.machines[architecture].manifest.digest}\n"


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_id_for_a_platform(machine: Machine, architecture: str) -> None:
    found = machine.good(f"regbrowse --os linux --arch {architecture}  id {BASE}:{BASE_TAG}")
    assert found == f"{machine.content.machines[architecture].config.digest}\n"


def test_id_by_digest(machine: Machine) -> None:
    digest = machine.content.single.manifest.digest
    assert machine.good(f"regbrowse id {SINGLE}@{digest}") == f"{machine.content.single.config.digest}\n"


def test_id_by_platform_and_tag(machine: Machine) -> None:
    found = machine.good(f"regbrowse --os linux --arch amd64 id  {SINGLE}:{SINGLE_TAG}")
    assert found == f"{machine.content.single.config.digest}\n"


def test_manifest_by_tag_and_by_digest(machine: Machine) -> None:
    manifest = machine.content.machines["arm64"].manifest
    by_tag = machine.good(f"regbrowse --arch arm64 manifest {BASE}:{BASE_TAG}")
    by_digest = machine.good(f"regbrowse manifest {BASE}@{manifest.digest}")
    assert json.loads(by_tag) == json.loads(manifest.content)
    assert by_tag == by_digest


def test_raw_output_is_what_the_digest_names(machine: Machine) -> None:
    image, base = machine.content.machines["arm64"], f"{BASE}:{BASE_TAG}"
    for verb, same, stored in (
        ("manifest", "digest", image.manifest),
        ("config", "id", image.config),
        ("manifestlist", "digestlist", machine.content.index),
    ):
        options = "" if verb == "manifestlist" else "--arch arm64"
        assert machine.run(f"regbrowse -r {options} {verb} {base}").out == stored.content
        line = f'test "sha256:$(regbrowse -r {options} {verb} {base} | sha256sum | cut -d" " -f1)" = '
        machine.good(f'{line} "$(regbrowse {options} {same} {base})"')


# Configs


@pytest.mark.skipif(ARCHITECTURE not in ("amd64", "arm64", "arm"), reason="there is no image for this machine")
@pytest.mark.parametrize("option", ["", "--os linux"])
def test_config_for_this_machine(machine: Machine, option: str) -> None:
    found = machine.value(f"regbrowse {option} config {BASE}:{BASE_TAG}")
    assert found["architecture"] == ARCHITECTURE
    assert found == json.loads(machine.content.machines[ARCHITECTURE].config.content)


def test_config_for_another_platform(machine: Machine) -> None:
    found = machine.value(f"regbrowse --os linux --arch amd64 config {BASE}:{BASE_TAG}")
    assert found == json.loads(machine.content.machines["amd64"].config.content)
    assert list(found)[:1] == ["architecture"]


def test_environment_of_the_config(machine: Machine) -> None:
    picked = pick('value["config"]["Env"]')
    assert machine.value(f"regbrowse --arch amd64 config {BASE}:{BASE_TAG} | {picked}") == ENVIRONMENT


def test_history_of_the_config(machine: Machine) -> None:
    found = machine.value(f"regbrowse --arch amd64 history {BASE}:{BASE_TAG}")
    assert [each["created_by"] for each in found] == ["ADD rootfs /"]


# Usage


def test_layer_to_a_file_and_into_a_pipe(machine: Machine) -> None:
    layer = machine.content.layer
    said = machine.run(f"regbrowse downloadlayer {SINGLE}@{layer.digest} -o layer.tar.gz")
    assert (said.code, said.out) == (0, b"")
    assert (machine.home / "layer.tar.gz").read_bytes() == layer.content
    said = machine.run(f"regbrowse downloadlayer {SINGLE}@{layer.digest} | tar -tzf -")
    assert (said.code, said.text) == (0, "etc/issue\n")


def test_verifytool(machine: Machine) -> None:
    said = machine.run(f"regbrowse           verifytool --arch amd64 {BASE}:{BASE_TAG}")
    assert said.code == 0, said.err
    assert machine.content.machines["amd64"].manifest.digest in said.text
    assert machine.content.machines["amd64"].config.digest in said.text


def test_verifytool_fails_when_a_check_fails(machine: Machine) -> None:
    """The original says FAILED and exits with 0."""
    config = machine.content.machines["arm"].config
    name = config.digest.partition(":")[2]
    file = machine.server.storage / "docker/registry/v2/blobs/sha256" / name[:2] / name / "data"
    file.write_bytes(config.content.replace(b"linux", b"linuX"))
    try:
        said = machine.run(f"regbrowse verifytool --no-cache --platform linux/arm/v7 {BASE}:{BASE_TAG}")
    finally:
        file.write_bytes(config.content)
    assert said.code == 1
    assert config.digest in said.text


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(machine: Machine, option: str) -> None:
    found = machine.good(f"regbrowse {option}")
    for verb in "tags manifestlist digest manifest id config labels downloadlayer verifytool".split():
        assert f"\n  {verb} " in found
    for word in ("-r", "-u", "--os OS", "--arch ARCH", "-h"):
        assert word in found


def test_credentials(filled: Callable[..., tuple[Server, Any]], tmp_path: Path) -> None:
    server, _ = filled("htpasswd", False)
    line = f"tags {server.name}/acme/tool"
    given: Mapping[str, Said] = {
        "option": shell(f"regbrowse -u {USER}:{PASSWORD} {line}", tmp_path),
        "behind": shell(f"regbrowse {line} -u {USER}:{PASSWORD}", tmp_path),
        "variable": shell(f"regbrowse {line}", tmp_path, DOCKER_REGISTRY_CREDENTIALS=f"{USER}:{PASSWORD}"),
    }
    for way, said in given.items():
        assert (said.code, json.loads(said.out), said.err) == (0, ["1.0"], ""), way
    wrong = shell(f"regbrowse -v -u {USER}:wrong-canary {line}", tmp_path)
    assert (wrong.code, wrong.out) == (4, b"")
    assert "canary" not in wrong.err
    assert shell(f"regbrowse {line}", tmp_path).code == 4


@pytest.mark.parametrize("wrong", ["--arhc amd64 tags library/ubuntu", "tgas library/ubuntu", "tags", "digest a b"])
def test_wrong_usage(machine: Machine, wrong: str) -> None:
    """On an option that it does not know the original loops for ever."""
    said = machine.run(f"regbrowse {wrong}")
    assert (said.code, said.out) == (2, b"")
    assert "usage:" in said.err
