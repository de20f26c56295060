"""Docker Hub's own API: tags with dates and sizes, and the search that stands for its missing list of repositories.

docker/docs, reference/api/hub. It lives on another host than the registry and never sees its login.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import quote, urljoin, urlsplit

from regbrowse.errors import RegistryError
from regbrowse.oci.document import Reader
from regbrowse.reference import Repository, is_repository_path, is_tag
from regbrowse.registry.models import Found, TagFact, TagFacts
from regbrowse.registry.transport.url_policy import problem_with, same_origin
from regbrowse.registry.vendor.values import amount, line, when
from regbrowse.registry.vendor.vendor_client import PAGE_SIZE, PAGES, Window, newest_only, object_of, rows_of
from regbrowse.text import CELL_LIMIT, visible

HOST = "hub.docker.com"
CLASSIC = "index.docker.io"
FOUND = 50
_BASE = f"https://{HOST}"


class Hub:
    """Asks hub.docker.com."""

    host = HOST

    def __init__(self, window: Window) -> None:
        self._window = window

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Newest first. Raises RegistryError."""
        namespace, slash, name = repository.path.partition("/")
        if not slash or "/" in name:
            return
        query = f"page_size={PAGE_SIZE}&ordering=last_updated"
        target = f"/v2/namespaces/{namespace}/repositories/{name}/tags?{query}"
        visited: set[str] = set()
        for _ in range(PAGES):
            visited.add(target)
            reply = await self._window.elsewhere(HOST, target, repository.familiar)
            answer = await object_of(reply)
            facts = tuple(fact for fact in map(_fact, rows_of(reply, answer, "results")) if fact)
            following = answer.raw("next")
            if not isinstance(following, str) or not following:
                yield TagFacts(facts)
                return
            target, note = _next(_BASE + target, following)
            if note or target in visited:
                yield TagFacts(facts, note or newest_only(HOST))
                return
            yield TagFacts(facts)
        yield TagFacts((), newest_only(HOST))

    async def search(self, text: str) -> tuple[Found, ...]:
        """Best first, as the Hub ranks them; the API behind `docker search` when the first one fails.

        Raises the RegistryError of the first.
        """
        wanted = f"Searching {HOST}"
        words = quote(text, safe="", errors="replace")
        try:
            target = f"/v2/search/repositories/?query={words}&page_size={FOUND}"
            reply = await self._window.elsewhere(HOST, target, "repositories", wanted)
            rows = rows_of(reply, await object_of(reply), "results")
        except RegistryError as error:
            try:
                reply = await self._window.elsewhere(
                    CLASSIC, f"/v1/search?q={words}&n={FOUND}", "repositories", wanted
                )
                rows = rows_of(reply, await object_of(reply), "results")
            except RegistryError:
                raise error from None
        found = (_found(row) for row in rows)
        return tuple({each.path: each for each in found if each}.values())


def _next(url: str, following: str) -> tuple[str, str]:
    """Where the list goes on, or why it is not followed there."""
    problem = problem_with(following)
    if problem:
        return "", f"{HOST} continued its list at an address with {problem}; not followed."
    there = urljoin(url, following)
    parts = urlsplit(there)
    if not same_origin(there, url):
        return "", f"{HOST} continued its list on another host ({visible(parts.netloc, 100)}); not followed."
    return f"{parts.path}?{parts.query}", ""


def _fact(row: Reader) -> TagFact | None:
    name = row.raw("name")
    if not isinstance(name, str) or not is_tag(name):
        return None
    pushed = when(row.raw("tag_last_pushed")) or when(row.raw("last_updated"))
    size = amount(row, "full_size")
    return TagFact(name, pushed, size, _size_of(row, size) if size else "", row.digest("digest"))


def _size_of(row: Reader, size: int) -> str:
    """The platform that `full_size` is of: the Hub adds nothing up."""
    for image in row.readers("images")[:100]:
        if amount(image, "size") == size:
            parts = (image.text(key, limit=CELL_LIMIT) for key in ("os", "architecture", "variant"))
            return "/".join(part for part in parts if part) or "one platform"
    return "one platform"


def _found(row: Reader) -> Found | None:
    name = row.raw("repo_name") or row.raw("name")
    if not isinstance(name, str):
        return None
    path = name if "/" in name else f"library/{name}"
    if not is_repository_path(path):
        return None
    about = line(row, "short_description") or line(row, "description")
    return Found(path, about, row.truth("is_official"), row.number("star_count"))
