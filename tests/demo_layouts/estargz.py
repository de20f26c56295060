"""An eStargz image: its layer can be read file by file (stargz-snapshotter, docs/estargz.md)."""

from __future__ import annotations

import gzip
import struct
import tarfile

from demo_layouts.image import Step, history_of
from demo_layouts.layers import File, Layers, encoded
from demo_layouts.layout import Json, Layout, compact
from demo_layouts.texts import PASSWD, README, os_release
from regbrowse.demo.layout import filling
from regbrowse.oci.mediatype import ESTARGZ_ANNOTATION, OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST

_CHUNK = 2**18
_TOC = "stargz.index.json"
_SCRIPT = """#!/usr/local/bin/python3
import http.server

http.server.test(http.server.SimpleHTTPRequestHandler, port=8000)
"""
_FILES = (
    File(".no.prefetch.landmark", "\x0f"),
    File("app/", mode=0o755),
    File("app/serve.py", _SCRIPT, mode=0o755),
    File("etc/", mode=0o755),
    File("etc/os-release", os_release("alpine", "3.20.3")),
    File("etc/passwd", PASSWD),
    File("usr/local/bin/", mode=0o755),
    File("usr/local/bin/python3", link="python3.12", mode=0o777),
    File("usr/local/bin/python3.12", units=1, mode=0o755),
    File("usr/local/lib/libpython3.12.so.1.0", units=10, mode=0o755),
    File("usr/share/doc/README", README),
)
_TIME, _STAMP = 1_718_668_800, "2024-06-18T00:00:00Z"


def _member(name: str, content: bytes, *, kind: bytes = tarfile.REGTYPE, mode: int = 0o644, link: str = "") -> bytes:
    """The header of a file in a tar archive."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.type, info.mode, info.linkname = len(content), _TIME, kind, mode, link
    return info.tobuf(tarfile.USTAR_FORMAT)


def _padding(content: bytes) -> bytes:
    return bytes(-len(content) % tarfile.BLOCKSIZE)


def _pieces() -> tuple[list[bytes], list[Json]]:
    """The tar of all files, cut where a gzip member begins, and the entries of its table of contents.

    The offsets of the entries are the numbers of their pieces yet.
    """
    pieces = [b""]
    entries: list[Json] = []
    for file in _FILES:
        content = (filling(file.name)[:8192] * 8 * file.units) if file.units else file.text.encode()
        kind = "symlink" if file.link else "dir" if file.name.endswith("/") else "reg"
        flag = {"symlink": tarfile.SYMTYPE, "dir": tarfile.DIRTYPE, "reg": tarfile.REGTYPE}[kind]
        pieces[-1] += _member(file.name, content, kind=flag, mode=file.mode, link=file.link)
        entry: Json = {"name": file.name, "type": kind, "modtime": _STAMP, "mode": file.mode, "NumLink": 0}
        if file.link:
            entry["linkName"] = file.link
        if content:
            entry |= {"size": len(content), "digest": f"sha256:{encoded(content)}"}
        entries.append(entry)
        for at in range(0, len(content), _CHUNK):
            chunk = content[at : at + _CHUNK]
            if at:
                entry = {"name": file.name, "type": "chunk", "chunkOffset": at}
                entries.append(entry)
            entry |= {"offset": len(pieces), "chunkDigest": f"sha256:{encoded(chunk)}"}
            if len(content) > _CHUNK:
                entry["chunkSize"] = len(chunk)
            pieces.append(chunk)
        pieces[-1] += _padding(content)
    return pieces, entries


def _blob(layers: Layers) -> bytes:
    """The layer: that which is committed, if it holds the same files."""
    pieces, entries = _pieces()
    files = b"".join(pieces)
    committed = layers.committed(lambda content: content.startswith(files + _member(_TOC, b"")[:100]))
    if committed is not None:
        return committed
    offsets, blob = [], b""
    for piece in pieces:
        offsets.append(len(blob))
        blob += gzip.compress(piece, mtime=0)
    for entry in entries:
        if "offset" in entry:
            entry["offset"] = offsets[entry["offset"]]
    toc = compact({"version": 1, "entries": entries})
    end = _padding(toc) + bytes(2 * tarfile.BLOCKSIZE)
    return blob + gzip.compress(_member(_TOC, toc, mode=0) + toc + end, mtime=0) + _footer(len(blob))


def _footer(start: int) -> bytes:
    """An empty gzip member whose extra field says where the table of contents is."""
    extra = b"SG" + struct.pack("<H", 22) + b"%016xSTARGZ" % start
    head = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + struct.pack("<H", len(extra)) + extra
    return head + b"\x01\x00\x00\xff\xff" + bytes(8)


def lazy(layout: Layout) -> None:
    """One image with one such layer."""
    blob = _blob(layout.layers)
    tar = gzip.decompress(blob)
    toc = gzip.decompress(blob[int(blob[-35:-19], 16) : -51])[tarfile.BLOCKSIZE :]
    toc = toc[: toc.rindex(b"}") + 1]
    layer = layout.blob(
        blob,
        OCI_LAYER_GZIP,
        annotations={
            ESTARGZ_ANNOTATION: f"sha256:{encoded(toc)}",
            "io.containers.estargz.uncompressed-size": str(len(tar)),
        },
    )
    created = "2024-06-18T00:00:00Z"
    steps = (
        Step("COPY --from=build /rootfs / # buildkit", "estargz"),
        Step("USER nobody"),
        Step('ENTRYPOINT ["/app/serve.py"]'),
    )
    config: Json = {
        "architecture": "amd64",
        "os": "linux",
        "created": created,
        "config": {"User": "nobody", "Entrypoint": ["/app/serve.py"], "ExposedPorts": {"8000/tcp": {}}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{encoded(tar)}"]},
        "history": history_of(steps, created),
    }
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": layout.blob(compact(config), OCI_CONFIG),
        "layers": [layer],
    }
    layout.tag(layout.manifest(manifest), "3.12", "3.12-esgz")
