"""Pretty JSON line by line: only as much of a large document is worked on as is looked at."""

from __future__ import annotations

import json
import re
from array import array

from regbrowse.text import FIELD_LIMIT, visible

VALUE_LIMIT = 2**20
_DEPTH_LIMIT = 64
_STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_SPACE = r"[ \t\r\n]*+"
_SCALAR = rf"{_STRING}|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|true|false|null"
_ELEMENT = re.compile(
    rf"{_SPACE}(?:({_STRING}){_SPACE}:{_SPACE})?+(?:({_SCALAR}|\{{{_SPACE}\}}|\[{_SPACE}\]){_SPACE}(,)?+|([{{\[]))"
)
"""One line: an optional key, then a scalar or empty container with its comma, or an opening bracket."""
_CLOSER = re.compile(rf"{_SPACE}([}}\]]){_SPACE}(,)?+")
_WHOLE = re.compile(rf"(?:{_SCALAR})(?=[^0-9eE.+-]|\Z)")
_BLANK = re.compile(_SPACE)
_WALK = re.compile(rf"{_STRING}|[{{\[]|[}}\]]")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ODD = re.compile(r"[^\x20-\x7e]+")
_CLOSES = -(2**31)
"""In place of a key: this line closes what the line in `_parent` opened."""


