"""What every request says of us, and the first of them (distribution-spec, Determining Support)."""

from __future__ import annotations

from regbrowse import __version__

PATH = "/v2/"
HEADERS = {"User-Agent": f"regbrowse/{__version__}", "Accept": "application/json, */*;q=0.5"}
ENCODING = {"Accept-Encoding": "identity"}
"""Behind all others: what is hashed must come as it is stored."""


def knock(authority: str) -> bytes:
    """The whole first request to an `host[:port]` behind https, byte for byte as httpx and h11 write it."""
    fields = {"Host": authority.removesuffix(":443"), **HEADERS, **ENCODING}
    lines = [f"GET {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")
