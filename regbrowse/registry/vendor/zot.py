"""zot's search extension: GraphQL by GET on the registry's own origin (project-zot/zot, pkg/extensions/search)."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from urllib.parse import quote

from regbrowse.errors import BadResponse, Unsupported
from regbrowse.oci.document import Reader
from regbrowse.reference import Registry, Repository, is_tag
from regbrowse.registry.auth.challenge import choose_challenge
from regbrowse.registry.models import TagFact, TagFacts
from regbrowse.registry.vendor.vendor_client import (
    MAX_PAGES,
    PAGE_SIZE,
    VendorClient,
    json_object,
    json_rows,
    newest_only,
    read_size,
    read_time,
)
from regbrowse.text import visible

SEARCH = "/v2/_zot/ext/search"
DISCOVER = "/v2/_oci/ext/discover"
_NOT_ZOT = re.compile(
    r"ghcr\.io|registry\.gitlab\.com|mcr\.microsoft\.com|public\.ecr\.aws|registry\.k8s\.io|codeberg\.org"
    r"|registry\.access\.redhat\.com|registry\.redhat\.io"
    r"|[a-z0-9.-]+\.(?:amazonaws\.com|amazonaws\.com\.cn|azurecr\.io|jfrog\.io)"
)
"""Registries that are known to be something else, and are not asked for their extensions."""


class Zot:
    """Query the images of a repository."""

    def __init__(self, client: VendorClient, registry: Registry, *, password: bool) -> None:
        """`password`: whether the registry takes passwords itself; else requests are anonymous."""
        self._client = client
        self._password = password
        self.host = visible(registry.name)

    @classmethod
    async def detect(cls, client: VendorClient, registry: Registry) -> Zot | None:
        """Recognise the registry by the search among its extensions (distribution-spec, extensions/_oci.md)."""
        ping = await client.auth.pings.ping(registry)
        if _NOT_ZOT.fullmatch(registry.host) or not ping.is_registry:
            return None
        challenge = choose_challenge(ping.challenges)
        password = challenge is not None and challenge.scheme == "basic"
        try:
            response = await client.get_from_registry(registry, DISCOVER, visible(registry.name), password=password)
            extensions = (await json_object(response)).readers("extensions")[:100]
        except (BadResponse, Unsupported) as error:
            if error.evidence.status in (401, 403):
                raise
            return None
        endpoints = (endpoint for extension in extensions for endpoint in extension.texts("endpoints"))
        found = any(endpoint.rstrip("/") == SEARCH for endpoint in endpoints)
        return cls(client, registry, password=password) if found else None

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Yield facts page by page, the newest tags first. Raises RegistryError.

        What a response holds is used also when there are errors beside it.
        """
        seen: set[str] = set()
        for number in range(MAX_PAGES):
            page = f"{{limit:{PAGE_SIZE},offset:{number * PAGE_SIZE},sortBy:UPDATE_TIME}}"
            # The grammar of repository paths leaves nothing in it that could end the text.
            images = f'ImageList(repo:"{repository.path}",requestedPage:{page})'
            query = quote(f"{{{images}{{Results{{Tag Digest LastUpdated Size}}}}}}", safe="")
            response = await self._client.get_from_registry(
                repository.registry, f"{SEARCH}?query={query}", repository.familiar, password=self._password
            )
            answer = await json_object(response)
            note = read_errors(answer, self.host)
            listed = answer.reader("data").reader("ImageList")
            if note and not listed.has("Results"):
                yield TagFacts((), note)
                return
            rows = json_rows(response, listed, "Results")
            facts = tuple(fact for fact in map(read_fact, rows) if fact)
            new = {fact.tag for fact in facts} - seen
            seen |= new
            if new or note:
                yield TagFacts(facts, note)
            if note or not new or len(rows) < PAGE_SIZE:
                return
        yield TagFacts((), newest_only(self.host))


def read_errors(answer: Reader, host: str) -> str:
    """Make a note of the `errors` beside `data`; empty when there are none. Their words are the server's own."""
    if not answer.items("errors"):
        return ""
    words = next((each.text("message", limit=100) for each in answer.readers("errors")[:3]), "")
    return f"Dates and sizes are not complete ({host}: {words or 'it reports an error'})."


def read_fact(row: Reader) -> TagFact | None:
    """Read the facts of one tag; None when its name is no tag."""
    name = row.raw("Tag")
    if not isinstance(name, str) or not is_tag(name):
        return None
    return TagFact(name, read_time(row.raw("LastUpdated")), read_size(row, "Size"), "", row.digest("Digest"))
