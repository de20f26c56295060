"""History joined to layers: which command made which layer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.oci.manifest import Artifact, Image, Schema1, blobs_of, total_size
from regbrowse.text import plural

if TYPE_CHECKING:
    from regbrowse.oci.config import Config, HistoryEntry
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.reference import Digest

_INSTRUCTION = re.compile(
    r"(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER"
    r"|VOLUME|WORKDIR)(?:\s+|$)"
)
_ARGUMENTS = re.compile(r"\|[0-9]+\s")
_SHELL = re.compile(
    r"(?:/(?:usr/)?bin/)?(?:ba|da|a|z)?sh(?:\s+-(?!c\s)[A-Za-z]+(?:\s+pipefail)?){0,8}\s+-[a-z]*c\s+"
    r"|cmd(?:\.exe)?\s+/S\s+/C\s+",
)
_NOP = re.compile(r"#\(nop\)\s*")
_MOUNT = re.compile(r"--(?:mount|network|security)=\S+\s+")


@dataclass(frozen=True, slots=True)
class Command:
    """What made a layer, taken apart for reading."""

    instruction: str = ""
    """`RUN`, `COPY`, …; empty when the history does not tell."""
    rest: str = ""
    """What follows, in one line, without shell, mounts and notes of the builder."""
    whole: str = ""
    """As the history has it, in one line."""

    @classmethod
    def read(cls, entry: HistoryEntry | None) -> Command:
        if entry is None:
            return cls()
        whole = " ".join((entry.created_by or entry.comment).split())
        step = Step.read(whole)
        return cls(step.instruction, step.text, whole)


class Step(NamedTuple):
    """A line of the history, taken apart as far as builders write it in one way."""

    instruction: str
    """`RUN`, `COPY`, …; empty when it does not tell."""
    flags: str
    """What stands before the command of a `RUN` and belongs to it: `--mount=…`."""
    shell: str
    """What runs the command of a `RUN`, such as `/bin/sh -c`; empty where there is none."""
    text: str
    """The rest."""

    @classmethod
    def read(cls, text: str) -> Step:
        """Take apart what created a layer; line ends in the command stay."""
        text = text.strip().removesuffix("# buildkit").rstrip()
        instruction, text = _take_instruction(text)
        flags = shell = ""
        if instruction in ("", "RUN"):
            flags, shell, text = _take_shell(text)
        nop = _NOP.match(text)
        if nop:
            text, shell = text[nop.end() :], ""
        if not instruction:
            instruction, text = _take_instruction(text)
            if not instruction and shell:
                instruction = "RUN"
        return cls(instruction, flags, shell, text.strip())


def _take_instruction(text: str) -> tuple[str, str]:
    match = _INSTRUCTION.match(text)
    return (match.group(1), text[match.end() :]) if match else ("", text)


def _take_shell(text: str) -> tuple[str, str, str]:
    """The mounts and the shell before a command, and the command; values of build arguments (`|1 A=b`) are dropped."""
    begin = text
    while mount := _MOUNT.match(text):
        text = text[mount.end() :]
    flags = begin[: len(begin) - len(text)].strip()
    match = _SHELL.search(text) if _ARGUMENTS.match(text) else _SHELL.match(text)
    return (flags, match.group().strip(), text[match.end() :]) if match else (flags, "", text)


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One line of the layers pane."""

    number: int | None
    """From 1, the oldest; None when the row is no layer."""
    descriptor: Descriptor | None
    command: Command
    entry: HistoryEntry | None
    diff_id: Digest | None = None

    @property
    def empty(self) -> bool:
        """Whether this is a step that left no layer (not: a step whose layer is not known)."""
        return self.entry is not None and self.entry.empty

    @property
    def kind(self) -> str:
        """`layer`, `empty` for a step that left no layer, `step` for one whose layer is not known."""
        if self.number is not None:
            return "layer"
        return "empty" if self.empty else "step"

    @property
    def told(self) -> str:
        """What is to be said of a row that is no layer; empty for a layer."""
        words = {"empty": "this step changed no files", "step": "the image does not tell which layer this step made"}
        return words.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class LayerTable:
    """All layers of an image, oldest first, with the steps between them."""

    rows: tuple[LayerRow, ...]
    note: str
    """Why history and layers could not be joined; empty when they could."""
    count: int
    """Layers."""
    empty: int
    """Steps that left no layer."""
    total: int
    """Bytes of all layers as stored, each digest once."""
    largest: int
    """Bytes of the largest layer: what the bars are measured by."""

    @property
    def has_history(self) -> bool:
        """Whether the image tells any step of its making."""
        return any(row.entry is not None for row in self.rows)

    @property
    def short_note(self) -> str:
        """The note in a few words."""
        if not self.note:
            return ""
        return "history does not fit" if self.has_history else "no history"


