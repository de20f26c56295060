"""Asking the demo registry, for its tests."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
import tarfile
from functools import cache
from typing import Any

from regbrowse.demo.registry import DATA, DemoRegistry
from regbrowse.registry.responder import Answer

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

WEBAPP, NEWEST = "acme/shop/webapp", "2.14.1"
GOLDEN = "sha256:167aa6eacd4c0059f2f39acb6b90790d00b41ceaba9afde4708a91fb5e78df04"
"""The index of webapp:2.14.1, the same on every Python and every machine."""


async def body_of(answer: Answer) -> bytes:
    if isinstance(answer.body, bytes):
        return answer.body
    return b"".join([piece async for piece in answer.body])


async def get(demo: DemoRegistry, path: str, **headers: str) -> Answer:
    return await demo.answer("GET", f"/v2/{path}", headers)


async def get_json(demo: DemoRegistry, path: str) -> Any:
    answer = await get(demo, path)
    assert answer.status == 200, path
    return json.loads(await body_of(answer))


def sha256(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def opened(tar: bytes) -> tarfile.TarFile:
    """The tar as the standard library reads it; it holds no file open."""
    return tarfile.TarFile(fileobj=io.BytesIO(tar))


def unpacked(blob: bytes, media_type: str) -> bytes:
    """The tar of a layer."""
    if media_type.endswith("gzip"):
        return gzip.decompress(blob)
    return zstd.decompress(blob) if media_type.endswith("zstd") else blob


@cache
def descriptions() -> dict[str, dict[str, Any]]:
    """All layers that are generated, by their digests."""
    return {f"sha256:{path.stem}": json.loads(path.read_bytes()) for path in sorted(DATA.rglob("layers/*.json"))}
