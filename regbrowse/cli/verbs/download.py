"""downloadlayer: one blob into a file or to standard output, verified while it is written."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager

from regbrowse.cli.destination import Destination, destination, repository_in
from regbrowse.cli.diagnostics import ExitCode, complain, note
from regbrowse.cli.job import Job
from regbrowse.cli.piping import Piping
from regbrowse.cli.progress import shown
from regbrowse.cli.saving import Saving
from regbrowse.errors import Integrity, NotFound
from regbrowse.reference import Digest
from regbrowse.registry.content.download import BlobStream
from regbrowse.text import size, visible


async def run(job: Job) -> int | None:
    """Raises RegbrowseError."""
    to = destination(job.arguments, job.place, terminal=job.output.terminal)
    _prepare()
    with _ended_by_signals() as caught:
        try:
            await (_pipe(job, to.digest) if to.pipes else _save(job, to))
        except asyncio.CancelledError:
            complain("Interrupted." if to.pipes else "Interrupted; nothing was kept.")
            if not caught:
                raise
            return ExitCode.INTERRUPTED
        except NotFound as error:
            raise _not_there(job, to.digest, error) from None
    return None


def _not_there(job: Job, digest: Digest, error: NotFound) -> NotFound:
    """The registry was not said to have it by anybody but the command line."""
    given = visible(str(job.arguments.reference), 512)
    why = f"{error.evidence.host} does not hold {digest.short} in this repository."
    hint = (
        f"`regbrowse layers {repository_in(given)}:TAG` lists the layers of an image;"
        " those that a manifest keeps at external addresses (urls) are not fetched."
    )
    return NotFound(why, evidence=error.evidence, wanted=error.wanted, hint=hint)


async def _pipe(job: Job, digest: Digest) -> None:
    """To standard output, as it comes; that it was wrong, only the end tells."""
    job.output.flush()
    out = Piping()
    async with job.browser.layer_stream(job.repository, digest) as stream, _bar(job, stream):
        try:
            async for piece in stream:
                await out.write(piece)
        except Integrity as error:
            error.hint = f"What was written is wrong. {error.hint}"
            raise


async def _save(job: Job, to: Destination) -> None:
    """Into a file that gets its name when it is whole and right."""
    stream = job.browser.layer_stream(job.repository, to.digest)
    with Saving(to.folder) as saving:
        async with _bar(job, stream):
            try:
                await stream.into(saving.write)
            except Integrity as error:
                error.hint = f"Nothing was kept. {error.hint}"
                raise
        path = to.named(ending_of(stream.start))
        saving.keep(path, force=to.force)
    if not to.file or job.output.terminal:
        note(f"{path}: {size(stream.received)}, verified.")


def _bar(job: Job, stream: BlobStream) -> AbstractAsyncContextManager[None]:
    def state() -> tuple[int, int | None, str]:
        wait = job.browser.wait(job.repository.registry)
        return stream.received, stream.size, wait.why if wait else ""

    return shown(stream.digest.short, state)


def ending_of(start: bytes) -> str:
    """What content is by its first bytes, as the end of a file name."""
    if start.startswith(b"\x1f\x8b"):
        return ".tar.gz"
    # A frame of zstd, or one to be skipped before it (RFC 8878, 3.1).
    if start.startswith(b"\x28\xb5\x2f\xfd") or (start[1:4] == b"\x2a\x4d\x18" and start[:1] in _SKIPPABLE):
        return ".tar.zst"
    if start[257:262] == b"ustar" or (len(start) >= 1024 and not any(start[:1024])):
        return ".tar"
    return ".json" if start.lstrip(b" \t\r\n")[:1] in (b"{", b"[") else ""


_SKIPPABLE = tuple(bytes([first]) for first in range(0x50, 0x60))


def _prepare() -> None:
    """What halves the time of a long transfer, and costs a short one nothing.

    A large block, given back, is where glibc learns not to give every piece back to the system and fetch it anew
    (mallopt(3), M_MMAP_THRESHOLD); elsewhere it does nothing. And the threads that hash and write get their turn
    sooner than after the usual 5 ms.
    """
    bytearray(16 * 2**20)
    sys.setswitchinterval(0.0003)


@contextmanager
def _ended_by_signals() -> Iterator[list[int]]:
    """A polite request to end, or a closed terminal, is an interrupt too: nothing half-written stays."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    caught: list[int] = []

    def stop(number: int) -> None:
        if caught:
            return
        caught.append(number)
        task.cancel()

    wanted = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        wanted = []  # signals are not for it
    for number in wanted:
        loop.add_signal_handler(number, stop, number)
    try:
        yield caught
    finally:
        for number in wanted:
            loop.remove_signal_handler(number)
