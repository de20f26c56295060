"""What a folder of images answers: blobs and parts of them, referrers, and errors instead of files outside of it."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from regbrowse.errors import BadResponse, Integrity, NotFound
from regbrowse.oci.manifest import Image
from regbrowse.reference import UNNAMED, Repository
from regbrowse.reference_input import Source
from regbrowse.registry.client import Client, Settings
from regbrowse.registry.local.open import OpenedSource, open_source_in_thread
from support.archives import REF_NAME, layout_files, link, tagged, tar_of, write
from support.images import artifact, dump, image, index

IMAGE = image(files=[{"etc/os-release": b"box\n"}, {"bin/sh": b"#!" * 3000}])
OTHER = image(architecture="arm64", variant="v8")
BOTH = index(IMAGE, OTHER)


async def opening(folder: Path) -> OpenedSource:
    return await open_source_in_thread(Source("oci", str(folder)))


async def test_referrers_are_found_by_their_subject(tmp_path: Path) -> None:
    sbom = artifact("application/spdx+json", subject=IMAGE, annotations={"by": "test"})
    signature = artifact("application/vnd.example.signature", subject=IMAGE)
    found = await opening(write(tmp_path, layout_files(tagged(BOTH, "1"), (sbom, {}), (index(signature), {}))))
    path = f"/v2/{UNNAMED}/referrers/{IMAGE.digest}"
    answer = await found.responder.answer("GET", path, {})
    assert isinstance(answer.body, bytes)
    assert answer.status == 200
    for each in (sbom, signature):
        assert each.digest.encode() in answer.body
    only = await found.responder.answer("GET", f"{path}?artifactType=application/spdx%2Bjson", {})
    assert isinstance(only.body, bytes)
    assert only.headers["OCI-Filters-Applied"] == "artifactType"
    assert sbom.digest.encode() in only.body
    assert signature.digest.encode() not in only.body
    nothing = await found.responder.answer("GET", f"/v2/{UNNAMED}/referrers/{OTHER.digest}", {})
    assert nothing.status == 200
    assert isinstance(nothing.body, bytes)
    assert b'"manifests":[]' in nothing.body


async def whole(found: OpenedSource, method: str, target: str, asked: str = "") -> tuple[int, bytes, dict[str, str]]:
    answer = await found.responder.answer(method, target, {"range": asked} if asked else {})
    body = answer.body if isinstance(answer.body, bytes) else b"".join([part async for part in answer.body])
    return answer.status, body, dict(answer.headers)


async def test_ranges(tmp_path: Path) -> None:
    blob = IMAGE.below[0]
    found = await opening(write(tmp_path, layout_files(tagged(IMAGE, "1"))))
    path = f"/v2/{UNNAMED}/blobs/{blob.digest}"
    size = len(blob.raw)
    parts = {"0-3": blob.raw[:4], "5-": blob.raw[5:], "-4": blob.raw[-4:], f"2-{size * 9}": blob.raw[2:]}
    for asked, part in parts.items():
        status, body, headers = await whole(found, "GET", path, f"bytes={asked}")
        assert (status, body, headers["Content-Length"]) == (206, part, str(len(part)))
    assert (await whole(found, "GET", path, f"bytes={size}-"))[0] == 416
    assert (await whole(found, "GET", path, "bytes=0-1,4-5"))[:2] == (200, blob.raw)
    status, body, headers = await whole(found, "HEAD", path)
    assert (status, body, headers["Content-Length"]) == (200, b"", str(size))


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/v2/", 200),
        ("/v2/nobody/tags/list", 404),
        ("/v2/unnamed/manifests/none", 404),
        ("/v2/unnamed/manifests/sha256:short", 404),
        ("/v2/unnamed/blobs/..%2F..%2Findex.json", 404),
        ("/v2/unnamed/blobs/sha256:..%2Findex", 404),
        ("/v2/unnamed/blobs/none", 400),
        ("/v2/unnamed/tags/list?n=x", 400),
        ("/etc/passwd", 404),
    ],
)
async def test_other_questions(tmp_path: Path, target: str, status: int) -> None:
    found = await opening(write(tmp_path, layout_files(tagged(IMAGE, "1"))))
    assert (await whole(found, "GET", target))[0] == status
    assert (await whole(found, "DELETE", target))[0] == 405


async def test_what_is_missing_and_what_was_altered(tmp_path: Path) -> None:
    files = layout_files(tagged(IMAGE, "1"), tagged(OTHER, "2"))
    found = await opening(write(tmp_path, files))
    blobs = tmp_path / "blobs" / "sha256"
    config, layer = IMAGE.below[0], IMAGE.below[1]
    (blobs / config.digest[7:]).unlink()
    (blobs / layer.digest[7:]).write_bytes(b"other")
    (blobs / OTHER.digest[7:]).unlink()
    repository = Repository(found.registry, UNNAMED)
    async with Client(Settings(local={found.registry.key: found.responder}, pause=0)) as client:
        manifest = await client.manifest(repository, "1")
        assert isinstance(manifest, Image)
        with pytest.raises(NotFound, match="does not hold it"):
            await client.blob(repository, manifest.config)
        with pytest.raises(Integrity):
            await client.blob(repository, manifest.layers[0])
        with pytest.raises(NotFound, match='has no "2"'):
            await client.manifest(repository, "2")


async def test_links_out_of_the_folder_are_followed(tmp_path: Path) -> None:
    """As the trees of build systems have them: of single files, of the folder of blobs, and of everything."""
    store = write(tmp_path / "store", layout_files(tagged(IMAGE, "1")))
    single, blobs, everything = tmp_path / "single", tmp_path / "blobs", tmp_path / "everything"
    for path in store.rglob("*"):
        if path.is_file():
            for folder in (single, everything) if path.parent.name == "sha256" else (everything,):
                place = folder / path.relative_to(store)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(path)
    for folder in (single, blobs):
        write(folder, {name: (store / name).read_bytes() for name in ("index.json", "oci-layout")})
    (blobs / "blobs").symlink_to(store / "blobs")
    for folder in (single, blobs, everything):
        found = await opening(folder)
        assert found.notices == ()
        repository = Repository(found.registry, UNNAMED)
        async with Client(Settings(local={found.registry.key: found.responder}, pause=0)) as client:
            manifest = await client.manifest(repository, "1")
            assert isinstance(manifest, Image)
            assert await client.blob(repository, manifest.config) == IMAGE.below[0].raw


async def test_what_cannot_be_read_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "out", layout_files(tagged(IMAGE, "1"), tagged(OTHER, "2")))
    names = [each.digest[7:] for each in (*IMAGE.below, OTHER)]
    blobs = folder / "blobs" / "sha256"
    for name in names[:3]:
        (blobs / name).unlink()
    (blobs / names[0]).symlink_to(tmp_path / "gone")
    os.mkfifo(blobs / names[1])
    (blobs / names[2]).symlink_to(names[2])
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != names[3] and allowed(path, mode))
    found = await opening(folder)
    repository = Repository(found.registry, UNNAMED)
    async with Client(Settings(local={found.registry.key: found.responder}, pause=0)) as client:
        manifest = await client.manifest(repository, "1")
        assert isinstance(manifest, Image)
        reasons = (
            f"blobs/sha256/{names[0]} is a symbolic link to {tmp_path}/gone, which is not there.",
            f"blobs/sha256/{names[1]} is a device, pipe or socket, not a file.",
            f"blobs/sha256/{names[2]} cannot be read: a link in its path leads to itself.",
        )
        for descriptor, reason in zip((manifest.config, *manifest.layers), reasons, strict=True):
            with pytest.raises(BadResponse) as caught:
                await client.blob(repository, descriptor)
            assert caught.value.why == reason
        with pytest.raises(BadResponse, match="may not be read by this user"):
            await client.manifest(repository, "2")


async def test_a_folder_of_blobs_that_is_a_link_to_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "out", layout_files(tagged(IMAGE, "1")))
    (folder / "blobs").rename(tmp_path / "moved")
    (folder / "blobs").symlink_to(tmp_path / "gone")
    found = await opening(folder)
    async with Client(Settings(local={found.registry.key: found.responder}, pause=0)) as client:
        with pytest.raises(BadResponse, match=r"blobs is a symbolic link to .*/gone, which is not there"):
            await client.manifest(Repository(found.registry, UNNAMED), "1")


async def test_links_out_of_an_archive_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(IMAGE.below[0].raw)
    files: dict[str, bytes | tarfile.TarInfo] = dict(layout_files(tagged(IMAGE, "1")))
    name = f"blobs/sha256/{IMAGE.below[0].digest[7:]}"
    for target in (str(tmp_path / "secret"), "../../../secret", "../sha256/gone"):
        path = tmp_path / "x.tar"
        path.write_bytes(tar_of({**files, name: link(name, target)}))
        found = await open_source_in_thread(Source("oci-archive", str(path)))
        repository = Repository(found.registry, UNNAMED)
        async with Client(Settings(local={found.registry.key: found.responder}, pause=0)) as client:
            manifest = await client.manifest(repository, "1")
            assert isinstance(manifest, Image)
            with pytest.raises(BadResponse, match=f"{name} is a link to .*, which is not in the archive."):
                await client.blob(repository, manifest.config)


async def test_links_inside_of_the_folder_are_followed(tmp_path: Path) -> None:
    folder = write(tmp_path / "out", layout_files(tagged(IMAGE, "1")))
    config = folder / "blobs" / "sha256" / IMAGE.below[0].digest[7:]
    config.rename(folder / "pool")
    config.symlink_to(folder / "pool")
    (tmp_path / "by-link").symlink_to(folder)
    found = await opening(tmp_path / "by-link")
    status, body, _ = await whole(found, "GET", f"/v2/{UNNAMED}/blobs/{IMAGE.below[0].digest}")
    assert (status, body) == (200, IMAGE.below[0].raw)


async def test_media_types_that_break_headers(tmp_path: Path) -> None:
    files = layout_files(tagged(IMAGE, "1"))
    listed = IMAGE.descriptor(mediaType="ü\r\nX-Evil: 1", annotations={REF_NAME: "1"})
    files["index.json"] = dump({"schemaVersion": 2, "manifests": [listed]})
    found = await opening(write(tmp_path, files))
    _, body, headers = await whole(found, "GET", f"/v2/{UNNAMED}/manifests/1")
    assert headers["Content-Type"] == "application/json"
    assert body == IMAGE.raw
