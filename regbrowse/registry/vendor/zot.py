"""zot's search extension: GraphQL by GET on the registry's own origin (project-zot/zot, pkg/extensions/search)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import quote

from regbrowse.oci.document import Reader
from regbrowse.reference import Registry, Repository, is_tag
from regbrowse.registry.models import TagFact, TagFacts
from regbrowse.registry.requests import Response
from regbrowse.registry.vendor.values import amount, when
from regbrowse.registry.vendor.vendor_client import PAGE_SIZE, PAGES, Window, newest_only, object_of, rows_of
from regbrowse.text import visible

SEARCH = "/v2/_zot/ext/search"
DISCOVER = "/v2/_oci/ext/discover"


async def has_search(reply: Response) -> bool:
    """Whether the answer to DISCOVER names zot's search (distribution-spec, extensions/_oci.md). Raises BadResponse."""
    answer = await object_of(reply)
    extensions = answer.readers("extensions")[:100]
    return any(point.rstrip("/") == SEARCH for each in extensions for point in each.texts("endpoints"))


class Zot:
    """Asks a zot."""

    def __init__(self, window: Window, registry: Registry, *, password: bool) -> None:
        self._window = window
        self._password = password
        """Whether the registry itself takes passwords; else it is asked as nobody."""
        self.host = visible(registry.name)

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Newest first. What is there counts, also when errors stand beside it. Raises RegistryError."""
        seen: set[str] = set()
        for number in range(PAGES):
            page = f"{{limit:{PAGE_SIZE},offset:{number * PAGE_SIZE},sortBy:UPDATE_TIME}}"
            # The grammar of repository paths leaves nothing in it that could end the text.
            images = f'ImageList(repo:"{repository.path}",requestedPage:{page})'
            query = quote(f"{{{images}{{Results{{Tag Digest LastUpdated Size}}}}}}", safe="")
            target = f"{SEARCH}?query={query}"
            reply = await self._window.here(
                repository.registry, target, repository.familiar, password=self._password
            )
            answer = await object_of(reply)
            said = _trouble(answer, self.host)
            listed = answer.reader("data").reader("ImageList")
            if said and not listed.has("Results"):
                yield TagFacts((), said)
                return
            rows = rows_of(reply, listed, "Results")
            facts = tuple(fact for fact in map(_fact, rows) if fact)
            fresh = {fact.tag for fact in facts} - seen
            seen |= fresh
            if fresh or said:
                yield TagFacts(facts, said)
            if said or not fresh or len(rows) < PAGE_SIZE:
                return
        yield TagFacts((), newest_only(self.host))


def _trouble(answer: Reader, host: str) -> str:
    """The sentence for `errors` beside `data`; their words are the server's own."""
    if not answer.items("errors"):
        return ""
    words = next((each.text("message", limit=100) for each in answer.readers("errors")[:3]), "")
    return f"Dates and sizes are not complete ({host}: {words or 'it reports an error'})."


def _fact(row: Reader) -> TagFact | None:
    name = row.raw("Tag")
    if not isinstance(name, str) or not is_tag(name):
        return None
    return TagFact(name, when(row.raw("LastUpdated")), amount(row, "Size"), "", row.digest("Digest"))
