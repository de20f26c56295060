"""The questions of these tests, and what a registry should answer to them."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from faults.answers import Headers, http
from faults.server import Misbehaving
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Manifest
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.client import Client, TagPage
from support import images
from support.images import OCI_MANIFEST

MADE = images.image()
LIST = "/v2/acme/app/tags/list"
TAG = "/v2/acme/app/manifests/1"
BY_DIGEST = f"/v2/acme/app/manifests/{MADE.digest}"
BLOB = images.layer({"etc/hostname": b"box\n", "data": random.Random(1).randbytes(20_000)})
BLOB_PATH = f"/v2/acme/app/blobs/{BLOB.digest}"
WHAT = Descriptor(BLOB.media_type, Digest.parse(BLOB.digest), len(BLOB.raw))


def here(server: Misbehaving | str) -> Repository:
    name = server if isinstance(server, str) else server.name
    return Repository(Registry.parse(name), "acme/app")


def listing(server: Misbehaving | str, into: list[TagPage] | None = None) -> Callable[[Client], Awaitable[list[str]]]:
    """Lists all tags; what came before a failure stays in `into`."""

    async def ask(client: Client) -> list[str]:
        pages = []
        async for page in client.tags(here(server)):
            pages.append(page)
            if into is not None:
                into[:] = pages
        return named(pages)

    return ask


def named(pages: list[TagPage]) -> list[str]:
    return [tag for page in pages for tag in page.tags]


def manifest(server: Misbehaving | str, target: str | Digest = "1") -> Callable[[Client], Awaitable[Manifest]]:
    async def ask(client: Client) -> Manifest:
        return await client.manifest(here(server), target)

    return ask


def digest(server: Misbehaving | str) -> Callable[[Client], Awaitable[Manifest]]:
    return manifest(server, Digest.parse(MADE.digest))


def blob(server: Misbehaving | str, what: Descriptor = WHAT) -> Callable[[Client], Awaitable[bytes]]:
    async def ask(client: Client) -> bytes:
        return await client.blob(here(server), what)

    return ask


def start(server: Misbehaving | str, count: int, what: Descriptor = WHAT) -> Callable[[Client], Awaitable[bytes]]:
    """The first bytes of a blob."""

    async def ask(client: Client) -> bytes:
        return await client.blob_start(here(server), what, count)

    return ask


def ping(server: Misbehaving | str) -> Callable[[Client], Awaitable[None]]:
    async def ask(client: Client) -> None:
        await client.ping(here(server).registry)

    return ask


def sent(raw: bytes, media_type: str = OCI_MANIFEST, headers: Headers = ()) -> bytes:
    """A manifest as it should be answered."""
    return http(200, raw, [("Content-Type", media_type), *headers])
