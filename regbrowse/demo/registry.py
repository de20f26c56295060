"""The demo registry: the layouts in `data`, one for each repository, with the limits and faults of real registries."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from regbrowse.demo.start import REGISTRY
from regbrowse.registry.responder import ENDPOINT, Answer, error_answer, json_answer, page_answer

if TYPE_CHECKING:
    from regbrowse.demo.layout import DemoRepository

DATA = Path(__file__).resolve().parent / "data"
"""An OCI layout for each repository. They are made by `python -m tests.demo_layouts`."""
PAGE = 250
"""Most entries of one page, however many are asked for."""
USER, PASSWORD = "demo", "demo"
"""The login for `private/vault`."""
_PRIVATE = "private/vault"
_RATE_LIMITED = "acme/shop/webapp"
_RATE_LIMIT = {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "72;w=21600"}
_LIMIT_REACHED = {"Retry-After": "840", "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600"}
_FAULTS = {
    "acme/lab/broken": error_answer(500, "UNKNOWN", "the storage behind this repository is broken"),
    "acme/lab/throttled": error_answer(
        429, "TOOMANYREQUESTS", "You have reached your pull rate limit.", _LIMIT_REACHED
    ),
}
"""Repositories that answer every request with an error."""


class DemoRegistry:
    """Implements Responder. Making one reads nothing: a layout is opened at the first request for it."""

    def __init__(self) -> None:
        self.opened: dict[str, DemoRepository] = {}
        self._opening = asyncio.Lock()

    @cached_property
    def names(self) -> list[str]:
        """The names of all repositories."""
        return sorted(path.parent.relative_to(DATA).as_posix() for path in DATA.rglob("index.json"))

    async def repository(self, name: str) -> DemoRepository:
        """Open one of the repositories, once."""
        async with self._opening:
            if name not in self.opened:
                self.opened[name] = await asyncio.to_thread(_open, name)
            return self.opened[name]

    async def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Answer one request (distribution-spec, Endpoints)."""
        if method not in ("GET", "HEAD"):
            return error_answer(405, "UNSUPPORTED", "the demo is read only")
        url = urlsplit(target)
        path, query = unquote(url.path), parse_qs(url.query, keep_blank_values=True)
        match = ENDPOINT.fullmatch(path)
        if path in ("/v2", "/v2/"):
            answer = json_answer({})
        elif path == "/v2/_catalog":
            answer = page_answer(path, "repositories", self.names, query, PAGE)
        elif match is None:
            answer = error_answer(404, "NOT_FOUND", "no such endpoint")
        elif match[1] not in self.names:
            answer = error_answer(404, "NAME_UNKNOWN", f"repository name not known to registry: {match[1]}")
        else:
            given = {name.lower(): value for name, value in headers.items()}
            answer = self._refusal(match[1], given) or await self._content(match, target, query, given)
        return Answer(answer.status, answer.headers) if method == "HEAD" else answer

    def _refusal(self, name: str, headers: Mapping[str, str]) -> Answer | None:
        if name == _PRIVATE and headers.get("authorization") != _basic():
            challenge = {"WWW-Authenticate": f'Basic realm="{REGISTRY}"'}
            return error_answer(401, "UNAUTHORIZED", "authentication required: the demo lets in demo:demo", challenge)
        return _FAULTS.get(name)

    async def _content(
        self, match: re.Match[str], target: str, query: Mapping[str, list[str]], headers: Mapping[str, str]
    ) -> Answer:
        name, kind, reference = match[1], match[2] or match[4], match[5]
        repository = await self.repository(name)
        if kind == "tags":
            return page_answer(f"/v2/{name}/tags/list", "tags", repository.tags, query, PAGE, {"name": name})
        if kind == "manifests" and repository.releases is not None:
            digest = await asyncio.to_thread(repository.releases.digest, reference)
            target = f"/v2/{name}/manifests/{digest}" if digest else target
        answer = await repository.layout.answer("GET", target, headers)
        if kind == "manifests" and name == _RATE_LIMITED:
            answer = answer._replace(headers={**answer.headers, **_RATE_LIMIT})
        return answer


def _open(name: str) -> DemoRepository:
    """Open a repository; for a thread, because this imports the modules that read layouts, too."""
    from regbrowse.demo.layout import DemoRepository

    return DemoRepository(name, DATA / name)


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
