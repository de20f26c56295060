"""Asking the demo registry, for its tests."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from functools import cache
from typing import Any

from regbrowse.demo.framing import Run
from regbrowse.demo.layer_plans import plans
from regbrowse.demo.layers import blob_runs, measure_of
from regbrowse.demo.registry import DemoRegistry
from regbrowse.registry.responder import Answer

WEBAPP = "acme/shop/webapp"
GOLDEN = "sha256:982248895885942ab6559bff86bb5b081a79706d45a7a60073d7705a0695bf0b"
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


def whole(runs: list[Run]) -> bytes:
    return b"".join(run.piece * run.times for run in runs)


def unzstd(blob: bytes) -> bytes:
    """Raw blocks only, as RFC 8878 frames them."""
    assert blob[:6] == b"\x28\xb5\x2f\xfd\x80\x68"
    out, at, last = b"", 10, 0
    while not last:
        head = int.from_bytes(blob[at : at + 3], "little")
        last, kind, size = head & 1, head >> 1 & 3, head >> 3
        assert kind == 0
        assert size <= 1 << 17
        out += blob[at + 3 : at + 3 + size]
        at += 3 + size
    assert at == len(blob)
    assert len(out) == int.from_bytes(blob[6:10], "little")
    return out


@cache
def layer_bytes(name: str) -> bytes:
    return whole(blob_runs(plans()[name], measure_of(name).crc))
