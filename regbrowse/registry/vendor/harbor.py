"""Harbor's own API: artifacts with their tags, dates and sizes (goharbor/harbor, api/v2.0/swagger.yaml).

It shares its origin with the registry, and its users: the registry's password is the one it wants.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable

from regbrowse.oci.document import Reader
from regbrowse.reference import Registry, Repository, is_tag
from regbrowse.registry.auth.challenge import Challenge
from regbrowse.registry.listing.link import next_target
from regbrowse.registry.models import TagFact, TagFacts
from regbrowse.registry.vendor.values import amount, when
from regbrowse.registry.vendor.vendor_client import PAGE_SIZE, PAGES, ROWS, Window, list_of, newest_only
from regbrowse.text import visible

_SERVICE = "harbor-registry"
_REALM = "harbor"


def is_harbor(challenges: Iterable[Challenge]) -> bool:
    """Whether this is how Harbor asks for a login: its token service, or the realm it falls back to."""
    return any(
        (each.scheme == "bearer" and each.get("service") == _SERVICE)
        or (each.scheme == "basic" and each.get("realm") in (_REALM, _SERVICE))
        for each in challenges
    )


class Harbor:
    """Asks a Harbor."""

    def __init__(self, window: Window, registry: Registry) -> None:
        self._window = window
        self.host = visible(registry.name)

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """The list of artifacts by page: asked about a single one, Harbor sends every tag it has.

        `X-Total-Count` is not looked at, because it counts what the user may not see, too. Raises RegistryError.
        """
        project, slash, name = repository.path.partition("/")
        if not slash:
            return
        # Harbor decodes the path twice on its way through its proxy.
        place = f"/api/v2.0/projects/{project}/repositories/{name.replace('/', '%252F')}/artifacts"
        seen: set[str] = set()
        for number in range(1, PAGES + 1):
            target = f"{place}?page={number}&page_size={PAGE_SIZE}&with_tag=true"
            reply = await self._window.here(repository.registry, target, repository.familiar, password=True)
            rows = await list_of(reply)
            fresh = {str(row.digest("digest")) for row in rows} - seen
            if not fresh:
                return
            seen |= fresh
            facts = [fact for row in rows for fact in _facts(row)]
            yield TagFacts(tuple(facts[:ROWS]), newest_only(self.host) if len(facts) > ROWS else "")
            if len(rows) < PAGE_SIZE and next_target(reply.headers.get_list("link")) is None:
                return
        yield TagFacts((), newest_only(self.host))


def _facts(row: Reader) -> list[TagFact]:
    """One fact for every tag of an artifact."""
    digest, size, pushed = row.digest("digest"), amount(row, "size"), when(row.raw("push_time"))
    facts = []
    for tag in row.readers("tags")[: ROWS + 1]:
        name = tag.raw("name")
        if isinstance(name, str) and is_tag(name):
            facts.append(TagFact(name, when(tag.raw("push_time")) or pushed, size, "", digest))
    return facts
