"""Opening folders and archives: what cannot be opened says why, what is hostile writes nothing."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import tarfile
import tempfile
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regbrowse.errors import BadReference, ConfigError, RegbrowseError
from regbrowse.oci.manifest import Index, parse_manifest
from regbrowse.reference import UNNAMED, Digest, Reference, Registry, is_repository_path, is_tag
from regbrowse.reference_input import Source
from regbrowse.registry.local.byte_range import ByteRange, MemorySource
from regbrowse.registry.local.docker_archive import DockerArchive
from regbrowse.registry.local.image_names import NOTICE_LIMIT, ImageNames, split_name
from regbrowse.registry.local.layout import find_referrers
from regbrowse.registry.local.open import OpenedSource, open_source
from support.archives import (
    CONTAINERD_NAME,
    base256,
    dir_files,
    header,
    layout_files,
    link,
    saved_files,
    tagged,
    tar_of,
    write,
)
from support.images import dump, image, index

IMAGE = image()
LAYOUT = layout_files(tagged(IMAGE, "1"))


def opening(kind: str, text: object) -> OpenedSource:
    return open_source(Source(kind, str(text)))


def refused(kind: str, text: object) -> str:
    with pytest.raises((BadReference, ConfigError)) as caught:
        opening(kind, text)
    said = str(caught.value)
    assert said.isprintable()
    return said


@pytest.mark.parametrize(
    ("text", "bare", "meant"),
    [
        ("3.20", True, (UNNAMED, "3.20")),
        ("3.20", False, ("3.20", "latest")),
        ("alpine:3.20", False, ("alpine", "3.20")),
        ("docker.io/library/alpine:3.20", True, ("docker.io/library/alpine", "3.20")),
        ("ghcr.io/a/b", True, ("ghcr.io/a/b", "latest")),
        ("LOCALHOST:5000/a:1", True, ("localhost-5000/a", "1")),
        ("[::1]:5000/a:1", True, ("1-5000/a", "1")),
        ("unnamed:1", False, ("library/unnamed", "1")),
        (f"a/b:1@sha256:{'a' * 64}", True, ("a/b", "1")),
        (f"a/b@sha256:{'a' * 64}", True, None),
        ("v1+build", True, (UNNAMED, "v1_build")),
        ("v1+build", False, ("v1-build", "latest")),
        ("-x", True, (UNNAMED, "_-x")),
        ("host:5000/Team/app:v2+build", True, ("host-5000/team/app", "v2_build")),
        ("host:5000/Team/app:v2+build", False, ("host-5000/team/app", "v2_build")),
        ("app:v2+build", True, ("app", "v2_build")),
        ("", True, None),
        ("../../etc", True, ("etc", "latest")),
        ("a..b/__c:1", True, ("a-b/c", "1")),
        ("a -_ b:1", True, ("a---b", "1")),
        ("/:1", True, (UNNAMED, "1")),
        ("a:" + "1" * 200, True, ("a", "1" * 128)),
        ("UPPER/case:1", False, ("upper/case", "1")),
        ("docker.io/UPPER:1", False, ("docker.io/upper", "1")),
    ],
)
def test_names_in_files(text: str, bare: bool, meant: tuple[str, str] | None) -> None:
    found = split_name(text, bare=bare)
    assert (found.shown if found else None) == meant


NAME = st.text(max_size=40) | st.text("abC1:/@.-_[]", max_size=40) | st.text("a-./", min_size=250, max_size=270)


@given(NAME, st.booleans())
def test_any_name_is_one_that_a_url_can_hold_or_none(text: str, bare: bool) -> None:
    found = split_name(text, bare=bare)
    if found is not None:
        path, tag = found.shown
        assert is_repository_path(path)
        assert is_tag(tag)


@given(st.lists(st.sampled_from(["v1+b", "v1_b", "v1 b", "v1_b-2", "a:v1+b", "A:v1_b", "a:v1_b"]) | NAME, unique=True))
def test_every_name_leads_to_its_entry(texts: list[str]) -> None:
    names = ImageNames("index.json")
    for number, text in enumerate(texts):
        names.add(number, [text], bare=True)
    names.add_list(len(texts))
    registry = Registry.of_files("oci:x", "/x")
    for number, text in enumerate(texts):
        written = split_name(text, bare=True)
        first = min(each for each, other in enumerate(texts) if split_name(other, bare=True) == written)
        if number not in names.untagged:
            place = names.resolve(registry, text, None)
            assert isinstance(place, Reference)
            assert place.tag is not None
            assert names.tags[place.repository.path][place.tag] == number == first


def test_what_is_not_there(tmp_path: Path) -> None:
    assert refused("oci", tmp_path / "none") == f'There is no folder "{tmp_path}/none".'
    assert refused("oci", f"{tmp_path}/none:1.0") == f'There is no folder "{tmp_path}/none".'
    assert refused("oci-archive", tmp_path / "no\x1b.tar") == f'There is no file "{tmp_path}/no\\x1b.tar".'
    assert refused("docker-archive", "C:\\none.tar") == 'There is no file "C:\\none.tar".'
    assert "docker.io/library/oci:latest" in refused("oci", "latest")
    assert "There is no folder" in refused("oci", "x" * 4000)
    assert "There is no folder" in refused("oci", "~nobody-of-that-name/x")


def test_what_is_no_folder_of_the_dir_transport(tmp_path: Path) -> None:
    assert "is not a folder of the dir transport: it has no manifest.json." in refused("dir", tmp_path)
    assert "There is no folder" in refused("dir", tmp_path / "none")
    (tmp_path / "file").write_bytes(b"text")
    assert "is a file, not a folder" in refused("dir", tmp_path / "file")
    for content, word in (
        (b"{", "cannot be used"),
        (b"{}", "is not a manifest"),
        (b"{" + b" " * 5 * 2**20, "larger than"),
    ):
        (tmp_path / "manifest.json").write_bytes(content)
        said = refused("dir", tmp_path)
        assert word in said
        assert "registry" not in said


def test_a_folder_is_what_its_files_say(tmp_path: Path) -> None:
    """Whichever of the kinds of folders was written."""
    layout, single = write(tmp_path / "layout", LAYOUT), write(tmp_path / "single", dir_files(IMAGE))
    unpacked = write(tmp_path / "unpacked", saved_files((IMAGE, ["a:1"])))
    for folder, tag in ((layout, "1"), (single, "latest"), (unpacked, "1")):
        for kind in ("oci", "dir"):
            place = opening(kind, f"{folder}:{tag}").place
            assert isinstance(place, Reference)
            assert place.tag == tag


@pytest.mark.parametrize(
    ("content", "notice"),
    [
        (b"Directory Transport Version: 1.1\n", ""),
        (b"Directory Transport Version: 1.0\n", ""),
        (b"Directory Transport Version: 2.0\n", 'Its version is "Directory Transport Version: 2.0"'),
        (b"\x1b", 'Its version is "\\x1b"'),
        (b"", "It has no file version"),
        (None, "It has no file version"),
    ],
)
def test_the_version_of_the_dir_transport(tmp_path: Path, content: bytes | None, notice: str) -> None:
    files = {**dir_files(IMAGE), "version": content or b""}
    if content is None:
        del files["version"]
    notices = opening("dir", write(tmp_path, files)).notices
    assert [notice in each for each in notices] == ([True] if notice else [])


def test_what_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"text")
    assert "is a file, not a folder" in refused("oci", tmp_path / "file")
    assert f'write "oci:{tmp_path}"' in refused("oci-archive", tmp_path)
    assert "is not an OCI image layout: it has no index.json." in refused("oci", tmp_path)
    assert "It is not a tar archive." in refused("oci-archive", tmp_path / "file")
    (tmp_path / "file").write_bytes(b"text" * 999)
    assert "It is not a tar archive." in refused("oci-archive", tmp_path / "file")
    (tmp_path / "tar").write_bytes(tar_of({"a": b"1"}))
    assert "neither manifest.json nor index.json" in refused("docker-archive", tmp_path / "tar")
    (tmp_path / "empty").write_bytes(b"")
    assert "no index.json" in refused("oci-archive", tmp_path / "empty")


def test_a_tag_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, LAYOUT)
    assert refused("oci", f"{tmp_path}:2") == f'"2" is not in oci:{tmp_path}. It holds "1".'


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "is empty"),
        (b"{", "cannot be used"),
        (b"[]", "not a JSON object"),
        (b"<html>", "It is a web page"),
        (IMAGE.raw, "not an image index"),
        (b'{"manifests":[],"layers":[]}', "both as an image and as an index"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * (4 * 2**20 + 1), "larger than"),
    ],
)
def test_a_broken_index(tmp_path: Path, content: bytes, word: str) -> None:
    write(tmp_path, {**LAYOUT, "index.json": content})
    said = refused("oci", tmp_path)
    assert word in said
    assert "registry" not in said


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (None, "It has no file oci-layout"),
        (b"{}", "does not say a version"),
        (b"[]", "does not say a version"),
        (b'{"imageLayoutVersion":"2.0.0"}', "of version 2.0.0"),
        (b'{"imageLayoutVersion":"1.1.0"}', ""),
    ],
)
def test_the_mark_of_a_layout(tmp_path: Path, content: bytes | None, word: str) -> None:
    files = {**LAYOUT, "oci-layout": content or b""}
    if content is None:
        del files["oci-layout"]
    notices = opening("oci", write(tmp_path, files)).notices
    assert [word in notice for notice in notices] == ([True] if word else [])


def test_a_name_twice_and_many_that_are_none(tmp_path: Path) -> None:
    other = image(architecture="arm64")
    entries = [tagged(IMAGE, "1"), tagged(other, "1"), *((IMAGE, {CONTAINERD_NAME: f"+{n}"}) for n in range(90))]
    notices = opening("oci", write(tmp_path, layout_files(*entries))).notices
    assert 'index.json names "1" more than once; the first one is shown.' in notices
    assert len(notices) == NOTICE_LIMIT


WRONG: list[object] = [None, 1, "text", [], {}, True, [1], {"a": 1}, ["../../x"], ["\0"], -1, "\x1b[31m"]


@settings(max_examples=60)
@given(data=st.data())
def test_every_field_may_be_anything(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("any")
    name = data.draw(st.sampled_from(["index.json", "manifest.json"]))
    files = layout_files(tagged(IMAGE, "1")) if name == "index.json" else saved_files((IMAGE, ["a:1"]))
    value = json.loads(files[name])
    entry = value["manifests"][0] if name == "index.json" else value[0]
    place = data.draw(st.sampled_from([entry, value])) if isinstance(value, dict) else entry
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(st.sampled_from(WRONG))
    files[name] = dump(value)
    (folder / "x.tar").write_bytes(tar_of(files))
    said: tuple[str, ...] = ()
    try:
        said = opening("docker-archive", folder / "x.tar").notices
    except RegbrowseError as error:
        said = (str(error),)
    assert all(sentence.isprintable() for sentence in said)
    assert [each.name for each in folder.iterdir()] == ["x.tar"]


HOSTILE: dict[str, bytes] = {
    "negative size": header(b"index.json", base256(-1)),
    "8 GiB pax claim": header(b"x", base256(8 * 2**30), b"x"),
    "names that climb": tar_of({"../../x": b"1", "/abs": b"2"}),
    "symlink loop": tar_of({"index.json": link("index.json", "b"), "b": link("b", "index.json")}),
    "symlink out": tar_of({"index.json": link("index.json", "../../../etc/passwd")}),
    "hard link to nothing": tar_of({"index.json": link("index.json", "gone", hard=True)}),
    "a member that claims more than there is": header(b"index.json", base256(2**40)),
    "gzip of nothing": gzip.compress(b""),
    "gzip that breaks": gzip.compress(tar_of(LAYOUT))[:-600],
    "half a gzip header": b"\x1f\x8b\x08",
    "not bzip2": b"BZh9 and then text",
    "not xz": b"\xfd7zXZ\0 and then text",
    "not zstd": b"\x28\xb5\x2f\xfd" + b"\0" * 50,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_and_write_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "inner").mkdir()
    path = tmp_path / "inner" / "x.tar"
    path.write_bytes(HOSTILE[name])
    assert "cannot be opened" in refused("oci-archive", path)
    assert "cannot be opened" in refused("docker-archive", path)
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["inner", "x.tar"]


def test_a_truncated_archive_gives_what_is_there(tmp_path: Path) -> None:
    big = image(files=[{"big": bytes(range(256)) * 400}])
    blob = big.below[1]
    files = layout_files(tagged(big, "1"))
    last = f"blobs/sha256/{blob.digest[7:]}"
    data = tar_of({**{name: files[name] for name in files if name != last}, last: files[last]})
    path = tmp_path / "cut.tar"
    path.write_bytes(data[: data.index(blob.raw) + 20])
    found = opening("oci-archive", path)
    assert found.notices == (f"The archive is cut off after {len(files)} entries.",)
    held = found.responder
    assert isinstance(found.place, Reference)

    async def status(kind: str, digest: str) -> int:
        return (await held.answer("GET", f"/v2/{UNNAMED}/{kind}/{digest}", {})).status

    assert asyncio.run(status("manifests", big.digest)) == 200
    assert asyncio.run(status("blobs", blob.digest)) == 404


@pytest.mark.parametrize("broken", ["manifest.json", "config", "layer"])
def test_broken_parts_of_an_old_docker_archive(tmp_path: Path, broken: str) -> None:
    files = saved_files((IMAGE, ["a:1"]), (image(architecture="arm64"), ["b:1"]))
    names = list(files)
    if broken == "manifest.json":
        files[broken] = b'{"Config": 1}'
    else:
        del files[names[0 if broken == "config" else 1]]
    path = tmp_path / "x.tar"
    path.write_bytes(tar_of(files))
    if broken == "manifest.json":
        assert "not a list of images" in refused("docker-archive", path)
        return
    notices = opening("docker-archive", path).notices
    assert ("missing" in " ".join(notices)) == (broken == "config")
    with_name = opening("docker-archive", f"{path}:b:1")
    assert isinstance(with_name.place, Reference)
    assert with_name.place.tag == "1"


def test_what_a_list_names_often_is_read_once() -> None:
    content = saved_files((IMAGE, ["a:1"]), packed=True)
    (entry,) = json.loads(content["manifest.json"])
    content["manifest.json"] = dump([{**entry, "RepoTags": [f"a:{number}"]} for number in range(500)])
    reads: list[int] = []

    class Source(MemorySource):
        def read(self, offset: int, count: int) -> bytes:
            reads.append(count)
            return super().read(offset, count)

    class Files:
        def find(self, name: str) -> ByteRange | None:
            return ByteRange(Source(content[name]), 0, len(content[name])) if name in content else None

    store = DockerArchive(Files())
    assert store.entry_digest(499) == store.entry_digest(0)
    assert store.blob(Digest.parse(f"sha256:{'a' * 64}")) is None
    assert len([count for count in reads if count > 4]) == len(content)


def test_the_unpacked_file_goes_with_its_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[IO[bytes]] = []
    make = tempfile.TemporaryFile

    def remembering() -> IO[bytes]:
        kept.append(make())
        return kept[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", remembering)
    path = tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(tar_of(LAYOUT)))
    found = opening("oci-archive", path)
    assert not kept[0].closed
    del found
    gc.collect()
    assert kept[0].closed


def test_subjects_are_looked_for_within_bounds() -> None:
    loop = index(IMAGE)
    nested = loop
    for _ in range(9):
        nested = index(nested)
    top = parse_manifest(index(nested).raw)
    assert isinstance(top, Index)
    asked: list[Digest] = []

    def read(digest: Digest) -> bytes:
        asked.append(digest)
        found = nested
        while str(digest) != found.digest:
            found = found.below[0]
        return found.raw

    assert find_referrers(top.manifests, read) == {}
    assert len(asked) == 5


def test_pax_names_in_archives(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(tar_of({"./" + name: content for name, content in LAYOUT.items()}, format=tarfile.GNU_FORMAT))
    assert opening("oci-archive", path).notices == ()
