"""Docker Hub's own API: tags with dates and sizes, and the search that stands for its missing list of repositories.

docker/docs, reference/api/hub. It has another host than the registry and never receives its login.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import quote, urljoin, urlsplit

from regbrowse.errors import RegistryError
from regbrowse.oci.document import Reader
from regbrowse.reference import DOCKER_HUB, Registry, Repository, is_repository_path, is_tag
from regbrowse.registry.listing.link import path_and_query
from regbrowse.registry.models import Found, TagFact, TagFacts
from regbrowse.registry.transport.url_policy import problem_with, same_origin
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
from regbrowse.text import CELL_LIMIT, visible

HOST = "hub.docker.com"
CLASSIC_HOST = "index.docker.io"
MAX_FOUND = 50
_BASE = f"https://{HOST}"


class DockerHub:
    """Read tags, and search repositories."""

    host = HOST

    def __init__(self, client: VendorClient) -> None:
        self._client = client

    @classmethod
    async def detect(cls, client: VendorClient, registry: Registry) -> DockerHub | None:
        """Recognise the registry by its name."""
        return cls(client) if registry.name == DOCKER_HUB else None

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Yield facts page by page, the newest tags first. Raises RegistryError."""
        namespace, slash, name = repository.path.partition("/")
        if not slash or "/" in name:
            return
        query = f"page_size={PAGE_SIZE}&ordering=last_updated"
        target = f"/v2/namespaces/{namespace}/repositories/{name}/tags?{query}"
        requested: set[str] = set()
        for _ in range(MAX_PAGES):
            requested.add(target)
            response = await self._client.get_anonymously(HOST, target, repository.familiar)
            answer = await json_object(response)
            facts = tuple(fact for fact in map(read_fact, json_rows(response, answer, "results")) if fact)
            following = answer.raw("next")
            if not isinstance(following, str) or not following:
                yield TagFacts(facts)
                return
            target, note = _next(_BASE + target, following)
            if note or target in requested:
                yield TagFacts(facts, note or newest_only(HOST))
                return
            yield TagFacts(facts)
        yield TagFacts((), newest_only(HOST))

    async def search(self, text: str) -> tuple[Found, ...]:
        """Search as the website does; when that fails, as `docker search` does. Raises the first RegistryError."""
        words = quote(text, safe="", errors="replace")
        try:
            rows = await self._search(HOST, f"/v2/search/repositories/?query={words}&page_size={MAX_FOUND}")
        except RegistryError as error:
            try:
                rows = await self._search(CLASSIC_HOST, f"/v1/search?q={words}&n={MAX_FOUND}")
            except RegistryError:
                raise error from None
        found = (read_found(row) for row in rows)
        return tuple({each.path: each for each in found if each}.values())

    async def _search(self, host: str, target: str) -> list[Reader]:
        response = await self._client.get_anonymously(host, target, "repositories", f"Searching {HOST}")
        return json_rows(response, await json_object(response), "results")


def _next(url: str, following: str) -> tuple[str, str]:
    """Return the path and query of the next page, or a note that says why it is not requested."""
    problem = problem_with(following)
    if problem:
        return "", f"{HOST} continued its list at an address with {problem}; not followed."
    there = urljoin(url, following)
    if not same_origin(there, url):
        other = visible(urlsplit(there).netloc, 100)
        return "", f"{HOST} continued its list on another host ({other}); not followed."
    return path_and_query(there), ""


def read_fact(row: Reader) -> TagFact | None:
    """Read the facts of one tag; None when its name is no tag."""
    name = row.raw("name")
    if not isinstance(name, str) or not is_tag(name):
        return None
    pushed = read_time(row.raw("tag_last_pushed")) or read_time(row.raw("last_updated"))
    size = read_size(row, "full_size")
    return TagFact(name, pushed, size, _platform_of(row, size) if size else "", row.digest("digest"))


def _platform_of(row: Reader, size: int) -> str:
    """Name the platform that `full_size` is of: it is not the sum of all."""
    for image in row.readers("images")[:100]:
        if read_size(image, "size") == size:
            parts = (image.text(key, limit=CELL_LIMIT) for key in ("os", "architecture", "variant"))
            return "/".join(part for part in parts if part) or "one platform"
    return "one platform"


def read_found(row: Reader) -> Found | None:
    """Read one repository that was found; None when its name is no path of a repository."""
    name = row.raw("repo_name") or row.raw("name")
    if not isinstance(name, str):
        return None
    path = name if "/" in name else f"library/{name}"
    if not is_repository_path(path):
        return None
    about = read_line(row, "short_description") or read_line(row, "description")
    return Found(path, about, row.truth("is_official"), row.number("star_count"))
