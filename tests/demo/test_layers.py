"""The demo's layouts: they are what their script makes, and their layers are archives that others can read."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from demo_layouts.repositories import files as made_files
from regbrowse.demo.layout import GeneratedLayer
from regbrowse.demo.registry import DATA
from support.demo_tools import descriptions, opened, sha256

CHUNK = 2**20
LAYERS = {digest: GeneratedLayer(description) for digest, description in descriptions().items()}
SMALL: dict[str, Any] = {
    "mtime": 7,
    "files": [
        {"name": "srv/", "mode": "755"},
        {"name": "srv/sh", "link": "../bin/sh", "mode": "777"},
        {"name": "very/" * 25 + "long.txt", "text": "a text\n", "owner": 1000},
        {"name": "srv/program", "size": 65_024 * 2 + 700},
        {"name": "srv/empty"},
    ],
}


@pytest.mark.slow
def test_layouts_are_what_the_script_makes() -> None:
    """Makes every layer, 2 GiB of bytes. When this fails and the change is wanted: python -m tests.demo_layouts."""
    committed = {path.relative_to(DATA).as_posix(): path.read_bytes() for path in DATA.rglob("*") if path.is_file()}
    made = made_files()
    assert committed.keys() == made.keys()
    assert [path for path in made if made[path] != committed[path]] == []


def test_little_is_committed() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 1_200_000


def test_a_generated_layer_is_read_by_others() -> None:
    layer = GeneratedLayer(SMALL)
    members = opened(layer.read(0, layer.size)).getmembers()
    assert [member.name for member in members] == [file["name"].rstrip("/") for file in SMALL["files"]]
    directory, link, text, program, empty = members
    assert (directory.isdir(), directory.mode, directory.mtime) == (True, 0o755, 7)
    assert (link.issym(), link.linkname) == (True, "../bin/sh")
    assert (text.isfile(), text.size, text.uid, text.mode) == (True, 7, 1000, 0o644)
    assert (program.isfile(), program.size) == (True, 130_748)
    assert (empty.isfile(), empty.size) == (True, 0)


def test_a_part_of_a_generated_layer_is_a_slice_of_it() -> None:
    layer = GeneratedLayer(SMALL)
    whole = layer.read(0, layer.size)
    assert len(whole) == layer.size
    edges = sorted({0, 1, 511, 512, 513, 3000, 65_024, 70_000, 130_048, layer.size - 1025, layer.size - 1, layer.size})
    for start in edges:
        for stop in (edge for edge in edges if edge >= start):
            assert layer.read(start, stop - start) == whole[start:stop]
    assert layer.read(layer.size - 3, 100) == whole[-3:]
    assert layer.read(layer.size, 100) == b""


@pytest.mark.parametrize("digest", [digest for digest, layer in LAYERS.items() if layer.size < 2**26])
def test_generated_layers_hold_their_files(digest: str) -> None:
    tar = LAYERS[digest].read(0, LAYERS[digest].size)
    assert sha256(tar) == digest
    files = descriptions()[digest]["files"]
    members = opened(tar).getmembers()
    assert [member.name for member in members] == [file["name"].rstrip("/") for file in files]
    assert [member.size for member in members] == [
        file.get("size", len(file.get("text", "").encode())) for file in files
    ]


def test_reading_a_large_layer_takes_little_memory() -> None:
    large = max(LAYERS.values(), key=lambda layer: layer.size)
    assert large.size > 2**30
    tracemalloc.start()
    assert len(large.read(1_000_000_000, CHUNK)) == CHUNK
    assert tracemalloc.get_traced_memory()[1] < 8 * CHUNK
    tracemalloc.stop()
