"""Send requests for manifests, with an Accept header that the registry understands (RFC 9110, Accept)."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from regbrowse.oci.mediatype import ACCEPT_PLAIN, DOCKER_LIST, DOCKER_MANIFEST, MANIFESTS, OCI_INDEX, OCI_MANIFEST
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.error_mapping import server_words, status_error
from regbrowse.registry.fetch import fetch
from regbrowse.registry.requests import Request, Response

_NAMED_TYPES = {"oci index": OCI_INDEX, "oci manifest": OCI_MANIFEST, "manifest list": DOCKER_LIST}
"""What distribution says it has found, where the header does not name it -> the type of that."""


class ManifestFetcher:
    """Sends each request once more with a simpler header where the first one may be why there was no manifest."""

    def __init__(self, auth: Authenticator) -> None:
        self._auth = auth
        self._understood: dict[str, str] = {}
        """Key of a registry -> the header that it has answered with a manifest."""

    async def get(self, request: Request, expected: str = "") -> Response:
        """Request a manifest; `expected` is the media type in its descriptor. Raises RegistryError."""
        request = self.understandable(request)
        response = await fetch(self._auth, request, statuses=(200, 400, 404, 406))
        if response.status != 200:
            simpler = self._simpler(response, expected)
            second = await self._auth.send(_accepting(request, simpler)) if simpler else response
            if second.status != 200:
                raise status_error(response, self._auth.login_state(request.registry))
            response = second
        self._understood[request.registry.key] = response.request.headers["Accept"]
        return response

    async def head(self, request: Request, statuses: Container[int]) -> Response:
        """Request the headers of a manifest once. Raises RegistryError for other statuses than these."""
        request = self.understandable(request)
        response = await fetch(self._auth, request, statuses=statuses)
        if response.status == 200:
            self._understood[request.registry.key] = request.headers["Accept"]
        return response

    def note_cached(self, request: Request) -> None:
        """Put a request into the log that the cache has answered."""
        self._auth.note_cached(request)

    def understandable(self, request: Request) -> Request:
        """Return the request with the header that the registry has answered before."""
        known = self._understood.get(request.registry.key)
        return _accepting(request, known) if known else request

    def _simpler(self, response: Response, expected: str) -> str:
        """Return the header to try after a refusal; empty where another one changes nothing.

        A server that does not split the header at commas takes all of it for one type that it does not have. Its 404
        looks like that of a manifest that does not exist, code and all, so one of these is asked for twice. Not so
        where there is no repository, not where the registry has answered the same header with a manifest, and not for
        a tag that was guessed.
        """
        request = response.request
        accept = request.headers["Accept"]
        if response.other_origin or response.looks_like_html:
            return ""
        if response.status != 404:
            return ACCEPT_PLAIN if accept != ACCEPT_PLAIN else ""
        codes, said = server_words(response.body)
        if request.guessed or request.registry.key in self._understood or "NAME_UNKNOWN" in codes:
            return ""
        named = next((kind for words, kind in _NAMED_TYPES.items() if words in said.lower()), expected)
        return named if named in MANIFESTS else DOCKER_MANIFEST


def _accepting(request: Request, accept: str) -> Request:
    return replace(request, headers={**request.headers, "Accept": accept})