class JsonLines:
    """The lines of a document, indented by two spaces, printed on demand.

    Texts and numbers keep their spelling. A document that is not JSON (RFC 8259, nested at most 64
    deep) turns out so when the place is reached: then `valid` becomes false and `lines` starts anew
    with the text as it came.
    """

    def __init__(self, raw: bytes) -> None:
        self.lines: list[str] = []
        """Safe to show; a line of more than 65,536 characters is cut."""
        self.done = False
        self.valid = True
        self._parent = array("i")
        self._key = array("q")
        """Where the key stands in the text; for members of arrays -1 - index."""
        self._start = array("i")
        self._stack: list[tuple[str, int]] = []
        self._count = [0]
        """Members so far of each open container."""
        self._expects = True
        self._pos = 0
        try:
            self._text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
        except UnicodeDecodeError:
            self._text = raw.decode("utf-8", "backslashreplace")
            self._give_up()
        if len(self._text) >= 2**31 - 1:
            self._give_up()

    def advance(self, max_lines: int = 1000) -> bool:
        """Print up to so many more lines; False when nothing is left to print."""
        if not self.done:
            if self.valid:
                self._print(max_lines)
            else:
                self._split(max_lines)
        return not self.done

    def path(self, index: int) -> str:
        """Where the value of a line stands: `.config.Env[3]`; the empty text when this is not JSON."""
        if not self.valid:
            return ""
        if self._key[index] == _CLOSES:
            index = self._parent[index]
        parts = []
        while self._parent[index] >= 0:
            key = self._key[index]
            parts.append(f"[{-1 - key}]" if key < 0 else self._step(key))
            index = self._parent[index]
        path = "".join(reversed(parts))
        return path if path.startswith(".") else f".{path}"

    def value(self, index: int) -> str:
        """The text or number of a line without quotes, or the JSON of the whole object or array there.

        A text keeps its newlines; at most 1 MiB.
        """
        if not self.valid:
            return self.lines[index]
        if self._key[index] == _CLOSES:
            index = self._parent[index]
        start = self._start[index]
        if self._text[start] == '"':
            match = _WALK.match(self._text, start)
            token = match.group() if match else '""'
            return _display(str(json.loads(token)), VALUE_LIMIT)
        if self._text[start] in "{[":
            return _display(self._text[start : self._end(start)], VALUE_LIMIT)
        match = re.compile(_SCALAR).match(self._text, start)
        return match.group()[:VALUE_LIMIT] if match else ""

    def preview(self, index: int, limit: int) -> str:
        """The value of a line, or its first `limit` characters as they are spelled; quick however long it is."""
        if not self.valid:
            return self.lines[index][:limit]
        if self._key[index] == _CLOSES:
            index = self._parent[index]
        start = self._start[index]
        end = start + limit
        if self._text[start] in "{[":
            depth = 0
            for match in _WALK.finditer(self._text, start, end):
                depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(match.group(), 0)
                if depth == 0:
                    return self.value(index)
        elif _WHOLE.match(self._text, start, end):
            return self.value(index)
        return _display(self._text[start:end].removeprefix('"'), limit) + "…"

    def _end(self, start: int) -> int:
        """Behind the bracket that closes the one at `start`, or a little beyond the limit of a value."""
        depth = 0
        limit = start + VALUE_LIMIT + 1
        for match in _WALK.finditer(self._text, start):
            token = match.group()
            if token in ("{", "["):
                depth += 1
            elif token in ("}", "]"):
                depth -= 1
            if depth == 0 or match.end() > limit:
                return min(match.end(), limit)
        return limit

    def _step(self, key: int) -> str:
        match = _WALK.match(self._text, key)
        token = match.group() if match else '""'
        name = token[1:-1]
        return f".{name}" if _WORD.fullmatch(name) else f"[{visible(token)}]"

    def _print(self, max_lines: int) -> None:
        text, pos, stack, count = self._text, self._pos, self._stack, self._count
        lines, parents, keys, starts = self.lines, self._parent, self._key, self._start
        element, closer = _ELEMENT.match, _CLOSER.match
        stop = len(lines) + max_lines
        while len(lines) < stop:
            inside, parent = stack[-1] if stack else ("", -1)
            depth = len(stack)
            if self._expects:
                match = element(text, pos)
                if match is None or (match.group(1) is not None) != (inside == "{"):
                    return self._give_up(max_lines)
                key, scalar, comma, bracket = match.groups()
                number = count[-1]
                count[-1] = number + 1
                shown = _INDENTS[depth] if key is None else f"{_INDENTS[depth]}{key}: "
                parents.append(parent)
                keys.append(-1 - number if key is None else match.start(1))
                pos = match.end()
                if bracket is None:
                    starts.append(match.start(2))
                    if scalar[0] in "{[":
                        if depth >= _DEPTH_LIMIT:
                            return self._give_up(max_lines)
                        scalar = scalar[0] + scalar[-1]
                    shown += scalar
                    if comma:
                        shown += ","
                        if not stack:
                            return self._give_up(max_lines)
                    else:
                        self._expects = False
                else:
                    starts.append(match.start(4))
                    shown += bracket
                    stack.append((bracket, len(lines)))
                    count.append(0)
                    if depth + 1 > _DEPTH_LIMIT:
                        return self._give_up(max_lines)
            else:
                if not stack:
                    break
                match = closer(text, pos)
                if match is None or (match.group(1) == "}") != (inside == "{"):
                    return self._give_up(max_lines)
                stack.pop()
                count.pop()
                shown = _INDENTS[depth - 1] + match.group(1)
                if match.group(2):
                    shown += ","
                    self._expects = True
                    if not stack:
                        return self._give_up(max_lines)
                parents.append(parent)
                keys.append(_CLOSES)
                starts.append(match.start(1))
                pos = match.end()
            lines.append(_display(shown, FIELD_LIMIT))
        self._pos = pos
        if not stack and not self._expects:
            blank = _BLANK.match(text, pos)
            if blank is None or blank.end() != len(text):
                return self._give_up(max_lines)
            self.done = True
        return None

    def _give_up(self, max_lines: int = 0) -> None:
        """Not JSON: begin again with the text as it is."""
        self.valid = False
        self._pos = 0
        self.lines.clear()
        self._split(max_lines)

    def _split(self, max_lines: int) -> None:
        for _ in range(max_lines):
            end = self._text.find("\n", self._pos)
            stop = len(self._text) if end < 0 else end
            cut = min(stop, self._pos + FIELD_LIMIT + 1)
            self.lines.append(visible(self._text[self._pos : cut].removesuffix("\r"), FIELD_LIMIT))
            self._pos = stop + 1
            if self._pos >= len(self._text):
                self.done = True
                return


def _display(text: str, limit: int) -> str:
    """`visible`, quick where long texts are plain; newlines stay."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    head = text[: limit + 1]
    shown = head if head.isascii() and head.isprintable() else _ODD.sub(_visible_part, head)
    return shown if len(text) == len(head) and len(shown) <= limit else shown[: limit - 1] + "…"


def _visible_part(match: re.Match[str]) -> str:
    return visible(match.group(), VALUE_LIMIT, multiline=True)


_INDENTS = tuple("  " * depth for depth in range(_DEPTH_LIMIT + 1))
