"""An eStargz image: its layer can be read file by file (stargz-snapshotter, docs/estargz.md)."""

from __future__ import annotations

import hashlib
import struct
import zlib

from regbrowse.demo.framing import UNIT, Run, gzip_stored, padding, tar_header
from regbrowse.demo.image import Step, history_of
from regbrowse.demo.layer_texts import PASSWD, README, os_release
from regbrowse.demo.layers import File, ballast
from regbrowse.demo.shelf import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Content, Json, compact, digest_of

_CHUNK = 4 * UNIT
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


class _Writer:
    """Members of a gzip file; a new one begins with every payload."""

    def __init__(self) -> None:
        self.blob = bytearray()
        self.tar = hashlib.sha256()
        self.length = 0
        self._open = b""

    def add(self, data: bytes) -> None:
        self._open += data

    def close(self) -> int:
        """Ends the member that is open; gives the offset of the next."""
        if self._open:
            self.tar.update(self._open)
            self.length += len(self._open)
            for run in gzip_stored([Run(self._open)], zlib.crc32(self._open)):
                self.blob += run.piece * run.times
            self._open = b""
        return len(self.blob)


def _layer() -> tuple[bytes, str, str, int]:
    """The blob, its diff id, the digest of its table of contents and its length as a tar."""
    writer = _Writer()
    entries: list[Json] = []
    for file in _FILES:
        payload = ballast(file.name) * file.units if file.units else file.text.encode()
        kind = "symlink" if file.link else "dir" if file.name.endswith("/") else "reg"
        flag = {"symlink": b"2", "dir": b"5", "reg": b"0"}[kind]
        writer.add(tar_header(file.name, len(payload), kind=flag, mode=file.mode, link=file.link, mtime=_TIME))
        entry: Json = {"name": file.name, "type": kind, "modtime": _STAMP, "mode": file.mode, "NumLink": 0}
        if file.link:
            entry["linkName"] = file.link
        if payload:
            entry |= {"size": len(payload), "digest": digest_of(payload)}
        entries.append(entry)
        for at in range(0, len(payload), _CHUNK):
            chunk = payload[at : at + _CHUNK]
            if at:
                entry = {"name": file.name, "type": "chunk", "chunkOffset": at}
                entries.append(entry)
            entry |= {"offset": writer.close(), "chunkDigest": digest_of(chunk)}
            if len(payload) > _CHUNK:
                entry["chunkSize"] = len(chunk)
            writer.add(chunk)
        writer.add(padding(len(payload)))
    toc = compact({"version": 1, "entries": entries})
    start = writer.close()
    writer.add(tar_header("stargz.index.json", len(toc), mode=0) + toc + padding(len(toc)) + bytes(1024))
    writer.close()
    return bytes(writer.blob) + _footer(start), f"sha256:{writer.tar.hexdigest()}", digest_of(toc), writer.length


def _footer(start: int) -> bytes:
    """An empty member whose extra field says where the table of contents is."""
    extra = b"SG" + struct.pack("<H", 22) + b"%016xSTARGZ" % start
    head = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + struct.pack("<H", len(extra)) + extra
    return head + b"\x01\x00\x00\xff\xff" + bytes(8)


def build_estargz(_key: str) -> Content:
    """One image with one such layer."""
    content = Content()
    blob, diff_id, toc, length = _layer()
    layer = content.blob(
        blob,
        f"{OCI_LAYER}+gzip",
        annotations={
            "containerd.io/snapshot/stargz/toc.digest": toc,
            "io.containers.estargz.uncompressed-size": str(length),
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
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": history_of(steps, created),
    }
    manifest: Json = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": content.blob(compact(config), OCI_CONFIG),
        "layers": [layer],
    }
    content.root = content.manifest(manifest)["digest"]
    return content