def join(image: Image | Artifact | Schema1, config: Config | None = None) -> LayerTable:
    """Each step of the history that is not empty takes the next layer (image-spec, config.md, history).

    When the numbers do not fit, both lists follow one another, unjoined, with a note.
    """
    if isinstance(image, Schema1):
        return _join_schema1(image)
    layers = blobs_of(image)
    history = config.history if config and isinstance(image, Image) else ()
    diff_ids = config.diff_ids if config and isinstance(image, Image) else ()
    ids = diff_ids if len(diff_ids) == len(layers) else (None,) * len(layers)
    steps = sum(not entry.empty for entry in history)
    if history and steps == len(layers):
        rows, note = _joined(layers, history, ids), ""
    else:
        rows = _apart(layers, history, ids)
        note = f"The history speaks of {plural(steps, 'layer')}, the image has {len(layers):,}." if history else ""
        if not history and config is not None and layers and isinstance(image, Image):
            note = "The image has no history."
    return _table(rows, note)


def _joined(
    layers: tuple[Descriptor, ...], history: tuple[HistoryEntry, ...], ids: tuple[Digest | None, ...]
) -> list[LayerRow]:
    rows = []
    taken = 0
    for entry in history:
        command = Command.read(entry)
        if entry.empty:
            rows.append(LayerRow(None, None, command, entry))
        else:
            rows.append(LayerRow(taken + 1, layers[taken], command, entry, ids[taken]))
            taken += 1
    return rows


def _apart(
    layers: tuple[Descriptor, ...], history: tuple[HistoryEntry, ...], ids: tuple[Digest | None, ...]
) -> list[LayerRow]:
    rows = [
        LayerRow(number, layer, Command(), None, diff_id)
        for number, (layer, diff_id) in enumerate(zip(layers, ids, strict=True), 1)
    ]
    return rows + [LayerRow(None, None, Command.read(entry), entry) for entry in history]


def _join_schema1(image: Schema1) -> LayerTable:
    """Here every step has a blob, also the empty ones."""
    if len(image.history) != len(image.layers):
        rows = _apart(image.layers, image.history, (None,) * len(image.layers))
        steps = plural(len(image.history), "step")
        return _table(rows, f"The history has {steps}, the image {plural(len(image.layers), 'layer')}.")
    rows = []
    number = 0
    for layer, entry in zip(image.layers, image.history, strict=True):
        command = Command.read(entry)
        if entry.empty:
            rows.append(LayerRow(None, None, command, entry))
        else:
            number += 1
            rows.append(LayerRow(number, layer, command, entry))
    return _table(rows, "")


def _table(rows: list[LayerRow], note: str) -> LayerTable:
    layers = [row.descriptor for row in rows if row.descriptor is not None]
    return LayerTable(
        rows=tuple(rows),
        note=note,
        count=len(layers),
        empty=sum(row.empty for row in rows),
        total=total_size(layers),
        largest=max((layer.size or 0 for layer in layers), default=0),
    )
