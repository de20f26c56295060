"""What every request says of us, and the first ones, byte for byte (distribution-spec, Determining Support)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from regbrowse import __version__
from regbrowse.registry.net.policy import PORTS, origin_of

if TYPE_CHECKING:
    from regbrowse.reference import Digest, Registry, Repository

PATH = "/v2/"
ANYTHING = "*/*"
"""What is accepted where a digest tells whether it is right."""
HEADERS = {"User-Agent": f"regbrowse/{__version__}", "Accept": "application/json, */*;q=0.5"}
ENCODING = {"Accept-Encoding": "identity"}
"""Behind all others: what is hashed must come as it is stored."""
PAGE = 1000
"""Names that a page of a list may have."""


class Then(NamedTuple):
    """What will be asked for when the knock was answered: as nobody, and all of it."""

    path: str
    """With the query."""
    accept: str = ""


def tags_path(repository: Repository) -> str:
    return f"/v2/{repository.path}/tags/list"


def blob_path(repository: Repository, digest: Digest) -> str:
    return f"/v2/{repository.path}/blobs/{digest}"


def knock(registry: Registry, then: Then | None = None, *, secure: bool) -> tuple[bytes, ...]:
    """The first requests to a registry, by https or http, as httpx and h11 write them."""
    scheme, name, port = origin_of(f"{'https' if secure else 'http'}://{registry.authority}")
    host = f"[{name}]" if ":" in name else name
    if port != PORTS[scheme]:
        host += f":{port}"
    return tuple(_written(host, one) for one in (Then(PATH), then) if one is not None)


def _written(host: str, asked: Then) -> bytes:
    fields = {"Host": host, **HEADERS, **({"Accept": asked.accept} if asked.accept else {}), **ENCODING}
    lines = [f"GET {asked.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")
