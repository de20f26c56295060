"""The history of an image as a Dockerfile, as far as it tells (docs.docker.com, Dockerfile reference).

Builders write their steps down in several ways: quoted as Go quotes, unquoted, as checksums of what was copied. What
cannot be known is a comment, so that every line is valid by the grammar.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.errors import BadReference
from regbrowse.oci.image_card import BASE_DIGEST, BASE_NAME
from regbrowse.oci.layers import LayerTable, Step
from regbrowse.reference import Digest, parse_reference
from regbrowse.text import size, visible

if TYPE_CHECKING:
    from regbrowse.oci.config import Config
    from regbrowse.oci.layers import LayerRow

_WINDOWS = "windows"
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=~^*?!()\[\]{}|;<>&-]+")
"""Values that need no quotes."""
_QUOTED = re.compile(r'[\s,]*"((?:[^"\\]|\\.)*)"')
_CHECKSUM = re.compile(r"(?:file|dir|multi):[0-9a-f]+\s+in\s")
_STAGE = re.compile(r"--from=(\S+)")
_HEREDOC = re.compile(r"<<-?[\"']?(\w+)[\"']?$")
_LEGACY_PAIR = re.compile(r"([A-Za-z_][\w.-]*)[ \t]+([^=\s].*)")
_NAME = re.compile(r"[A-Za-z_]\w*")
_PORT = re.compile(r"[0-9]+(?:-[0-9]+)?(?:/[a-z]+)?")
_HEALTH_BEGIN = re.compile(r"&?\{\[")
_HEALTH_END = re.compile(r"\]((?:\s+\"[^\"]*\"){0,4})\s*(.*)\}", re.DOTALL)
_PLAIN_HEALTH = re.compile(r"NONE|(?:--[a-z-]+=\S+ )*CMD \S.*")
_RETRIES = re.compile(r"'(?:\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\([abfnrtv])|(.))'|%!\w\(int=([0-9]+)\)|([0-9]+)")
_ESCAPED = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_TIMES = ("interval", "timeout", "start-period", "start-interval")
_USUAL_SHELLS = frozenset({"/bin/sh -c", "/usr/bin/sh -c", "sh -c", "cmd /S /C", "cmd.exe /S /C"})
_AS_IT_IS = frozenset({"USER", "WORKDIR", "STOPSIGNAL", "ONBUILD", "MAINTAINER"})
STEPS = 2_000
"""Steps that are written at most; an image has 127 layers at most where it can be run."""
_STEP_LIMIT = 65_536
"""Characters of one step that are laid out; a longer one is a comment."""


class DockerfileLine(NamedTuple):
    """One line."""

    text: str
    row: LayerRow | None = None
    """On the first line of a step that made a layer: the layer."""
    goes_on: bool = False
    """Whether it continues the line above."""


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """The lines, and what made them."""

    lines: tuple[DockerfileLine, ...]

    def begin(self, at: int) -> int:
        """Give the line on which the instruction of a line begins."""
        while self.lines[at].goes_on:
            at -= 1
        return at

    def instruction(self, at: int) -> list[str]:
        """Give all lines of the instruction that a line belongs to."""
        begin = self.begin(at)
        end = begin + 1
        while end < len(self.lines) and self.lines[end].goes_on:
            end += 1
        return [line.text for line in self.lines[begin:end]]

    def text(self, *, sizes: bool = False) -> str:
        """Write it as a file; with `sizes` what each layer weighs stands in a comment above its step."""
        out: list[str] = []
        for line in self.lines:
            if sizes and line.row is not None:
                out.append(_weight(line.row))
            out.append(line.text)
        return "\n".join(out) + "\n"


def dockerfile(table: LayerTable, config: Config | None, annotations: Mapping[str, str]) -> Dockerfile:
    """Write the history of an image as a Dockerfile; `annotations` are those of the manifest."""
    return Dockerfile(tuple(_Writer(table, config, annotations).lines()))


def _weight(row: LayerRow) -> str:
    layer = row.descriptor
    weight = size(layer.size) if layer and layer.size is not None else "unknown size"
    return f"# layer {row.number}, {weight}{f', {layer.digest}' if layer and layer.digest else ''}"


class _Writer:
    """One history while it is written."""

    def __init__(self, table: LayerTable, config: Config | None, annotations: Mapping[str, str]) -> None:
        self._table, self._config = table, config
        self._told = {**annotations, **(config.labels if config else {})}
        self._windows = config is not None and config.platform.os.lower() == _WINDOWS
        self._escape = "`" if self._windows else "\\"
        self._shell = ""
        """What the last SHELL said."""
        steps = [Step.read(row.entry.created_by) for row in table.rows if row.entry is not None]
        self._last = {step.instruction: at for at, step in enumerate(steps)}
        """Where each instruction stands last: there the config has its values exactly."""
        self._at = -1

    def lines(self) -> Iterator[DockerfileLine]:
        if self._windows:
            yield DockerfileLine("# escape=`")
        yield DockerfileLine("# As the history of the image tells it; what it does not tell is a comment.")
        yield from map(DockerfileLine, self._base())
        if self._table.note:
            yield DockerfileLine(f"# {self._table.note}")
        for row in self._table.rows[:STEPS]:
            if row.entry is None:
                yield DockerfileLine("# a layer of which nothing is told", row)
                continue
            self._at += 1
            yield from self._lines_of(row, self._step(row) or ["# a step of which nothing is told"])
        if len(self._table.rows) > STEPS:
            yield DockerfileLine(f"# {len(self._table.rows) - STEPS:,} more steps are left out.")
        if not self._table.has_history and self._config is not None:
            yield from map(DockerfileLine, self._from_config(self._config))

    def _lines_of(self, row: LayerRow, written: list[str]) -> Iterator[DockerfileLine]:
        """Give the lines of a step; its layer stands beside the instruction, or beside what is said instead of it."""
        first = next((at for at, line in enumerate(written) if not line.startswith("#")), 0)
        for at, line in enumerate(written):
            layer = row if at == first and row.number is not None else None
            yield DockerfileLine(line, layer, goes_on=at > first)

    def _base(self) -> Iterator[str]:
        """Give the FROM line: what the image claims of its base, else nothing."""
        name, digest = self._told.get(BASE_NAME, ""), self._told.get(BASE_DIGEST, "")
        try:
            reference = parse_reference(name) if name else None
        except BadReference:
            reference = None
        if reference is None:
            if name or digest:
                yield from _comment(f"The image claims to be built on {name or 'an image'} {digest}".rstrip() + ".")
            else:
                yield "# The base image is not told; the first steps are perhaps its own."
            yield "FROM scratch"
            return
        yield f"# A claim of the image ({BASE_NAME}). Some of the steps below are those of the base."
        pinned = Digest.read(digest) if digest and reference.digest is None else None
        yield f"FROM {name}@{pinned}" if pinned else f"FROM {name}"

    # One step

    def _step(self, row: LayerRow) -> list[str]:
        entry = row.entry
        assert entry is not None
        whole = entry.created_by or entry.comment
        if len(whole) > _STEP_LIMIT or whole.endswith("…"):
            return _comment(f"a step that is too long to be told whole: {visible(whole, 200)}")
        step = Step.read(whole)
        match step.instruction:
            case "RUN":
                return self._run(step)
            case "COPY" | "ADD":
                return self._copy(step)
            case "ENV" | "LABEL" | "ARG":
                return self._pairs(step)
            case "CMD" | "ENTRYPOINT" | "VOLUME" | "SHELL":
                return self._list(step)
            case "HEALTHCHECK":
                return self._health(step)
            case "EXPOSE":
                ports = _PORT.findall(step.text)
                return [f"EXPOSE {' '.join(ports)}"] if ports else self._unknown(step)
            case name if name in _AS_IT_IS and step.text and not self._breaks(step.text):
                return [f"{name} {step.text}"]
        return _comment(whole)

    def _breaks(self, text: str) -> bool:
        """Whether a text would not stay on its line."""
        return "\n" in text or text.endswith(self._escape)

    def _unknown(self, step: Step) -> list[str]:
        return _comment(f"{step.instruction} {step.text}".rstrip())

    def _run(self, step: Step) -> list[str]:
        flags = f"{step.flags} " if step.flags else ""
        if not step.text:
            return self._unknown(step)
        if not step.shell and not step.text.startswith(("[", "<<")):
            said = ["# Run without a shell; where its arguments end is not told."]
            return said + (self._unknown(step) if self._breaks(step.text) else [f"RUN {flags}{step.text}"])
        if step.shell and step.shell not in _USUAL_SHELLS and step.shell != self._shell:
            if self._breaks(step.text):
                return self._unknown(step)
            return [f"RUN {flags}{_json([*step.shell.split(), step.text])}"]
        if step.text.startswith("<<"):
            first, *rest = step.text.split("\n")
            word = _HEREDOC.match(first)
            whole = word is not None and any(line.strip() == word.group(1) for line in rest)
            return [f"RUN {flags}{first}", *rest] if whole else self._unknown(step)
        if self._breaks(step.text):
            end = _delimiter(step.text)
            return [f"RUN {flags}<<{end}", *step.text.split("\n"), end]
        return self._folded(f"RUN {flags}{step.text}")

    def _folded(self, text: str) -> list[str]:
        """Break a command at `&&` outside of quotes, one command on a line."""
        parts = _commands(text)
        if len(parts) == 1:
            return [text]
        first, *others = parts
        lines = [first, *(f"    && {each}" for each in others)]
        return [f"{line} {self._escape}" for line in lines[:-1]] + lines[-1:]

    def _copy(self, step: Step) -> list[str]:
        if self._breaks(step.text):
            return self._unknown(step)
        if _CHECKSUM.search(step.text):
            return _comment(f"Told by the checksum of what was copied: {step.instruction} {step.text}")
        words = step.text.split()
        if "<<" in step.text:
            return self._unknown(step)
        if len([word for word in words if not word.startswith("--")]) < len(("from", "to")):
            return self._unknown(step)
        stage = _STAGE.search(step.text)
        said = []
        if stage and not any(char in stage.group(1) for char in "/:@"):
            said = [f"# The stage {stage.group(1)} is not told."]
        return [*said, f"{step.instruction} {step.text}"]

    def _pairs(self, step: Step) -> list[str]:
        """Write `NAME=value NAME=value`, whose values builders write down without quotes."""
        config, legacy = self._config, _LEGACY_PAIR.fullmatch(step.text)
        if step.instruction == "ARG" and _NAME.fullmatch(step.text):
            return [f"ARG {step.text}"]
        names: set[str] | None = None
        if config is not None and step.instruction != "ARG":
            of_env = {each.partition("=")[0] for each in config.env}
            names = set(config.labels) if step.instruction == "LABEL" else of_env
        pairs = [(legacy.group(1), legacy.group(2))] if legacy else _split_pairs(step.text, names)
        if not pairs or any(not _is_name(name) or "\n" in value for name, value in pairs):
            return self._unknown(step)
        return [f"{step.instruction} {' '.join(f'{name}={self._quoted(value)}' for name, value in pairs)}"]

    def _quoted(self, value: str) -> str:
        """Quote a value that was expanded already, so that it is taken as it is."""
        if _PLAIN.fullmatch(value):
            return value
        escaped = re.sub(r'(["$' + re.escape(self._escape) + "])", lambda found: self._escape + found.group(1), value)
        return f'"{escaped}"'

    def _list(self, step: Step) -> list[str]:
        """Write a list as JSON: from the config, where it has this very list, else read from the history."""
        exact = self._exact(step)
        if exact is not None:
            return [f"{step.instruction} {_json(exact)}"]
        inner = step.text.strip()
        if not (inner.startswith("[") and inner.endswith("]")):
            is_command = inner and step.instruction != "SHELL" and not self._breaks(inner)
            return [f"{step.instruction} {inner}"] if is_command else self._unknown(step)
        quoted = _go_strings(inner[1:-1])
        words = quoted if quoted is not None else inner[1:-1].split()
        if ("\n" in inner and quoted is None) or (not words and step.instruction in ("SHELL", "VOLUME")):
            return self._unknown(step)
        if step.instruction == "SHELL":
            self._shell = " ".join(words)
        said = ["# Where its arguments end is not told."] if quoted is None and len(words) > 1 else []
        if step.instruction == "VOLUME":
            said = []
        return [*said, f"{step.instruction} {_json(words)}"]

    def _exact(self, step: Step) -> Sequence[str] | None:
        """Give the list of the config where this is the last step that sets it, and says the same."""
        if self._config is None or self._last.get(step.instruction) != self._at:
            return None
        config = self._config
        found = {"CMD": config.cmd, "ENTRYPOINT": config.entrypoint, "SHELL": config.shell}.get(step.instruction, ())
        if not found or not step.text.startswith("["):
            return None
        if _letters(" ".join(found)) != _letters(step.text[1:-1]):
            return None
        if step.instruction == "SHELL":
            self._shell = " ".join(found)
        return found

    def _health(self, step: Step) -> list[str]:
        begin = _HEALTH_BEGIN.match(step.text)
        test, at = _go_strings_from(step.text, begin.end()) if begin else ([], 0)
        found = _HEALTH_END.fullmatch(step.text, at) if begin else None
        if not found or not test:
            is_plain = _PLAIN_HEALTH.fullmatch(step.text) and not self._breaks(step.text)
            return [f"HEALTHCHECK {step.text}"] if is_plain else self._unknown(step)
        if test == ["NONE"]:
            return ["HEALTHCHECK NONE"]
        times = _go_strings_from(found.group(1), 0)[0]
        flags = [
            f"--{name}={value}" for name, value in zip(_TIMES, times, strict=False) if value not in ("0s", "0", "")
        ]
        retries = _retries(found.group(2))
        flags += [f"--retries={retries}"] if retries else []
        kind, *words = test
        if not words or kind not in ("CMD", "CMD-SHELL") or any(self._breaks(word) for word in words):
            return self._unknown(step)
        command = words[0] if kind == "CMD-SHELL" else _json(words)
        return [" ".join(["HEALTHCHECK", *flags, "CMD", command])]

    # Without a history

    def _from_config(self, config: Config) -> Iterator[str]:
        """Write what the config says; the image tells no step."""
        yield "# What the config says:"
        variables = [each.partition("=")[::2] for each in config.env]
        for name, pairs in (("ENV", variables), ("LABEL", list(config.labels.items()))):
            for key, value in pairs:
                if _is_name(key) and "\n" not in value:
                    yield f"{name} {key}={self._quoted(value)}"
        yield from (f"EXPOSE {port}" for port in config.exposed_ports if _PORT.fullmatch(port))
        if config.volumes:
            yield f"VOLUME {_json(config.volumes)}"
        for name, value in (("WORKDIR", config.working_dir), ("USER", config.user), ("STOPSIGNAL", config.stop_signal)):
            if value and not self._breaks(value):
                yield f"{name} {value}"
        if config.health_test:
            yield " ".join(["HEALTHCHECK", *config.health_options, "CMD", _json(config.health_test)])
        for name, words in (("ENTRYPOINT", config.entrypoint), ("CMD", config.cmd)):
            if words:
                yield f"{name} {_json(words)}"


def _json(words: Iterable[str]) -> str:
    return json.dumps(list(words), ensure_ascii=False)


def _letters(text: str) -> str:
    """A text without what quoting adds to it."""
    return re.sub(r"[\s\"'\\]", "", text)


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for line in text.strip().split("\n")] if text.strip() else []


def _delimiter(text: str) -> str:
    """Give a word that stands on no line of the text."""
    lines, number = set(text.split("\n")), 0
    while (word := f"EOF{number or ''}") in lines:
        number += 1
    return word


def _commands(text: str) -> list[str]:
    """Split a command at ` && ` outside of quotes; a text that does not close its quotes stays whole."""
    parts, begun, quote, at = [], 0, "", 0
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif text.startswith(" && ", at):
            parts.append(text[begun:at].strip())
            at = begun = at + len(" && ")
            continue
        at += 1
    parts.append(text[begun:].strip())
    return [text] if quote or not all(parts) else parts


def _is_name(text: str) -> bool:
    """Whether this can be the name of a variable or a label without quotes."""
    return bool(text) and not re.search(r"[\s\"'\\`$=#\[\]{}]", text) and not text.startswith("--")


def _split_pairs(text: str, names: set[str] | None) -> list[tuple[str, str]]:
    """Split `A=b c D=e` where a name begins that is one of these, if they are known; quotes that are there are read."""
    found_at = re.finditer(r"(?:^|(?<=\s))([^\s=]+)=", text)
    begins = [
        match
        for at, match in enumerate(found_at)
        if not at or (match.group(1).strip('"') in names if names is not None else _NAME.fullmatch(match.group(1)))
    ]
    if not begins or begins[0].start() != 0:
        return []
    ends = [match.start() for match in begins[1:]] + [len(text)]
    found = []
    for match, end in zip(begins, ends, strict=True):
        value = text[match.end() : end].strip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = _unquoted(value)
        found.append((match.group(1).strip('"'), value))
    return found


def _unquoted(value: str) -> str:
    try:
        words = shlex.split(value)
    except ValueError:
        return value
    return words[0] if len(words) == 1 else value


def _go_strings(text: str) -> list[str] | None:
    """Read `"a" "b"` and `"a", "b"`; None when there is anything else."""
    words, end = _go_strings_from(text, 0)
    return None if text[end:].strip() else words


def _go_strings_from(text: str, at: int) -> tuple[list[str], int]:
    """Read strings from a place on, and give the place behind the last one."""
    words = []
    while found := _QUOTED.match(text, at):
        try:
            words.append(str(json.loads(f'"{_as_json(found.group(1))}"')))
        except ValueError:
            break
        at = found.end()
    return words, at


def _as_json(text: str) -> str:
    """Spell the escapes that Go has and JSON has not."""
    text = re.sub(r"\\x([0-9a-fA-F]{2})", r"\\u00\1", text)
    return re.sub(r"\\([av])", lambda found: f"\\u{_ESCAPED[found.group(1)]:04x}", text)


def _retries(text: str) -> int:
    """Read a number that was written as a character: `'\\x03'`."""
    found = _RETRIES.fullmatch(text.strip())
    if not found:
        return 0
    two, four, letter, char, number, plain = found.groups()
    if two or four:
        return int(two or four, 16)
    if letter:
        return _ESCAPED[letter]
    return ord(char) if char else int(number or plain)
