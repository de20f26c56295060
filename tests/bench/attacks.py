"""A registry that attacks: memory above idle, seconds until it is cut, requests, and what is said."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import time
from pathlib import Path

from bench.attacked import DEADLINE
from bench.figures import verdict
from fuzz.runner import run as fuzz
from fuzz.targets import DOCUMENT_TARGETS, TEXT_TARGETS
from regbrowse.reference import Digest
from support.fake_registry import FakeRegistry, Fault

MEMORY, WANTED = 100 * 2**20, 300 * 2**20
"""Bytes above idle that are allowed: for what nobody wants, and for a million tags that are shown."""
FUZZED = 200_000
_MANIFESTS, _TAGS = "/v2/acme/app/manifests/", "/v2/acme/app/tags/list"
_MEBIBYTE = b"x" * 2**20


def attacks() -> dict[str, tuple[str, Fault]]:
    """Name -> path and what happens there. The part of a name before the dash says what is asked."""
    many = json.dumps({"tags": [f"1.2.{number}-build" for number in range(1_000_000)]}).encode()
    bomb = gzip.compress(b"[" + b" " * (512 * 2**20))
    blob = f"/v2/acme/app/blobs/{Digest.of(b'blob-endless')}"
    zipped = [("Content-Encoding", "gzip")]
    return {
        "tags-endless": (_TAGS, Fault(200, b'{"tags":["' + _MEBIBYTE, endless=True)),
        "tags-million": (_TAGS, Fault(200, many)),
        "tags-bomb": (_TAGS, Fault(200, bomb, zipped)),
        "tags-claims-10GB": (_TAGS, Fault(200, b"{}", [("Content-Length", str(10 * 2**30))])),
        "tags-error-endless": (_TAGS, Fault(404, _MEBIBYTE, endless=True)),
        "manifest-endless": (_MANIFESTS + "manifest-endless", Fault(200, _MEBIBYTE, endless=True)),
        "manifest-bomb": (_MANIFESTS + "manifest-bomb", Fault(200, bomb, zipped)),
        "manifest-deep": (_MANIFESTS + "manifest-deep", Fault(200, b"[" * (4 * 2**20 - 10))),
        "manifest-wide": (_MANIFESTS + "manifest-wide", Fault(200, b"[" + b"{}," * 1_300_000 + b"1]")),
        "blob-endless": (blob, Fault(200, _MEBIBYTE, endless=True)),
        "manifest-drip": (_MANIFESTS + "manifest-drip", Fault(200, b"{" * 100, stall=1)),
    }


def run(_runs: int) -> None:
    """Every attack once, each against a fresh process."""
    print(f"  {'attack':<24} {'above idle':>10}  {'seconds':>7}  {'asked':>5}  said")
    for name, above, seconds, said, asked in asyncio.run(_all()):
        wanted = "million" in name
        good = int(above) <= (WANTED if wanted else MEMORY) and (said == "answered") == wanted
        if "drip" in name:
            good = good and float(seconds) < DEADLINE * 1.5
        print(f"  {name:<24} {int(above) / 2**20:6.1f} MiB  {seconds:>7}  {asked:>5}  {said:<14} {verdict(good)}")
    started = time.monotonic()
    outcome = fuzz(1, DOCUMENT_TARGETS, TEXT_TARGETS, count=FUZZED)
    took = time.monotonic() - started
    print(
        f"  {outcome.inputs:,} hostile documents and headers, read {outcome.readings:,} times in {took:.0f} s:"
        f" {len(outcome.failures)} tracebacks {verdict(not outcome.failures)}"
    )


async def _all() -> list[list[str]]:
    rows = []
    for name, (path, fault) in attacks().items():
        async with FakeRegistry().serve() as registry:
            registry.repository("acme/app")
            registry.fault(path, fault)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bench.attacked",
                registry.name,
                name,
                cwd=Path(__file__).parents[1],
                stdout=asyncio.subprocess.PIPE,
            )
            said, _ = await process.communicate()
            crashed = [name, "0", "0", "CRASH", "0"]
            rows.append(crashed if process.returncode else said.decode().strip().split("\t"))
    return rows
