"""Images in folders and archives, from what was typed to bytes that were verified, through the client."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from regbrowse.errors import NotFound
from regbrowse.oci.manifest import Image, Index, Manifest
from regbrowse.reference import UNNAMED, Digest, Reference, Repository
from regbrowse.reference_input import read_typed
from regbrowse.registry.client import Client, Settings
from regbrowse.registry.local.open import OpenedSource, open_source_in_thread
from support.archives import (
    CONTAINERD_NAME,
    REF_NAME,
    dir_files,
    layout_files,
    link,
    saved_files,
    tagged,
    tar_of,
    write,
)
from support.images import image, index

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

AMD = image(files=[{"etc/os-release": b"box\n"}, {"bin/sh": b"#!" * 3000}])
ARM = image(architecture="arm64", variant="v8")
BOTH = index(AMD, ARM)


async def opening(text: str) -> OpenedSource:
    source = read_typed(text).source
    assert source is not None
    return await open_source_in_thread(source)


def client_of(found: OpenedSource) -> Client:
    return Client(Settings(local={found.registry.key: found.responder}, pause=0))


async def walk(client: Client, manifest: Manifest, repository: Repository) -> list[int]:
    """Reads everything below a manifest, verified; gives the sizes of the blobs."""
    if isinstance(manifest, Index):
        sizes = []
        for child in manifest.manifests:
            assert child.digest is not None
            sizes += await walk(client, await client.manifest(repository, child.digest), repository)
        return sizes
    assert isinstance(manifest, Image)
    sizes = []
    for descriptor in (manifest.config, *manifest.layers):
        start = await client.blob_start(repository, descriptor, 7)
        content = await client.blob(repository, descriptor)
        assert start == content[:7]
        assert descriptor.digest == Digest.of(content)
        assert descriptor.size == len(content)
        sizes.append(len(content))
    return sizes


async def everything(text: str) -> dict[str, dict[str, tuple[Manifest, list[int]]]]:
    """Path -> tag -> the manifest and the sizes of what is below it."""
    found = await opening(text)
    all_of_it: dict[str, dict[str, tuple[Manifest, list[int]]]] = {}
    async with client_of(found) as client:
        async for catalog in client.catalog(found.registry):
            for path in catalog.repositories:
                repository = Repository(found.registry, path)
                tags = [tag async for page in client.tags(repository) for tag in page.tags]
                for tag in tags:
                    claim = await client.head(repository, tag)
                    manifest = await client.manifest(repository, tag)
                    assert claim is not None
                    assert claim.digest == manifest.digest
                    assert manifest.anomalies == ()
                    entry = manifest, await walk(client, manifest, repository)
                    all_of_it.setdefault(path, {})[tag] = entry
        assert {each.status for each in client.log if not each.is_cached} <= {200, 206}
    return all_of_it


def digests(found: dict[str, dict[str, tuple[Manifest, list[int]]]]) -> dict[str, dict[str, str]]:
    return {path: {tag: str(each.digest) for tag, (each, _) in tags.items()} for path, tags in found.items()}


async def test_a_layout_with_tags(tmp_path: Path) -> None:
    write(tmp_path / "out", layout_files(tagged(BOTH, "1.0"), tagged(AMD, "amd")))
    found = await everything(f"oci:{tmp_path}/out")
    assert digests(found) == {UNNAMED: {"1.0": BOTH.digest, "amd": AMD.digest}}
    assert len(found[UNNAMED]["1.0"][1]) == 5


@pytest.mark.parametrize("ending", ["", ".tar"])
async def test_a_folder_of_the_dir_transport(tmp_path: Path, ending: str) -> None:
    for made, name in ((BOTH, "both"), (AMD, "one")):
        folder = write(tmp_path / name, dir_files(made, ending=ending))
        found = await everything(f"dir:{folder}")
        assert digests(found) == {UNNAMED: {"latest": made.digest}}
        assert len(found[UNNAMED]["latest"][1]) == (5 if made is BOTH else 3)
    place = (await opening(f"dir:{tmp_path}/both@{AMD.digest}")).place
    assert isinstance(place, Reference)
    assert str(place.digest) == AMD.digest
    (tmp_path / "both" / f"{ARM.digest[7:]}.manifest.json").unlink()
    found_again = await opening(f"dir:{tmp_path}/both")
    async with client_of(found_again) as client:
        with pytest.raises(NotFound):
            await client.manifest(Repository(found_again.registry, UNNAMED), Digest.parse(ARM.digest))


async def test_names_of_every_kind(tmp_path: Path) -> None:
    files = layout_files(
        (BOTH, {CONTAINERD_NAME: "docker.io/library/alpine:3.20", REF_NAME: "3.20"}),
        tagged(AMD, "ghcr.io/acme/app:1"),
        tagged(ARM, "localhost:5000/app"),
        tagged(AMD, "bare"),
        tagged(AMD, "v1+build"),
    )
    found = await opening(f"oci:{write(tmp_path / 'out', files)}")
    assert found.place == found.registry
    assert found.notices == (
        '"localhost:5000/app:latest" in index.json is shown as "localhost-5000/app:latest".',
        '"v1+build" in index.json is shown as "v1_build".',
    )
    assert digests(await everything(f"oci:{tmp_path}/out")) == {
        "docker.io/library/alpine": {"3.20": BOTH.digest},
        "ghcr.io/acme/app": {"1": AMD.digest},
        "localhost-5000/app": {"latest": ARM.digest},
        UNNAMED: {"bare": AMD.digest, "v1_build": AMD.digest},
    }


@pytest.mark.parametrize(
    ("behind", "path", "tag"),
    [
        (":1.0", UNNAMED, "1.0"),
        (":alpine:3.20", "docker.io/library/alpine", "3.20"),
        (":alpine", "docker.io/library/alpine", None),
        (":docker.io/library/alpine:3.20", "docker.io/library/alpine", "3.20"),
        (":docker.io/library/alpine", "docker.io/library/alpine", None),
        (":3.20", "docker.io/library/alpine", "3.20"),
        (f":alpine:3.20@{BOTH.digest}", "docker.io/library/alpine", "3.20"),
        (f"@{AMD.digest}", UNNAMED, None),
    ],
)
async def test_what_stands_behind_the_path(tmp_path: Path, behind: str, path: str, tag: str | None) -> None:
    folder = tmp_path / "with a space"
    write(folder, layout_files(tagged(AMD, "1.0"), tagged(BOTH, "docker.io/library/alpine:3.20")))
    found = await opening(f"oci:{folder}{behind}")
    digest = Digest.parse(behind.partition("@")[2]) if "@" in behind else None
    assert found.place == Reference(Repository(found.registry, path), tag, digest)
    assert str(found.registry) == f"oci:{folder}"
    again = await opening(found.place.familiar)
    assert again.place == found.place


@pytest.mark.parametrize(
    "behind",
    [
        "host:5000/Team/app:v2+build",
        "host-5000/team/app:v2_build",
        "v2_build",
        f"host:5000/Team/app:v2+build@{BOTH.digest}",
    ],
)
async def test_a_name_beyond_the_grammar_is_reachable(tmp_path: Path, behind: str) -> None:
    """As `buildah push oci-archive:` writes it."""
    path = tmp_path / "x.tar"
    path.write_bytes(
        tar_of(layout_files(tagged(AMD, "host:5000/Team/app:v2"), tagged(BOTH, "host:5000/Team/app:v2+build")))
    )
    found = await opening(f"oci-archive:{path}:{behind}")
    assert isinstance(found.place, Reference)
    assert (found.place.repository.path, found.place.tag) == ("host-5000/team/app", "v2_build")
    again = await opening(found.place.familiar)
    assert again.place == found.place
    async with client_of(found) as client:
        assert (await client.manifest(found.place.repository, found.place.target or "")).digest == Digest.parse(
            BOTH.digest
        )
    repository = await opening(f"oci-archive:{path}:host:5000/Team/app")
    assert repository.place == Reference(Repository(found.registry, "host-5000/team/app"))


async def test_a_path_may_look_like_one_with_a_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    files = layout_files(tagged(AMD, "2"))
    write(tmp_path / "a", files)
    write(tmp_path / "a:1.0", files)
    whole, home = await opening("oci:a:1.0"), await opening("oci:~/a:2")
    assert isinstance(whole.place, Reference)
    assert whole.place.tag is None
    assert isinstance(home.place, Reference)
    assert home.place.tag == "2"
    assert (await opening("oci:a/")).registry.key == home.registry.key != whole.registry.key


async def test_without_a_name_the_index_itself_is_opened(tmp_path: Path) -> None:
    files = layout_files((AMD, {}), (ARM, {}))
    folder = write(tmp_path / "out", files)
    found = await opening(f"oci:{folder}")
    assert found.place == Reference(Repository(found.registry, UNNAMED))
    everywhere = await everything(f"oci:{folder}")
    top, sizes = everywhere[UNNAMED]["index.json"]
    assert isinstance(top, Index)
    assert top.raw == files["index.json"]
    assert len(sizes) == 5


async def test_an_empty_layout(tmp_path: Path) -> None:
    top, _ = (await everything(f"oci:{write(tmp_path, layout_files())}"))[UNNAMED]["index.json"]
    assert isinstance(top, Index)
    assert top.manifests == ()


async def test_many_tags_come_in_pages(tmp_path: Path) -> None:
    write(tmp_path, layout_files(*(tagged(AMD, f"v{number}") for number in range(2500))))
    found = await opening(f"oci:{tmp_path}")
    async with client_of(found) as client:
        pages = [page async for page in client.tags(Repository(found.registry, UNNAMED))]
    assert [len(page.tags) for page in pages] == [1000, 1000, 500]


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "tar": lambda data: data,
    "tar.gz": gzip.compress,
    "tar.bz2": bz2.compress,
    "tar.xz": lzma.compress,
    "tar.zst": zstd.compress,
}


@pytest.mark.parametrize("ending", PACKED)
async def test_an_oci_archive(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"image.{ending}"
    path.write_bytes(PACKED[ending](tar_of(layout_files(tagged(BOTH, "1.0")))))
    assert digests(await everything(f"oci-archive:{path}")) == {UNNAMED: {"1.0": BOTH.digest}}
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208


@pytest.mark.parametrize("packed", [False, True], ids=["unpacked", "packed layers"])
async def test_an_old_docker_archive(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "saved.tar"
    names = ["acme/app:1", "acme/app:latest", "ghcr.io/acme/tool:2"]
    path.write_bytes(tar_of(saved_files((AMD, names), (ARM, None), packed=packed)))
    found = await opening(f"docker-archive:{path}")
    assert len(found.notices) == 1
    assert "docker save keeps no manifests" in found.notices[0]
    held = await everything(f"docker-archive:{path}")
    assert {path: sorted(tags) for path, tags in held.items()} == {
        "acme/app": ["1", "latest"],
        "ghcr.io/acme/tool": ["2"],
        UNNAMED: ["manifest.json"],
    }
    assert len(set(digests({key: held[key] for key in ("acme/app", "ghcr.io/acme/tool")})["acme/app"].values())) == 1
    made, sizes = held["acme/app"]["1"]
    assert isinstance(made, Image)
    assert str(made.config.digest) == AMD.below[0].digest
    wanted = [len(each.raw if packed else gzip.decompress(each.raw)) for each in AMD.below[1:]]
    assert sizes[1:] == wanted
    rest, _ = held[UNNAMED]["manifest.json"]
    assert isinstance(rest, Index)
    assert [str(each.platform) for each in rest.manifests] == ["linux/arm64/v8"]


async def test_layers_that_are_links_inside_an_archive(tmp_path: Path) -> None:
    files: dict[str, bytes | tarfile.TarInfo] = dict(saved_files((AMD, ["a/b:1"])))
    layers = [name for name in files if name.endswith("layer.tar")]
    moved = {"kept/0": files.pop(layers[0]), "kept/1": files.pop(layers[1])}
    links = {layers[0]: link(layers[0], "../kept/0"), layers[1]: link(layers[1], "kept/1", hard=True)}
    path = tmp_path / "saved.tar"
    path.write_bytes(tar_of({**links, **moved, **files}))
    assert set(await everything(f"docker-archive:{path}:a/b:1")) == {"a/b"}


async def test_a_new_docker_archive_is_a_layout(tmp_path: Path) -> None:
    names = {CONTAINERD_NAME: "docker.io/library/app:1", REF_NAME: "1"}
    path = tmp_path / "saved.tar"
    path.write_bytes(tar_of({**saved_files((AMD, ["app:1"])), **layout_files((BOTH, names))}))
    found = await everything(f"docker-archive:{path}")
    assert digests(found) == {"docker.io/library/app": {"1": BOTH.digest}}


SKOPEO = Path("/usr/bin/skopeo")


@pytest.mark.skipif(not SKOPEO.exists(), reason="skopeo is not installed")
async def test_archives_that_skopeo_writes(tmp_path: Path) -> None:
    write(tmp_path / "out", layout_files(tagged(AMD, "1.0")))

    def copy(*words: str) -> None:
        command = [str(SKOPEO), "--insecure-policy", "--tmpdir", str(tmp_path), "copy", "-q", *words]
        subprocess.run(command, check=True, timeout=60, cwd=tmp_path, stdin=subprocess.DEVNULL)

    copy("oci:out:1.0", "docker-archive:docker.tar:example.com/acme/app:2")
    copy("oci:out:1.0", "oci-archive:oci.tar:3")
    saved = await everything(f"docker-archive:{tmp_path}/docker.tar")
    made, sizes = saved["example.com/acme/app"]["2"]
    assert isinstance(made, Image)
    assert sizes[1:] == [len(gzip.decompress(each.raw)) for each in AMD.below[1:]]
    packed = await everything(f"oci-archive:{tmp_path}/oci.tar")
    assert digests(packed) == {UNNAMED: {"3": AMD.digest}}
    shutil.rmtree(tmp_path / "out")
    await everything(f"docker-archive:{tmp_path}/docker.tar:example.com/acme/app:2")
