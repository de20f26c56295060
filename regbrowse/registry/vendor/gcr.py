"""Google's tag lists, which say more than the standard (google/go-containerregistry, pkg/v1/google/list.go)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator

from regbrowse.errors import BadReference
from regbrowse.oci.document import Reader
from regbrowse.reference import Digest, Registry, Repository, is_tag
from regbrowse.registry.models import TagFact, TagFacts
from regbrowse.registry.vendor.values import amount, from_milliseconds
from regbrowse.registry.vendor.vendor_client import ROWS, Window, object_of
from regbrowse.text import visible

SLICE = 500
"""Manifests read before the screen gets its turn."""
_HOSTS = re.compile(r"(?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev")


def is_google(registry: Registry) -> bool:
    """Container Registry and Artifact Registry, by their names."""
    return _HOSTS.fullmatch(registry.host) is not None


class Google:
    """Asks the tag list itself, once: it holds everything."""

    def __init__(self, window: Window, registry: Registry) -> None:
        self._window = window
        self.host = visible(registry.name)

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Raises RegistryError."""
        question = self._window.question(
            repository.registry,
            f"/v2/{repository.path}/tags/list",
            repository.familiar,
            scope=f"repository:{repository.path}:pull",
        )
        answer = await object_of(await self._window.at_desk(question))
        manifests = answer.reader("manifest")
        facts: list[TagFact] = []
        for number, name in enumerate(manifests, 1):
            if number > ROWS:
                note = f"Dates and sizes are those of {ROWS:,} images only ({self.host} lists more)."
                yield TagFacts(tuple(facts), note)
                return
            facts += _facts(name, manifests.reader(name))
            if not number % SLICE:
                yield TagFacts(tuple(facts))
                facts = []
                await asyncio.sleep(0)
        yield TagFacts(tuple(facts))


def _facts(name: str, row: Reader) -> list[TagFact]:
    """One fact for every tag of a manifest. The time of creation is the image's own word, and no push."""
    try:
        digest = Digest.parse(name)
    except BadReference:
        return []
    size, pushed = amount(row, "imageSizeBytes"), from_milliseconds(row, "timeUploadedMs")
    tags = (tag for tag in row.items("tag")[: ROWS + 1] if isinstance(tag, str) and is_tag(tag))
    return [TagFact(tag, pushed, size, "", digest) for tag in tags]
