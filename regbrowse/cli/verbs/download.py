"""`downloadlayer`: one blob into a file or to standard output, verified while it is written."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.cli.arguments import Arguments
from regbrowse.cli.atomic_file import AtomicFile, check_free
from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import ExitCode, note, print_error
from regbrowse.cli.output import StdoutPipe
from regbrowse.cli.progress import Transfer, progress_line, waiting
from regbrowse.errors import BadReference, Integrity, NotFound
from regbrowse.reference import Digest, Reference, Registry, split_tag
from regbrowse.text import size, visible

if TYPE_CHECKING:
    from regbrowse.registry.content.download import BlobStream

ENDINGS = (".tar.gz", ".tar.zst", ".tar", ".json", "")
"""What a file named after its digest may end in."""
SIGNALS: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGHUP)
"""Signals that end the process, beside SIGINT."""
_SKIPPABLE = tuple(bytes([first]) for first in range(0x50, 0x60))


class Destination(NamedTuple):
    """One blob, and a file or standard output."""

    digest: Digest
    file: str
    """As it was named; empty for a file named after the digest."""
    to_stdout: bool
    force: bool
    """Whether something may be overwritten."""

    @property
    def folder(self) -> Path:
        return Path(self.file).parent if self.file else Path()

    def named(self, ending: str) -> Path:
        """Where it will be, when it ends like this unless a name was given."""
        return Path(self.file or f"{self.digest.algorithm}-{self.digest.encoded}{ending}")


def check(arguments: Arguments, place: Registry | Reference) -> None:
    """Check the digest, and that the file can be written. Raises BadReference or ConfigError."""
    to = _destination(arguments, place, terminal=sys.stdout is not None and sys.stdout.isatty())
    if to.to_stdout:
        return
    if to.file.endswith(os.sep):
        raise BadReference(f"{visible(to.file, 512)} is a folder.", hint="Name a file in it with -o FILE.")
    for path in dict.fromkeys(map(to.named, ENDINGS)):
        check_free(path, force=to.force)
    with AtomicFile(to.folder):
        pass


async def run(context: CommandContext) -> int | None:
    """Write the blob to a file or to standard output. Raises RegbrowseError."""
    to = _destination(context.arguments, context.place, terminal=context.output.terminal)
    _prepare()
    with _ended_by_signals() as caught:
        try:
            await (_pipe(context, to.digest) if to.to_stdout else _save(context, to))
        except asyncio.CancelledError:
            print_error("Interrupted." if to.to_stdout else "Interrupted; nothing was kept.")
            if not caught:
                raise
            return ExitCode.INTERRUPTED
        except NotFound as error:
            raise _not_there(context, to.digest, error) from None
    return None


def _destination(arguments: Arguments, place: Registry | Reference, *, terminal: bool) -> Destination:
    """Read what is wanted and where to. Raises BadReference for what names no blob, or one that cannot be verified."""
    given = visible(str(arguments.reference), 512)
    if isinstance(place, Registry):
        raise BadReference(f'"{given}" is a registry.', hint="Write REPOSITORY@DIGEST.")
    digest = place.digest
    if digest is None:
        what = "a tag" if place.tag else "nothing"
        hint = f"`regbrowse layers {given}` lists the layers; write {_repository_in(given)}@DIGEST."
        raise BadReference(f'"{given}" has {what} where a digest is needed.', hint=hint)
    if digest.hasher() is None:
        raise BadReference(f"{digest.algorithm} cannot be computed here, so nothing it names can be verified.")
    to_stdout = arguments.output == "-" or not (arguments.output or terminal)
    return Destination(digest, "" if to_stdout else arguments.output, to_stdout, arguments.force)


def _repository_in(given: str) -> str:
    """What was written, without tag and digest."""
    return split_tag(given.partition("@")[0])[0]


def _not_there(context: CommandContext, digest: Digest, error: NotFound) -> NotFound:
    """The error where nothing but the command line said that the registry holds it."""
    given = visible(str(context.arguments.reference), 512)
    why = f"{error.evidence.host} does not hold {digest.short} in this repository."
    hint = (
        f"`regbrowse layers {_repository_in(given)}:TAG` lists the layers of an image;"
        " those that a manifest keeps at external addresses (urls) are not fetched."
    )
    return NotFound(why, evidence=error.evidence, wanted=error.wanted, hint=hint)


async def _pipe(context: CommandContext, digest: Digest) -> None:
    """Write to standard output while it comes; only the end tells that it was wrong."""
    context.output.flush()
    out = StdoutPipe()
    async with context.browser.client.blob_stream(context.repository, digest) as stream, _progress(context, stream):
        try:
            async for piece in stream:
                await out.write(piece)
        except Integrity as error:
            error.hint = f"What was written is wrong. {error.hint}"
            raise


async def _save(context: CommandContext, to: Destination) -> None:
    """Write to a file that gets its name when it is whole and right."""
    stream = context.browser.client.blob_stream(context.repository, to.digest)
    with AtomicFile(to.folder) as file:
        async with _progress(context, stream):
            try:
                await stream.into(file.write)
            except Integrity as error:
                error.hint = f"Nothing was kept. {error.hint}"
                raise
        path = to.named(ending_of(stream.start))
        file.keep(path, force=to.force)
    if not to.file or context.output.terminal:
        note(f"{path}: {size(stream.received)}, verified.")


def _progress(context: CommandContext, stream: BlobStream) -> AbstractAsyncContextManager[None]:
    transfer = Transfer(stream.digest.short)

    def line(room: int) -> str:
        wait = context.browser.client.limits.wait(context.repository.registry)
        return transfer.line(stream.received, stream.size, room, waiting(wait))

    return progress_line(line)


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
    """Interrupt at SIGTERM and SIGHUP as at SIGINT, so that nothing half-written stays; yield what was received."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    caught: list[int] = []

    def stop(number: int) -> None:
        if caught:
            return
        caught.append(number)
        task.cancel()

    wanted = [one for one in SIGNALS if signal.getsignal(one) is signal.SIG_DFL]
    for number in wanted:
        loop.add_signal_handler(number, stop, number)
    try:
        yield caught
    finally:
        for number in wanted:
            loop.remove_signal_handler(number)
