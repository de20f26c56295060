"""Which registry has an API of its own, and the promise that its failure harms nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from regbrowse.errors import BadResponse, RegbrowseError, Unsupported
from regbrowse.reference import DOCKER_HUB, Registry, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.auth.challenge import choose_challenge
from regbrowse.registry.auth.ping import PingResult
from regbrowse.registry.models import Found, TagFacts
from regbrowse.registry.transport.transport import Transport
from regbrowse.registry.vendor import quay
from regbrowse.registry.vendor.gcr import Google, is_google
from regbrowse.registry.vendor.harbor import Harbor, is_harbor
from regbrowse.registry.vendor.hub import Hub
from regbrowse.registry.vendor.quay import Quay
from regbrowse.registry.vendor.searched import is_searched
from regbrowse.registry.vendor.vendor_client import Window, reason
from regbrowse.registry.vendor.zot import DISCOVER, Zot, has_search
from regbrowse.text import visible

SECONDS = 3.0
_WITHOUT = re.compile(
    r"ghcr\.io|registry\.gitlab\.com|mcr\.microsoft\.com|public\.ecr\.aws|registry\.k8s\.io|codeberg\.org"
    r"|registry\.access\.redhat\.com|registry\.redhat\.io"
    r"|[a-z0-9.-]+\.(?:amazonaws\.com|amazonaws\.com\.cn|azurecr\.io|jfrog\.io)"
)
"""Registries that are known not to be a zot, and are not asked whether they are."""


class Card(Protocol):
    """What is known of one kind of registry."""

    host: str
    """Who answers, as shown to people."""

    def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """The facts as they arrive. Raises RegistryError."""
        ...


class VendorApis:
    """What registries tell beyond the standard."""

    def __init__(self, desk: Authenticator, transport: Transport, seconds: float = SECONDS) -> None:
        self._desk = desk
        self._window = Window(desk, transport, seconds)
        self._hub = Hub(self._window)
        self._quay = Quay(self._window)
        self._cards: dict[str, Card | None] = {}
        """Of registries whose kind had to be found out."""

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Dates, sizes and digests of tags where the registry has an API for them; nothing where it has none.

        A failure of any kind, and an answer that takes longer than `seconds`, is a note. Never raises RegbrowseError.
        """
        card = await self._card(repository.registry)
        if card is None:
            return
        some = False
        try:
            async with aclosing(card.tag_facts(repository)) as parts:
                async for part in parts:
                    some = some or bool(part.facts)
                    yield part
        except RegbrowseError as error:
            state = "complete" if some else "available right now"
            yield TagFacts((), f"Dates and sizes are not {state} ({card.host}: {reason(error)}).")

    def searchable(self, registry: Registry) -> bool:
        """Whether `search` has somebody to ask."""
        return is_searched(registry)

    async def search(self, registry: Registry, text: str) -> tuple[Found, ...]:
        """The repositories that the registry's own search finds, best first. Raises RegbrowseError."""
        wanted = f"Searching {visible(registry.name)}"
        if not self.searchable(registry):
            raise Unsupported(f"{visible(registry.name)} has no search.", wanted=wanted)
        if not text.strip():
            return ()
        searching = self._hub if registry.name == DOCKER_HUB else self._quay
        return await searching.search(text.strip()[:200])

    async def _card(self, registry: Registry) -> Card | None:
        if registry.name == DOCKER_HUB:
            return self._hub
        if registry.key == quay.HOST:
            return self._quay
        if is_google(registry):
            return Google(self._window, registry)
        if registry.key not in self._cards:
            try:
                self._cards[registry.key] = await self._find_out(registry)
            except RegbrowseError:
                # The plain list meets the same trouble and says so.
                return None
        return self._cards[registry.key]

    async def _find_out(self, registry: Registry) -> Card | None:
        """By what the registry says of itself, never by a part of its name."""
        door = await self._desk.pings.ping(registry)
        if is_harbor(door.challenges):
            return Harbor(self._window, registry)
        if _WITHOUT.fullmatch(registry.host) or not door.is_registry:
            return None
        password = _takes_passwords(door)
        try:
            reply = await self._window.here(registry, DISCOVER, visible(registry.name), password=password)
            return Zot(self._window, registry, password=password) if await has_search(reply) else None
        except (BadResponse, Unsupported) as error:
            if error.evidence.status in (401, 403):
                raise
            return None


def _takes_passwords(door: PingResult) -> bool:
    challenge = choose_challenge(door.challenges)
    return challenge is not None and challenge.scheme == "basic"
