"""Google's tag lists, which hold more than the standard asks for (google/go-containerregistry, pkg/v1/google/list.go).

Container Registry and Artifact Registry.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator

from regbrowse.oci.document import Reader
from regbrowse.reference import Digest, Registry, Repository, is_tag
from regbrowse.registry.models import TagFact, TagFacts
from regbrowse.registry.vendor.vendor_client import (
    MAX_ROWS,
    VendorClient,
    json_object,
    read_milliseconds,
    read_size,
)
from regbrowse.text import visible

SLICE = 500
"""Manifests read before the event loop gets its turn."""
_HOSTS = re.compile(r"(?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev")


class Google:
    """Read the tag list, which holds everything."""

    def __init__(self, client: VendorClient, registry: Registry) -> None:
        self._client = client
        self.host = visible(registry.name)

    @classmethod
    async def detect(cls, client: VendorClient, registry: Registry) -> Google | None:
        """Recognise the registry by its name."""
        return cls(client, registry) if is_google(registry) else None

    async def tag_facts(self, repository: Repository) -> AsyncGenerator[TagFacts, None]:
        """Yield the facts of all tags in parts. Raises RegistryError."""
        target, scope = f"/v2/{repository.path}/tags/list", f"repository:{repository.path}:pull"
        response = await self._client.get_with_scope(repository.registry, target, repository.familiar, scope)
        manifests = (await json_object(response)).reader("manifest")
        facts: list[TagFact] = []
        for number, name in enumerate(manifests, 1):
            if number > MAX_ROWS:
                note = f"Dates and sizes are those of {MAX_ROWS:,} images only ({self.host} lists more)."
                yield TagFacts(tuple(facts), note)
                return
            facts += read_facts(name, manifests.reader(name))
            if not number % SLICE:
                yield TagFacts(tuple(facts))
                facts = []
                await asyncio.sleep(0)
        yield TagFacts(tuple(facts))


def is_google(registry: Registry) -> bool:
    return _HOSTS.fullmatch(registry.host) is not None


def read_facts(name: str, row: Reader) -> list[TagFact]:
    """Read the facts of every tag of the manifest with this digest.

    The time of creation is not used: it is the image's own word, and not the time of a push.
    """
    digest = Digest.read(name)
    if digest is None:
        return []
    size, pushed = read_size(row, "imageSizeBytes"), read_milliseconds(row, "timeUploadedMs")
    tags = (tag for tag in row.items("tag")[: MAX_ROWS + 1] if isinstance(tag, str) and is_tag(tag))
    return [TagFact(tag, pushed, size, "", digest) for tag in tags]
