"""What every request says of us, and the first ones, byte for byte (distribution-spec, Determining Support)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regbrowse import __version__

if TYPE_CHECKING:
    from regbrowse.reference import Digest, Repository

PATH = "/v2/"
ANYTHING = "*/*"
"""What is accepted where a digest tells whether it is right."""
HEADERS = {"User-Agent": f"regbrowse/{__version__}", "Accept": "application/json, */*;q=0.5"}
ENCODING = {"Accept-Encoding": "identity"}
"""Behind all others: what is hashed must come as it is stored."""
PAGE = 1000
"""Names that a page of a list may have."""


def tags_path(repository: Repository) -> str:
    return f"/v2/{repository.path}/tags/list"


def blob_path(repository: Repository, digest: Digest) -> str:
    return f"/v2/{repository.path}/blobs/{digest}"
