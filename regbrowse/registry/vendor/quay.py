"""Quay's own API: tags with dates and sizes, and a search (docs.projectquay.io, Red Hat Quay API).

It is asked as nobody: it knows tokens of its own, and answers the registry's login with 401.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from urllib.parse import quote

from regbrowse.oci.document import Reader
from regbrowse.reference import Repository, is_repository_path, is_tag
from regbrowse.registry.models import Found, TagFact, TagFacts
from regbrowse.registry.vendor.values import amount, line, when
from regbrowse.registry.vendor.vendor_client import PAGE_SIZE, PAGES, Window, newest_only, object_of, rows_of

HOST = "quay.io"


class Quay:
    """Asks quay.io."""

    host = HOST

    def __init__(self, window: Window) -> None:
        self._window = window

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Raises RegistryError."""
        for number in range(1, PAGES + 1):
            query = f"limit={PAGE_SIZE}&page={number}&onlyActiveTags=true"
            target = f"/api/v1/repository/{repository.path}/tag/?{query}"
            reply = await self._window.elsewhere(HOST, target, repository.familiar)
            answer = await object_of(reply)
            rows = rows_of(reply, answer, "tags")
            yield TagFacts(tuple(fact for fact in map(_fact, rows) if fact))
            if not rows or not answer.truth("has_additional"):
                return
        yield TagFacts((), newest_only(HOST))

    async def search(self, text: str) -> tuple[Found, ...]:
        """Best first. Raises RegistryError."""
        words = quote(text, safe="", errors="replace")
        reply = await self._window.elsewhere(
            HOST, f"/api/v1/find/repositories?query={words}", "repositories", f"Searching {HOST}"
        )
        found = (_found(row) for row in rows_of(reply, await object_of(reply), "results"))
        return tuple({each.path: each for each in found if each}.values())


def _fact(row: Reader) -> TagFact | None:
    name = row.raw("name")
    if not isinstance(name, str) or not is_tag(name):
        return None
    started = row.number("start_ts", high=253_402_300_799)
    pushed = when(row.raw("last_modified")) or (datetime.fromtimestamp(started, UTC) if started else None)
    return TagFact(name, pushed, amount(row, "size"), "", row.digest("manifest_digest"))


def _found(row: Reader) -> Found | None:
    owner, name = row.reader("namespace").raw("name"), row.raw("name")
    if not isinstance(owner, str) or not isinstance(name, str):
        return None
    path = f"{owner}/{name}"
    if not is_repository_path(path):
        return None
    return Found(path, line(row, "description").lstrip("# "), False, row.number("stars"))
