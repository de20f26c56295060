"""Layers with the commands that made them."""

from __future__ import annotations

import json

import pytest

from regbrowse.oci import mediatype
from regbrowse.oci.config import HistoryEntry, parse_config
from regbrowse.oci.layers import Command, LayerTable, join
from regbrowse.oci.manifest import Artifact, Image, Schema1, parse_manifest
from regbrowse.reference import Digest


def entry(created_by: str, comment: str = "") -> HistoryEntry:
    return HistoryEntry("", created_by, comment, "", False)


@pytest.mark.parametrize(
    ("created_by", "instruction", "rest"),
    [
        ('/bin/sh -c #(nop)  CMD ["bash"]', "CMD", '["bash"]'),
        ("/bin/sh -c #(nop) ADD file:abc in / ", "ADD", "file:abc in /"),
        ("/bin/sh -c apt-get update", "RUN", "apt-get update"),
        ("/bin/sh -c set -eux;  apt-get update", "RUN", "set -eux; apt-get update"),
        ("RUN /bin/sh -c apt-get update # buildkit", "RUN", "apt-get update"),
        ("RUN |2 VERSION=1.2 NAME=a b /bin/sh -c make # buildkit", "RUN", "make"),
        ("|1 VERSION=1.2 /bin/sh -c make", "RUN", "make"),
        ("RUN --mount=type=cache,target=/x --network=none /bin/sh -c pip install . # buildkit", "RUN", "pip install ."),
        ("RUN /bin/bash -o pipefail -c curl x | sh # buildkit", "RUN", "curl x | sh"),
        ("RUN /bin/bash -eux -o pipefail -c ls", "RUN", "ls"),
        ("/bin/ash -eo pipefail -c ls", "RUN", "ls"),
        ("cmd /S /C #(nop) ENV A=b", "ENV", "A=b"),
        ("cmd /S /C dir", "RUN", "dir"),
        ('RUN ["/bin/sh", "-c", "ls"]', "RUN", '["/bin/sh", "-c", "ls"]'),
        ("COPY --from=build /a /b # buildkit", "COPY", "--from=build /a /b"),
        ("ENV PATH=/usr/bin", "ENV", "PATH=/usr/bin"),
        ("WORKDIR /srv/webapp", "WORKDIR", "/srv/webapp"),
        ("RUN <<EOF\napt\n\tls\nEOF", "RUN", "<<EOF apt ls EOF"),
        ("# debian.sh --arch 'amd64' out/ 'bookworm'", "", "# debian.sh --arch 'amd64' out/ 'bookworm'"),
        ("bazel build ...", "", "bazel build ..."),
        ("RUNNER x", "", "RUNNER x"),
        ("/bin/sh -c #(nop) ", "", "#(nop)"),
        ("RUN", "RUN", ""),
        ("", "", ""),
    ],
)
def test_commands(created_by: str, instruction: str, rest: str) -> None:
    command = Command.read(entry(created_by))
    if "#(nop) " in created_by and not instruction:
        rest = ""
    assert (command.instruction, command.rest) == (instruction, rest)
    assert "\n" not in command.whole


def test_whole_command_and_comment() -> None:
    assert Command.read(entry("RUN /bin/sh -c ls # buildkit")).whole == "RUN /bin/sh -c ls # buildkit"
    assert Command.read(entry("", "imported from -")).rest == "imported from -"
    assert Command.read(None) == Command()


def _image(sizes: list[int | None]) -> Image:
    layers = [
        {"mediaType": mediatype.OCI_LAYER_GZIP, "digest": str(Digest.of(str(size).encode())), "size": size}
        for size in sizes
    ]
    value = {"config": {"mediaType": mediatype.OCI_CONFIG}, "layers": layers}
    found = parse_manifest(json.dumps(value).encode())
    assert isinstance(found, Image)
    return found


def _join(sizes: list[int | None], history: list[bool] | None, diff_ids: int = 0) -> LayerTable:
    steps = [{"created_by": f"RUN step{n}", "empty_layer": empty} for n, empty in enumerate(history or [])]
    ids = [str(Digest.of(b"x"))] * diff_ids
    config = parse_config(json.dumps({"history": steps, "rootfs": {"diff_ids": ids}}).encode())
    return join(_image(sizes), config if history is not None else None)


def test_joined() -> None:
    table = _join([10, 30], [True, False, True, False, True], diff_ids=2)
    assert [row.number for row in table.rows] == [None, 1, None, 2, None]
    assert [row.command.rest for row in table.rows] == ["step0", "step1", "step2", "step3", "step4"]
    assert [row.empty for row in table.rows] == [True, False, True, False, True]
    assert table.rows[1].diff_id == Digest.of(b"x")
    assert (table.note, table.count, table.empty, table.total, table.largest) == ("", 2, 3, 40, 30)


@pytest.mark.parametrize(("sizes", "history"), [([1, 2, 3], [False]), ([1], [False, False, True]), ([], [False])])
def test_what_does_not_fit_is_shown_unjoined(sizes: list[int | None], history: list[bool]) -> None:
    table = _join(sizes, history)
    assert [row.number for row in table.rows] == [*range(1, len(sizes) + 1), *[None] * len(history)]
    assert table.note.startswith("The history speaks of ")
    assert table.short_note == "history does not fit"
    words = {"empty": "this step changed no files", "step": "the image does not tell which layer this step made"}
    for row in table.rows:
        assert row.told == words.get(row.kind, "")
        assert row.kind == ("layer" if row.number else "empty" if row.entry and row.entry.empty else "step")
    assert table.count == len(sizes)
    assert table.empty == sum(history)


def test_no_history() -> None:
    assert _join([1, 2], []).note == "The image has no history."
    assert _join([1, 2], []).short_note == "no history"
    assert _join([1, 2], None).note == ""
    assert _join([], []).rows == ()
    assert _join([], []).largest == 0


def test_the_same_layer_counts_once() -> None:
    table = _join([5, 5, None], [False, False, False])
    assert (table.count, table.total, table.largest) == (3, 5, 5)


def test_diff_ids_that_do_not_fit_are_left_out() -> None:
    assert _join([1, 2], [False, False], diff_ids=1).rows[0].diff_id is None


def test_artifact() -> None:
    layer = {"mediaType": "application/wasm", "digest": str(Digest.of(b"w")), "size": 3}
    value = {"config": {"mediaType": "application/vnd.wasm.config.v0+json"}, "layers": [layer]}
    found = parse_manifest(json.dumps(value).encode())
    assert isinstance(found, Artifact)
    table = join(found, None)
    assert [row.number for row in table.rows] == [1]
    assert table.note == ""


def _schema1(throwaway: list[bool], layers: int) -> LayerTable:
    history = [{"v1Compatibility": json.dumps({"throwaway": empty})} for empty in throwaway]
    value = {"schemaVersion": 1, "fsLayers": [{"blobSum": str(Digest.of(b"l"))}] * layers, "history": history}
    found = parse_manifest(json.dumps(value).encode())
    assert isinstance(found, Schema1)
    return join(found, found.config)


def test_schema_1_has_a_blob_for_every_step() -> None:
    table = _schema1([True, False, False], 3)
    assert [row.number for row in table.rows] == [1, 2, None]
    assert (table.count, table.empty, table.note) == (2, 1, "")


def test_schema_1_that_does_not_fit() -> None:
    table = _schema1([True, False], 3)
    assert len(table.rows) == 5
    assert table.note == "The history has 2 steps, the image 3 layers."
