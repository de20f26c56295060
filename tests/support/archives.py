"""Image layouts and archives of `docker save`, made of what the builders of images give."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from support.images import Json, Made, dump

REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"


def layout_files(*entries: tuple[Made, Mapping[str, str]]) -> dict[str, bytes]:
    """The files of an image layout; each entry of its index with its annotations."""
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    descriptors = []
    for made, notes in entries:
        descriptors.append(made.descriptor(**({"annotations": dict(notes)} if notes else {})))
        for each in everything(made):
            files[f"blobs/{each.digest.replace(':', '/')}"] = each.raw
    files["index.json"] = dump({"schemaVersion": 2, "manifests": descriptors})
    return files


def dir_files(made: Made, *, ending: str = "") -> dict[str, bytes]:
    """The files of a folder of the dir transport; before version 1.1 layers had an ending."""
    files = {"version": b"Directory Transport Version: 1.1\n", "manifest.json": made.raw}
    for each in everything(made):
        if each is not made:
            name = each.digest.partition(":")[2]
            files[name + (".manifest.json" if each.below else ending if "layer" in each.media_type else "")] = each.raw
    return files


def everything(made: Made) -> Iterable[Made]:
    yield made
    for below in made.below:
        yield from everything(below)


def tagged(made: Made, name: str) -> tuple[Made, Mapping[str, str]]:
    return made, {REF_NAME: name}


def saved_files(*entries: tuple[Made, list[str] | None], packed: bool = False) -> dict[str, bytes]:
    """The files of an archive of an old `docker save`: unpacked layers unless `packed`."""
    files: dict[str, bytes] = {}
    listed: list[Json] = []
    for made, names in entries:
        config, *layers = made.below
        config_name = f"{config.digest.removeprefix('sha256:')}.json"
        files[config_name] = config.raw
        paths = []
        for layer in layers:
            path = f"{layer.digest[7:19]}/layer.tar"
            files[path] = layer.raw if packed else gzip.decompress(layer.raw)
            paths.append(path)
        listed.append({"Config": config_name, "RepoTags": names, "Layers": paths})
    files["manifest.json"] = dump(listed)
    return files


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def tar_of(files: Mapping[str, bytes | tarfile.TarInfo], *, format: int = tarfile.PAX_FORMAT) -> bytes:
    """An archive of files, and of entries that are no files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format, errors="surrogateescape") as tar:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def link(name: str, target: str, *, hard: bool = False) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.LNKTYPE if hard else tarfile.SYMTYPE
    entry.linkname = target
    return entry


def header(
    name: bytes = b"file",
    size: bytes = b"00000000000\0",
    kind: bytes = b"0",
    *,
    checksum: bytes | None = None,
    tail: bytes = b"ustar\00000",
) -> bytes:
    """One raw header block."""
    block = bytearray(512)
    block[: len(name)] = name
    block[124 : 124 + len(size)] = size
    block[156:157] = kind
    block[257 : 257 + len(tail)] = tail
    block[148:156] = b" " * 8
    block[148:156] = checksum if checksum is not None else b"%06o\0 " % sum(block)
    return bytes(block)


def octal(size: int) -> bytes:
    return b"%011o\0" % size


def base256(size: int) -> bytes:
    """A size as GNU tar writes those that octal cannot hold, also negative ones."""
    return size.to_bytes(12, "big", signed=True) if size < 0 else b"\x80" + size.to_bytes(11, "big")
