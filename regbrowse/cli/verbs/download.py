"""downloadlayer: one blob into a file or to standard output, verified while it is written."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

from regbrowse.cli.diagnostics import ExitCode, complain, note
from regbrowse.cli.job import Job
from regbrowse.cli.piping import Piping
from regbrowse.cli.progress import shown
from regbrowse.cli.saving import Saving, check_free
from regbrowse.errors import BadReference, Integrity, NotFound
from regbrowse.reference import Digest, Registry
from regbrowse.registry.content.stream import BlobStream
from regbrowse.text import size, visible

ENDINGS = (".tar.gz", ".tar.zst", ".tar", ".json", "")
"""What a file named after its digest may end in."""


async def run(job: Job) -> int | None:
    """Raises RegbrowseError."""
    digest, output = _digest(job), job.arguments.output
    _prepare()
    pipes = output == "-" or not (output or job.output.terminal)
    with _ended_by_signals() as caught:
        try:
            await (_pipe if pipes else _save)(job, digest)
        except asyncio.CancelledError:
            complain("Interrupted." if pipes else "Interrupted; nothing was kept.")
            if not caught:
                raise
            return ExitCode.INTERRUPTED
        except NotFound as error:
            raise _not_there(job, digest, error) from None
    return None


def _digest(job: Job) -> Digest:
    """What to fetch. Raises BadReference, also for what could never be verified."""
    given = visible(str(job.arguments.reference), 512)
    if isinstance(job.place, Registry):
        raise BadReference(f'"{given}" is a registry.', hint="Write REPOSITORY@DIGEST.")
    digest = job.place.digest
    if digest is None:
        what = "a tag" if job.place.tag else "nothing"
        hint = f"`regbrowse layers {given}` lists the layers; write {_name(given)}@DIGEST."
        raise BadReference(f'"{given}" has {what} where a digest is needed.', hint=hint)
    if digest.hasher() is None:
        raise BadReference(f"{digest.algorithm} cannot be computed here, so nothing it names can be verified.")
    return digest


def _not_there(job: Job, digest: Digest, error: NotFound) -> NotFound:
    """The registry was not said to have it by anybody but the command line."""
    given = visible(str(job.arguments.reference), 512)
    why = f"{error.evidence.host} does not hold {digest.short} in this repository."
    hint = (
        f"`regbrowse layers {_name(given)}:TAG` lists the layers of an image;"
        " those that a manifest keeps at external addresses (urls) are not fetched."
    )
    return NotFound(why, evidence=error.evidence, wanted=error.wanted, hint=hint)


def _name(given: str) -> str:
    """What was written, without tag and digest."""
    name = given.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


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


async def _save(job: Job, digest: Digest) -> None:
    """Into a file that gets its name when it is whole and right."""
    force, asked = job.arguments.force, job.arguments.output
    stem = f"{digest.algorithm}-{digest.encoded}"
    for name in [asked] if asked else [stem + ending for ending in ENDINGS]:
        check_free(Path(name), force=force)
    stream = job.browser.layer_stream(job.repository, digest)
    with Saving(Path(asked).parent if asked else Path()) as saving:
        async with _bar(job, stream):
            try:
                await stream.into(saving.write)
            except Integrity as error:
                error.hint = f"Nothing was kept. {error.hint}"
                raise
        path = Path(asked or stem + ending_of(stream.start))
        saving.keep(path, force=force)
    if not asked or job.output.terminal:
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
