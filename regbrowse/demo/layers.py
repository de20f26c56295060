"""Layers of the demo: planned as files, measured once (layer_table.py), made on demand, cut anywhere.

A layer is a list of runs; most of its bytes are ballast, one unit repeated. So a layer of 1.6 GiB needs a
few hundred KiB, and a range of it is arithmetic.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from regbrowse.demo.framing import UNIT, Run, gzip_small, gzip_stored, padding, tar_header, zstd_stored
from regbrowse.demo.layer_table import MEASURES

Form = Literal["gzip", "zstd"]
CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class File:
    """One entry of a layer's tar; a name with `/` at its end is a directory, a link is symbolic."""

    name: str
    text: str = ""
    units: int = 0
    """Ballast instead of text."""
    mode: int = 0o644
    owner: int = 0
    link: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a layer holds and how it is packed."""

    form: Form
    files: tuple[File, ...]
    mtime: int = 1_718_668_800


@dataclass(frozen=True, slots=True)
class Measure:
    """What can only be known by making the layer."""

    digest: str
    diff_id: str
    size: int
    crc: int
    """Of the tar: the trailer of the gzip member."""


def measure_of(name: str) -> Measure:
    """The committed measure of a layer: no layer is made for its descriptor."""
    digest, diff_id, size, crc = MEASURES[name]
    return Measure(f"sha256:{digest}", f"sha256:{diff_id}", size, crc)


@cache
def by_digest() -> dict[str, str]:
    """The names of all layers by their digests."""
    return {f"sha256:{measure[0]}": name for name, measure in MEASURES.items()}


@cache
def ballast(seed: str) -> bytes:
    """One unit of bytes that look like a program and are the same everywhere."""
    return hashlib.shake_256(f"regbrowse demo ballast {seed}".encode()).digest(UNIT)


def tar_runs(plan: Plan) -> list[Run]:
    """The tar of a layer."""
    runs: list[Run] = []
    for file in plan.files:
        text = file.text.encode()
        size = file.units * UNIT or len(text)
        kind = b"2" if file.link else b"5" if file.name.endswith("/") else b"0"
        head = tar_header(
            file.name, size, kind=kind, mode=file.mode, owner=file.owner, link=file.link, mtime=plan.mtime
        )
        runs.append(Run(head + text + padding(len(text))))
        if file.units:
            runs.append(Run(ballast(file.name), file.units))
    return [*runs, Run(bytes(1024))]


def blob_runs(plan: Plan, crc: int) -> list[Run]:
    """The layer as it is stored in the registry."""
    runs = tar_runs(plan)
    if plan.form == "zstd":
        return zstd_stored(runs)
    if sum(run.size for run in runs) <= 4096:
        return [Run(gzip_small(b"".join(run.piece * run.times for run in runs)))]
    return gzip_stored(runs, crc)


def cut(runs: list[Run], start: int, stop: int) -> Iterator[bytes]:
    """The bytes from start up to stop, in pieces of bounded size."""
    at = 0
    for run in runs:
        low, high = max(start - at, 0), min(stop - at, run.size)
        at += run.size
        length = len(run.piece)
        while low < high:
            first = low // length
            copies = min((high - 1) // length + 1 - first, max(1, CHUNK // length))
            piece = (run.piece * copies)[low - first * length : high - first * length]
            yield piece
            low += len(piece)


def measure(plan: Plan) -> Measure:
    """Makes the whole layer once, for the table and for its test."""
    tar = tar_runs(plan)
    inner, crc = hashlib.sha256(), 0
    for piece in cut(tar, 0, sum(run.size for run in tar)):
        inner.update(piece)
        crc = zlib.crc32(piece, crc)
    blob = blob_runs(plan, crc)
    size = sum(run.size for run in blob)
    outer = hashlib.sha256()
    for piece in cut(blob, 0, size):
        outer.update(piece)
    return Measure(outer.hexdigest(), inner.hexdigest(), size, crc)


def table_source(plans: dict[str, Plan]) -> str:
    """The text of layer_table.py: `python -m regbrowse.demo.layer_plans > …/layer_table.py`."""
    lines = [
        '"""Digests, diff ids, sizes and checksums of the demo\'s layers, made by layer_plans.py; held by a test."""',
        "",
        "from __future__ import annotations",
        "",
        "MEASURES: dict[str, tuple[str, str, int, int]] = {",
    ]
    for name, plan in plans.items():
        found = measure(plan)
        lines += [
            f'    "{name}": (',
            f'        "{found.digest}",',
            f'        "{found.diff_id}",',
            f"        {found.size:_},",
            f"        0x{found.crc:08X},",
            "    ),",
        ]
    return "\n".join([*lines, "}", ""])
