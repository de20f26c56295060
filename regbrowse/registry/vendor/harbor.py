"""Harbor's own API: artifacts with their tags, dates and sizes (goharbor/harbor, api/v2.0/swagger.yaml).

It shares its origin with the registry, and its users: it takes the password of the registry.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from regbrowse.oci.document import Reader
from regbrowse.reference import Registry, Repository, is_tag
from regbrowse.registry.auth.challenge import Challenge
from regbrowse.registry.listing.link import next_target
from regbrowse.registry.models import TagFact, TagFacts
from regbrowse.registry.vendor.vendor_client import (
    MAX_PAGES,
    MAX_ROWS,
    PAGE_SIZE,
    VendorClient,
    json_list,
    newest_only,
    read_size,
    read_time,
)
from regbrowse.text import visible

_SERVICE = "harbor-registry"
_REALMS = ("harbor", _SERVICE)


class Harbor:
    """Read the artifacts of a repository with their tags."""

    def __init__(self, client: VendorClient, registry: Registry) -> None:
        self._client = client
        self.host = visible(registry.name)

    @classmethod
    async def detect(cls, client: VendorClient, registry: Registry) -> Harbor | None:
        """Recognise the registry by its challenge, never by a part of its name."""
        challenges = (await client.auth.pings.ping(registry)).challenges
        return cls(client, registry) if any(map(_is_of_harbor, challenges)) else None

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Yield facts page by page. Raises RegistryError.

        All artifacts are listed, because the answer about a single one holds every tag that it has. `X-Total-Count`
        is not used, because it also counts artifacts that the user may not see.
        """
        project, slash, name = repository.path.partition("/")
        if not slash:
            return
        # Harbor decodes the path twice on its way through its proxy.
        path = f"/api/v2.0/projects/{project}/repositories/{name.replace('/', '%252F')}/artifacts"
        seen: set[str] = set()
        for number in range(1, MAX_PAGES + 1):
            target = f"{path}?page={number}&page_size={PAGE_SIZE}&with_tag=true"
            response = await self._client.get_from_registry(
                repository.registry, target, repository.familiar, password=True
            )
            rows = await json_list(response)
            new = {str(row.digest("digest")) for row in rows} - seen
            if not new:
                return
            seen |= new
            facts = [fact for row in rows for fact in read_facts(row)]
            yield TagFacts(tuple(facts[:MAX_ROWS]), newest_only(self.host) if len(facts) > MAX_ROWS else "")
            if len(rows) < PAGE_SIZE and next_target(response.headers.get_list("link")) is None:
                return
        yield TagFacts((), newest_only(self.host))


def _is_of_harbor(challenge: Challenge) -> bool:
    """Whether a challenge names Harbor's token service, or the realm that it falls back to."""
    if challenge.scheme == "bearer":
        return challenge.get("service") == _SERVICE
    return challenge.scheme == "basic" and challenge.get("realm") in _REALMS


def read_facts(row: Reader) -> list[TagFact]:
    """Read the facts of every tag of an artifact."""
    digest, size, pushed = row.digest("digest"), read_size(row, "size"), read_time(row.raw("push_time"))
    facts = []
    for tag in row.readers("tags")[: MAX_ROWS + 1]:
        name = tag.raw("name")
        if isinstance(name, str) and is_tag(name):
            facts.append(TagFact(name, read_time(tag.raw("push_time")) or pushed, size, "", digest))
    return facts
