"""Quay's own API: tags with dates and sizes, and a search (docs.projectquay.io, Red Hat Quay API).

It is requested without a login: it has tokens of its own, and answers the registry's login with 401.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from urllib.parse import quote

from regbrowse.oci.document import Reader
from regbrowse.reference import Registry, Repository, is_repository_path, is_tag
from regbrowse.registry.models import Found, TagFact, TagFacts
from regbrowse.registry.vendor.vendor_client import (
    MAX_PAGES,
    PAGE_SIZE,
    VendorClient,
    json_object,
    json_rows,
    newest_only,
    read_line,
    read_size,
    read_time,
)

HOST = "quay.io"


class Quay:
    """Read tags, and search repositories."""

    host = HOST

    def __init__(self, client: VendorClient) -> None:
        self._client = client

    @classmethod
    async def detect(cls, client: VendorClient, registry: Registry) -> Quay | None:
        """Recognise the registry by its name."""
        return cls(client) if registry.key == HOST else None

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Yield facts page by page. Raises RegistryError."""
        for number in range(1, MAX_PAGES + 1):
            query = f"limit={PAGE_SIZE}&page={number}&onlyActiveTags=true"
            target = f"/api/v1/repository/{repository.path}/tag/?{query}"
            response = await self._client.get_anonymously(HOST, target, repository.familiar)
            answer = await json_object(response)
            rows = json_rows(response, answer, "tags")
            yield TagFacts(tuple(fact for fact in map(read_fact, rows) if fact))
            if not rows or not answer.truth("has_additional"):
                return
        yield TagFacts((), newest_only(HOST))

    async def search(self, text: str) -> tuple[Found, ...]:
        """Search repositories, best first. Raises RegistryError."""
        target = f"/api/v1/find/repositories?query={quote(text, safe='', errors='replace')}"
        response = await self._client.get_anonymously(HOST, target, "repositories", f"Searching {HOST}")
        found = (read_found(row) for row in json_rows(response, await json_object(response), "results"))
        return tuple({each.path: each for each in found if each}.values())


def read_fact(row: Reader) -> TagFact | None:
    """Read the facts of one tag; None when its name is no tag."""
    name = row.raw("name")
    if not isinstance(name, str) or not is_tag(name):
        return None
    started = row.number("start_ts", high=253_402_300_799)
    pushed = read_time(row.raw("last_modified")) or (datetime.fromtimestamp(started, UTC) if started else None)
    return TagFact(name, pushed, read_size(row, "size"), "", row.digest("manifest_digest"))


def read_found(row: Reader) -> Found | None:
    """Read one repository that was found; None when its name is no path of a repository."""
    owner, name = row.reader("namespace").raw("name"), row.raw("name")
    if not isinstance(owner, str) or not isinstance(name, str):
        return None
    path = f"{owner}/{name}"
    if not is_repository_path(path):
        return None
    return Found(path, read_line(row, "description").lstrip("# "), False, row.number("stars"))
