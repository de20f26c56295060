"""The layers of the demo: the files in each, and how it is packed."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from demo_layouts.texts import (
    CERTIFICATES,
    GROUP,
    HEALTHCHECK,
    INDEX_HTML,
    PASSWD,
    README,
    SERVER,
    STYLES,
    lockfile,
    markup_note,
    os_release,
    package_json,
    program,
)
from regbrowse.demo.layout import GeneratedLayer

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNK = 2**20
UNIT = 65_024
"""Bytes: the sizes of large files are multiples of it."""
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu", "armv7": "arm-linux-gnueabihf"}
BUILDS = ("2.14.1", "2.14.0", "3.0.0-rc.2", "main", "nightly", "old-a", "old-b", "old-c", "old-d")
PACKAGES = ("2.14.1", "2.14.0", "3.0.0-rc.2", "development")
_BASE = {"amd64": 206, "arm64": 198, "armv7": 173}
_APT = {"amd64": 119, "arm64": 110, "armv7": 98}
_NODE = {"amd64": 131, "arm64": 128, "armv7": 113}


@dataclass(frozen=True, slots=True)
class File:
    """One entry of a layer's tar; a name with `/` at its end is a directory, a link is symbolic."""

    name: str
    text: str = ""
    units: int = 0
    """The size of a file without text."""
    mode: int = 0o644
    owner: int = 0
    link: str = ""

    def described(self) -> dict[str, object]:
        """As GeneratedLayer reads it; what is usual is left out."""
        found: dict[str, object] = {"name": self.name}
        if self.mode != 0o644:
            found["mode"] = f"{self.mode:o}"
        if self.owner:
            found["owner"] = self.owner
        if self.link:
            found["link"] = self.link
        if self.text:
            found["text"] = self.text
        if self.units:
            found["size"] = self.units * UNIT
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """What a layer holds; only small ones are compressed, because they are committed as they are."""

    files: tuple[File, ...]
    compression: Literal["", "gzip", "zstd"] = ""
    mtime: int = 1_718_668_800

    def described(self) -> dict[str, object]:
        return {"mtime": self.mtime, "files": [file.described() for file in self.files]}


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as a layout stores it: its blob, or the description of one that is generated."""

    compression: str
    path: str
    """In the layout."""
    content: bytes
    encoded: str
    diff: str
    """Digests without `sha256:`, of the blob and of its tar."""
    size: int

    @property
    def digests(self) -> tuple[str, str]:
        return self.encoded, self.diff


class Layers:
    """All layers by their names.

    A layer is compressed only when no committed blob holds the same: other versions of a compressor write other bytes.
    """

    def __init__(self, committed: Path) -> None:
        """`committed` is the folder of all layouts."""
        self._packed = [
            (blob, gzip.decompress(blob) if blob.startswith(b"\x1f\x8b") else zstd.decompress(blob))
            for blob in (path.read_bytes() for path in sorted(committed.rglob("blobs/sha256/*")))
            if blob.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))
        ]
        self._made: dict[str, Layer] = {}

    def __getitem__(self, name: str) -> Layer:
        if name not in self._made:
            self._made[name] = self.make(plans()[name])
        return self._made[name]

    def make(self, plan: Plan) -> Layer:
        """Make a layer that has no name here."""
        layer = GeneratedLayer(plan.described())
        if plan.compression:
            tar = layer.read(0, layer.size)
            blob = self.committed(lambda content: content == tar)
            if blob is None:
                blob = gzip.compress(tar, mtime=0) if plan.compression == "gzip" else zstd.compress(tar, 19)
            digest = encoded(blob)
            return Layer(plan.compression, f"blobs/sha256/{digest}", blob, digest, encoded(tar), len(blob))
        description = json.dumps(plan.described(), indent=1, ensure_ascii=False).encode()
        digest = _hash(layer)
        return Layer("", f"layers/{digest}.json", description, digest, digest, layer.size)

    def committed(self, matches: Callable[[bytes], bool]) -> bytes | None:
        """A committed blob by what it holds."""
        return next((blob for blob, content in self._packed if matches(content)), None)


def encoded(body: bytes) -> str:
    """A digest without `sha256:`."""
    return hashlib.sha256(body).hexdigest()


def _hash(layer: GeneratedLayer) -> str:
    found = hashlib.sha256()
    for offset in range(0, layer.size, CHUNK):
        found.update(layer.read(offset, CHUNK))
    return found.hexdigest()


@cache
def plans() -> dict[str, Plan]:
    """All layers whose bytes are planned here, by name."""
    found: dict[str, Plan] = {"workdir": Plan((File("srv/webapp/", mode=0o755),), "gzip", mtime=1_718_703_601)}
    for arch in TRIPLETS:
        for release in ("12.6", "12.5"):
            found[f"debian-{release}-{arch}"] = _debian(release, arch)
            found[f"apt-{release}-{arch}"] = _apt(release, arch)
        for node in ("20.15.0", "18.20.3"):
            found[f"node-{node}-{arch}"] = _node(node, arch)
        for release in ("3.20.3", "3.19.4"):
            found[f"alpine-{release}-{arch}"] = _alpine(release, arch)
    found |= {f"dist-{build}": _dist(build, at) for at, build in enumerate(BUILDS)}
    found |= {f"package-{build}": _package(build, at) for at, build in enumerate(PACKAGES)}
    found |= {"windows-base": _windows_base(), "windows-update": _windows_update(), "windows-app": _windows_app()}
    found["tools"] = Plan((File("usr/", mode=0o755), File("usr/bin/curl", units=11, mode=0o755)))
    found["tools-gzip"] = Plan((File("usr/", mode=0o755), File("usr/bin/curl", program(11 * UNIT), mode=0o755)), "gzip")
    found["notes"] = Plan((File("etc/motd", "A layer nobody wrote a history entry for.\n"),), "gzip")
    found["hostile"] = _hostile()
    return found


def _debian(release: str, arch: str) -> Plan:
    lib = f"usr/lib/{TRIPLETS[arch]}"
    codename = os_release("debian", release)
    return Plan(
        (
            File("bin", link="usr/bin", mode=0o777),
            File("etc/", mode=0o755),
            File("etc/debian_version", f"{release}\n"),
            File("etc/group", GROUP),
            File("etc/os-release", codename),
            File("etc/passwd", PASSWD),
            File("lib", link="usr/lib", mode=0o777),
            File("usr/", mode=0o755),
            File("usr/bin/", mode=0o755),
            File("usr/bin/bash", units=19, mode=0o755),
            File("usr/bin/perl", units=58, mode=0o755),
            File("usr/bin/sh", link="dash", mode=0o777),
            File("usr/bin/tar", units=8, mode=0o755),
            File(f"{lib}/", mode=0o755),
            File(f"{lib}/libc.so.6", units=29, mode=0o755),
            File(f"{lib}/libcrypto.so.3", units=73, mode=0o755),
            File(f"{lib}/libstdc++.so.6", link="libstdc++.so.6.0.30", mode=0o777),
            File(f"{lib}/libstdc++.so.6.0.30", units=35),
            File(f"{lib}/perl-base.pack", units=_BASE[arch] - 160),
            File("usr/share/doc/README", README),
            File("usr/share/zoneinfo/tzdata.zi", units=180),
            File("var/lib/dpkg/status", f"Package: base-files\nStatus: install ok installed\nVersion: {release}\n"),
        ),
        mtime=1_718_064_000 if release == "12.6" else 1_707_523_200,
    )


def _apt(release: str, arch: str) -> Plan:
    lib = f"usr/lib/{TRIPLETS[arch]}"
    return Plan(
        (
            File("etc/ssl/certs/", mode=0o755),
            File("etc/ssl/certs/ca-certificates.crt", CERTIFICATES),
            File("usr/bin/openssl", units=13, mode=0o755),
            File("usr/bin/tini", units=1, mode=0o755),
            File(f"{lib}/libcurl.so.4", units=11),
            File(f"{lib}/libicudata.so.72", units=_APT[arch]),
            File(f"{lib}/libssl.so.3", units=8),
            File("usr/share/doc/.wh.README"),
            File("var/lib/apt/lists/.wh..wh..opq"),
            File(
                "var/lib/dpkg/status",
                f"Package: base-files\nStatus: install ok installed\nVersion: {release}\n\n"
                "Package: tini\nStatus: install ok installed\nVersion: 0.19.0-1\n",
            ),
        ),
        mtime=1_718_668_800 if release == "12.6" else 1_707_782_400,
    )


def _node(version: str, arch: str) -> Plan:
    return Plan(
        (
            File("usr/local/bin/", mode=0o755),
            File("usr/local/bin/node", units=_NODE[arch], mode=0o755),
            File("usr/local/bin/nodejs", link="node", mode=0o777),
            File("usr/local/include/node/node_version.txt", f"v{version}\n"),
        ),
    )


def _alpine(release: str, arch: str) -> Plan:
    return Plan(
        (
            File("bin/", mode=0o755),
            File("bin/busybox", units=13, mode=0o755),
            File("bin/sh", link="/bin/busybox", mode=0o777),
            File("etc/alpine-release", f"{release}\n"),
            File("etc/os-release", os_release("alpine", release)),
            File("etc/passwd", PASSWD),
            File("lib/", mode=0o755),
            File("lib/libcrypto.so.3", units=33 if arch == "amd64" else 30, mode=0o755),
            File("lib/libssl.so.3", units=8, mode=0o755),
        ),
        mtime=1_725_580_800 if release == "3.20.3" else 1_725_494_400,
    )


def _dist(build: str, at: int) -> Plan:
    return Plan(
        (
            File("srv/webapp/", mode=0o755, owner=1000),
            File("srv/webapp/config/default.json", '{"port": 8080, "cart": {"ttl": 900}}\n', owner=1000),
            File("srv/webapp/public/", mode=0o755, owner=1000),
            File("srv/webapp/public/app.js", units=29 + at % 3, owner=1000),
            File("srv/webapp/public/app.js.map", units=14, owner=1000),
            File("srv/webapp/public/index.html", INDEX_HTML.replace("BUILD", build), owner=1000),
            File("srv/webapp/public/styles.css", STYLES, owner=1000),
            File("srv/webapp/server.js", SERVER.replace("BUILD", build), owner=1000),
        ),
        mtime=1_718_703_660 - 86_400 * at,
    )


def _package(build: str, at: int) -> Plan:
    return Plan(
        (
            File("srv/webapp/package.json", package_json(build)),
            File("srv/webapp/package-lock.json", lockfile(build, 455 - at)),
            File("srv/webapp/healthcheck.js", HEALTHCHECK, mode=0o755),
        ),
        "zstd",
        mtime=1_718_703_660 - 86_400 * at,
    )


def _windows_base() -> Plan:
    return Plan(
        (
            File("Files/", mode=0o755),
            File("Files/License.txt", "The layer of a demo: it holds nothing of Windows.\r\n"),
            File("Files/Windows/", mode=0o755),
            File("Files/Windows/System32/ntdll.dll", units=31),
            File("Files/Windows/WinSxS/components.bin", units=25_900),
            File("Hives/Software_Base", units=820),
            File("UtilityVM/Files/EFI/Microsoft/Boot/bootmgfw.efi", units=24),
        ),
        mtime=1_717_977_600,
    )


def _windows_update() -> Plan:
    return Plan(
        (File("Files/Windows/WinSxS/update.bin", units=4100), File("Hives/Software_Delta", units=90)),
        mtime=1_718_150_400,
    )


def _windows_app() -> Plan:
    return Plan(
        (
            File("Files/Program Files/nodejs/node.exe", units=498),
            File("Files/webapp/package.json", package_json("2.14.1").replace("\n", "\r\n")),
            File("Files/webapp/server.js", SERVER.replace("BUILD", "2.14.1").replace("\n", "\r\n")),
        ),
    )


def _hostile() -> Plan:
    return Plan(
        (
            File("tmp/\x1b[31mred\x1b[0m.txt", "\x1b]0;owned\x07 \x1b[2Jcleared?\n"),
            File("tmp/[bold]markup[/bold].txt", markup_note()),
            File("tmp/\u202etxt.exe", "bidi\n"),
            File("tmp/\u6f22\u5b57-\u5bbd\u5ea6.txt", "wide \u6f22\u5b57 \U0001f433\n"),
            File("tmp/new\nline", "a name of two lines\n"),
            File("../../outside", "a path that leaves the image\n"),
            File("/absolute", "an absolute path\n"),
            File("tmp/link", link="../../../../etc/shadow", mode=0o777),
        ),
        "gzip",
    )
