"""Find the vendor API of a registry, and ask it in such a way that its failure harms nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol, Self

from regbrowse.errors import RateLimited, RegbrowseError, Unsupported
from regbrowse.reference import DOCKER_HUB, Registry, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.models import Found, TagFacts
from regbrowse.registry.transport.transport import Transport
from regbrowse.registry.vendor import is_searchable
from regbrowse.registry.vendor.google import Google
from regbrowse.registry.vendor.harbor import Harbor
from regbrowse.registry.vendor.hub import DockerHub
from regbrowse.registry.vendor.quay import Quay
from regbrowse.registry.vendor.vendor_client import VendorClient
from regbrowse.registry.vendor.zot import Zot
from regbrowse.text import visible


class VendorApi(Protocol):
    """One kind of vendor API."""

    host: str
    """The host that answers, as it is shown."""

    @classmethod
    async def detect(cls, client: VendorClient, registry: Registry) -> Self | None:
        """Make the API when it is the one of this registry. Raises RegistryError when that cannot be told now."""
        ...

    def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Yield the facts as they arrive. Raises RegistryError."""
        ...


VENDORS: tuple[type[VendorApi], ...] = (DockerHub, Quay, Google, Harbor, Zot)
"""The first one that detects itself is used: those known by the name of the host, then those that need requests."""


class VendorApis:
    """The vendor APIs of one client's registries."""

    def __init__(self, auth: Authenticator, transport: Transport, seconds: float) -> None:
        """`seconds`: the most that one response may take."""
        self._client = VendorClient(auth, transport, seconds)
        self._apis: dict[str, VendorApi | None] = {}
        """Key of a registry -> its API; None when it has none."""

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Yield dates, sizes and digests of tags; nothing where the registry has no API for them.

        A failure of any kind, and a response that takes too long, is a note. Never raises RegbrowseError.
        """
        api = await self._api_of(repository.registry)
        if api is None:
            return
        some = False
        try:
            async with aclosing(api.tag_facts(repository)) as parts:
                async for part in parts:
                    some = some or bool(part.facts)
                    yield part
        except RegbrowseError as error:
            state = "complete" if some else "available right now"
            reason = "limiting requests" if isinstance(error, RateLimited) else visible(error.heading, 60)
            yield TagFacts((), f"Dates and sizes are not {state} ({api.host}: {reason}).")

    async def search(self, registry: Registry, text: str) -> tuple[Found, ...]:
        """Return the repositories that the registry's own search finds, best first. Raises RegbrowseError."""
        if not is_searchable(registry):
            host = visible(registry.name)
            raise Unsupported(f"{host} has no search.", wanted=f"Searching {host}")
        if not text.strip():
            return ()
        searched = DockerHub(self._client) if registry.name == DOCKER_HUB else Quay(self._client)
        return await searched.search(text.strip()[:200])

    async def _api_of(self, registry: Registry) -> VendorApi | None:
        if registry.key not in self._apis:
            try:
                self._apis[registry.key] = await self._detect(registry)
            except RegbrowseError:
                # The list of tags meets the same trouble and reports it.
                return None
        return self._apis[registry.key]

    async def _detect(self, registry: Registry) -> VendorApi | None:
        for vendor in VENDORS:
            api = await vendor.detect(self._client, registry)
            if api is not None:
                return api
        return None
