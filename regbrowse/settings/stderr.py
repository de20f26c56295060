"""What may be shown of a failed program's error output: one line, with nothing in it that looks secret."""

from __future__ import annotations

import re

from regbrowse.redact import redact
from regbrowse.text import visible

LINE_LIMIT = 200
_NAMES_A_SECRET = re.compile(
    r"(?:secret|pass(?:word|wd|phrase)?|token|authorization|credential|api.?key)s?[\"']?\s*(?:[:=]|\bis\b)"
    r"|\b(?:bearer|basic)\s",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
_LONG_WORD = re.compile(r"(?=[A-Za-z+/=_-]*[0-9])[A-Za-z0-9+/=_-]{24,}")
_WORD = re.compile(r"[^\s\"',:{}]{4,}")


def _address(match: re.Match[str]) -> str:
    shown = redact(match[0])
    # With a slash in the password nobody knows where the user ends and the host begins.
    return "***" if "@" in shown else shown


def first_line(err: bytes, out: bytes) -> str:
    """The first harmless line of a program's error output as a sentence; empty when there is none.

    Lines with a word of its other output `out`, which may be half a secret, are left out, as are lines that
    announce a secret; long words of letters and digits become `***`.
    """
    secrets = _WORD.findall(out.decode("utf-8", "replace"))
    for line in err.decode("utf-8", "replace").splitlines():
        line = line.strip()
        if not line or _NAMES_A_SECRET.search(line) or any(word in line for word in secrets):
            continue
        line = _LONG_WORD.sub("***", _URL.sub(_address, line))
        shown = visible(line, LINE_LIMIT)
        return shown if shown.endswith((".", "…", "!", "?")) else f"{shown}."
    return ""
