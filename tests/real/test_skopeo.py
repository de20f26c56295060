"""What this program prints, against what skopeo prints for the same content."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from real.commands import shell
from real.conftest import REQUIRE
from real.content import APP, CHART, MANY, TOOL, Content
from real.published import BASE, BASE_TAG, SINGLE, SINGLE_TAG, publish
from real.push import sha256
from real.server import PASSWORD, USER, Server, running
from support import images
from support.archives import layout_files, tagged, write

if TYPE_CHECKING:
    from collections.abc import Iterator

SKOPEO = shutil.which("skopeo")
Filled = Callable[[str, bool], tuple[Server, Content]]
PLATFORMS = ("linux/amd64", "linux/arm/v7", "linux/arm64/v8")


@pytest.fixture(autouse=True)
def there_is_skopeo() -> None:
    if SKOPEO is None:
        if os.environ.get(REQUIRE):
            pytest.fail(f"skopeo is not installed, and {REQUIRE} is set")
        pytest.skip("skopeo is not installed")


@pytest.fixture(scope="module")
def published(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    filled("open", False)  # skips or fails when there is no server
    with running(tmp_path_factory.mktemp("published")) as server:
        publish(server)
        yield server


def skopeo(*words: str) -> bytes:
    """Its stdout; the platform's options stand before the command."""
    done = subprocess.run([SKOPEO or "skopeo", *words], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def ours(line: str, home: Path, **environment: str) -> bytes:
    said = shell(f"regbrowse {line}", home, **environment)
    assert said.code == 0, said.err
    return said.out


def chosen(platform: str) -> list[str]:
    """The platform as skopeo wants it."""
    system, architecture, *variant = platform.split("/")
    return ["--override-os", system, "--override-arch", architecture] + [
        word for each in variant for word in ("--override-variant", each)
    ]


@pytest.mark.parametrize("image", [f"{BASE}:{BASE_TAG}", f"{SINGLE}:{SINGLE_TAG}"])
def test_exact_manifests_and_their_digests(published: Server, tmp_path: Path, image: str) -> None:
    name = f"{published.name}/{image}"
    theirs = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{name}")
    suffix = "list" if image.startswith(BASE) else ""
    assert ours(f"-r manifest{suffix} {name}", tmp_path) == theirs
    assert ours(f"digest{suffix} {name}", tmp_path).decode() == f"{sha256(theirs)}\n"
    (tmp_path / "raw").write_bytes(theirs)
    assert ours(f"digest{suffix} {name}", tmp_path) == skopeo("manifest-digest", str(tmp_path / "raw"))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_configs_of_every_platform(published: Server, tmp_path: Path, platform: str) -> None:
    name = f"{published.name}/{BASE}:{BASE_TAG}"
    theirs = skopeo(*chosen(platform), "inspect", "--config", "--raw", "--tls-verify=false", f"docker://{name}")
    config = ours(f"-r --platform {platform} config {name}", tmp_path)
    # skopeo ends what it prints with a newline of its own.
    assert config == theirs.removesuffix(b"\n")
    assert ours(f"--platform {platform} id {name}", tmp_path).decode() == f"{sha256(config)}\n"
    parsed = json.loads(ours(f"--platform {platform} config {name}", tmp_path))
    read = json.loads(skopeo(*chosen(platform), "inspect", "--config", "--tls-verify=false", f"docker://{name}"))
    assert {key: read[key] for key in ("architecture", "os", "rootfs")} == {
        key: parsed[key] for key in ("architecture", "os", "rootfs")
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_skopeo_knows_of_an_image(published: Server, tmp_path: Path, platform: str) -> None:
    name = f"{published.name}/{BASE}:{BASE_TAG}"
    theirs = json.loads(skopeo(*chosen(platform), "inspect", "--tls-verify=false", f"docker://{name}"))
    manifest = json.loads(ours(f"--platform {platform} manifest {name}", tmp_path))
    config = json.loads(ours(f"--platform {platform} config {name}", tmp_path))
    assert theirs["Layers"] == [each["digest"] for each in manifest["layers"]]
    assert theirs["Architecture"] == config["architecture"]
    assert theirs["Env"] == config["config"]["Env"]
    assert sorted(theirs["RepoTags"]) == sorted(json.loads(ours(f"tags {name}", tmp_path)))


def test_labels(published: Server, tmp_path: Path) -> None:
    name = f"{published.name}/{SINGLE}:{SINGLE_TAG}"
    theirs = json.loads(skopeo(*chosen("linux/amd64"), "inspect", "--tls-verify=false", f"docker://{name}"))
    assert json.loads(ours(f"--platform linux/amd64 labels {name}", tmp_path)) == theirs["Labels"]


@pytest.mark.parametrize("path", [APP, TOOL, CHART, MANY])
def test_tags(filled: Filled, tmp_path: Path, path: str) -> None:
    server, _ = filled("open", False)
    theirs: dict[str, Any] = json.loads(skopeo("list-tags", "--tls-verify=false", f"docker://{server.name}/{path}"))
    assert json.loads(ours(f"tags {server.name}/{path}", tmp_path)) == theirs["Tags"]


def test_chart(filled: Filled, tmp_path: Path) -> None:
    server, content = filled("open", False)
    name = f"{server.name}/{CHART}:1.0.0"
    theirs = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{name}")
    assert ours(f"-r manifest {name}", tmp_path) == theirs == content.chart.manifest.content


@pytest.mark.parametrize("auth", ["htpasswd", "token"])
def test_with_a_login(filled: Filled, tmp_path: Path, auth: str) -> None:
    server, content = filled(auth, False)
    name = f"{server.name}/{APP}:1.2.3"
    theirs = skopeo("inspect", "--raw", "--tls-verify=false", "--creds", f"{USER}:{PASSWORD}", f"docker://{name}")
    login = {"DOCKER_REGISTRY_CREDENTIALS": f"{USER}:{PASSWORD}"}
    assert ours(f"-r manifestlist {name}", tmp_path, **login) == theirs == content.index.content


def test_over_tls(filled: Filled, tmp_path: Path) -> None:
    server, content = filled("open", True)
    name = f"{server.name}/{TOOL}:1.0"
    assert server.ca_file is not None
    theirs = skopeo("inspect", "--raw", "--cert-dir", str(_folder(server.ca_file, tmp_path)), f"docker://{name}")
    assert ours(f"-r --cacert {server.ca_file} manifest {name}", tmp_path) == theirs == content.tool.manifest.content


def _folder(ca_file: Path, tmp_path: Path) -> Path:
    """The authority alone, under the name that skopeo looks for."""
    folder = tmp_path / "certs"
    folder.mkdir()
    shutil.copy(ca_file, folder / "ca.crt")
    return folder


def test_folders_that_skopeo_writes(tmp_path: Path) -> None:
    """From an image layout to the dir transport: the same image, without a registry."""
    image = images.image()
    index = images.index(image, images.image(architecture="arm64", variant="v8"))
    write(tmp_path / "layout", layout_files(tagged(index, "1.0")))
    folder = tmp_path / "folder"
    skopeo("--insecure-policy", "copy", "--all", "-q", f"oci:{tmp_path}/layout:1.0", f"dir:{folder}")
    theirs = skopeo("inspect", "--raw", f"dir:{folder}")
    assert ours(f"-r manifestlist dir:{folder}", tmp_path) == theirs == index.raw
    config = skopeo(*chosen("linux/amd64"), "inspect", "--config", "--raw", f"dir:{folder}")
    assert ours(f"-r config dir:{folder} --platform linux/amd64", tmp_path) == config.removesuffix(b"\n")
    assert ours(f"verifytool --all dir:{folder}", tmp_path).count(b"FAILED") == 0
