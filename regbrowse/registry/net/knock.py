"""What every request says of us, and the first ones, byte for byte (distribution-spec, Determining Support)."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def blob_path(repository: Repository, digest: Digest) -> str:
    return f"/v2/{repository.path}/blobs/{digest}"


def knock(registry: Registry, *, secure: bool) -> bytes:
    """The first request to a registry, by https or http."""
    return _written(registry, secure, PATH, {})


def blob_request(repository: Repository, digest: Digest, *, secure: bool) -> bytes:
    """The first request for a blob: as nobody, and all of it."""
    return _written(repository.registry, secure, blob_path(repository, digest), {"Accept": ANYTHING})


def _written(registry: Registry, secure: bool, path: str, headers: dict[str, str]) -> bytes:
    """As httpx and h11 write it."""
    scheme, name, port = origin_of(f"{'https' if secure else 'http'}://{registry.authority}")
    host = f"[{name}]" if ":" in name else name
    if port != PORTS[scheme]:
        host += f":{port}"
    fields = {"Host": host, **HEADERS, **headers, **ENCODING}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")
