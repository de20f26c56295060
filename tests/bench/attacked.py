"""Runs in a process of its own: asks a registry that attacks, then prints how memory, time and the error came out."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from regbrowse.errors import RegbrowseError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.client import Client, Settings

DEADLINE = 2.0
"""Seconds that one answer may take here; people get 60."""


def memory(field: str) -> int:
    """Bytes of `VmRSS` (now) or `VmHWM` (most so far) of this process (proc(5))."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(field))) * 1024


async def ask(client: Client, repository: Repository, kind: str) -> None:
    digest = Digest.of(kind.encode())
    match kind.partition("-")[0]:
        case "tags":
            async for _ in client.tags(repository):
                pass
        case "manifest":
            await client.manifest(repository, kind)
        case "blob":
            await client.blob(repository, Descriptor("application/octet-stream", digest, None))


async def main(host: str, kind: str) -> None:
    repository = Repository(Registry.parse(host), "acme/app")
    deadline = DEADLINE if "drip" in kind else 60
    async with Client(Settings(pause=0, deadline=deadline)) as client:
        await client.ping(repository.registry)
        idle, started, said = memory("VmRSS"), time.monotonic(), "answered"
        try:
            await ask(client, repository, kind)
        except RegbrowseError as error:
            said = error.slug
        seconds = time.monotonic() - started
        print(kind, memory("VmHWM") - idle, f"{seconds:.3f}", said, len(client.log), sep="\t")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
