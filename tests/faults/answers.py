"""Answers as bytes, right or wrong in whatever way is wanted."""

from __future__ import annotations

import json
from collections.abc import Iterable

Headers = Iterable[tuple[str, str]]


def http(
    status: int = 200,
    body: bytes | str = b"",
    headers: Headers = (),
    *,
    length: bool = True,
    reason: str = "Whatever",
) -> bytes:
    """An answer as bytes; without `length` it lasts until the connection ends."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    if length and status not in (204, 304):
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "surrogateescape") + content


def as_json(value: object, status: int = 200, headers: Headers = ()) -> bytes:
    return http(status, json.dumps(value), [("Content-Type", "application/json"), *headers])


def problem(status: int, code: str = "UNKNOWN", message: str = "", headers: Headers = ()) -> bytes:
    """An error in the form of the distribution-spec."""
    return as_json({"errors": [{"code": code, "message": message}]}, status, headers)


def redirect(location: str, status: int = 307, headers: Headers = ()) -> bytes:
    return http(status, b"", [("Location", location), *headers])


def chunks(*parts: bytes, end: bool = True) -> bytes:
    """Bodies in the chunked transfer coding."""
    framed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return framed + (b"0\r\n\r\n" if end else b"")


CHUNKED = ("Transfer-Encoding", "chunked")
