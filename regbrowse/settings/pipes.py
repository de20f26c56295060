"""A program run with pipes: bounded in time and output, and with all it started gone at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import TypeAlias, cast

_ERROR_LIMIT = 64 * 2**10
_GRACE = 0.2
"""Seconds in which output that was written before the end still arrives; a child left behind may hold the pipe."""
_FAREWELL = 1.0


class Pipes(asyncio.SubprocessProtocol):
    """What a program has written so far, and how it ended."""

    def __init__(self, most: int, watched: set[int]) -> None:
        loop = asyncio.get_running_loop()
        self.out = bytearray()
        self.err = bytearray()
        """The first 64 KiB; the rest is read and dropped, so that the program does not stand still."""
        self.too_large = False
        self.code = -1
        """Exit status; negative: minus the number of the signal that ended it."""
        self.over: asyncio.Future[None] = loop.create_future()
        """Done when the program has ended, or has written too much."""
        self.exited: asyncio.Future[None] = loop.create_future()
        self.drained: asyncio.Future[None] = loop.create_future()
        self._most = most
        self._open = watched
        self._transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1 and not self.too_large:
            self.out += data
            if len(self.out) > self._most:
                self.too_large = True
                self.out.clear()
                _done(self.over)
        elif fd == 2:
            self.err += data[: _ERROR_LIMIT - len(self.err)]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        self._open.discard(fd)
        if not self._open:
            _done(self.drained)

    def process_exited(self) -> None:
        assert self._transport is not None
        self.code = self._transport.get_returncode() or 0
        _done(self.exited)
        _done(self.over)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def run(
    arguments: Sequence[str],
    given: bytes,
    environ: Mapping[str, str],
    *,
    seconds: float,
    most: int,
    foreground: bool = False,
) -> Pipes:
    """Runs a program without a shell in the root folder, `given` on its standard input.

    In the background it has a session of its own, hence no terminal, and its whole process group is killed at
    the end. In the foreground its standard error is ours, and Ctrl+C ends it and not us. Raises TimeoutError
    after `seconds`, OSError or ValueError when it cannot be started; is safe to cancel.
    """
    with _interrupts_are_for_the_child() if foreground else contextlib.nullcontext():
        transport, pipes = await _start(arguments, environ, most, foreground=foreground)
        try:
            stdin = cast(asyncio.WriteTransport, transport.get_pipe_transport(0))
            stdin.write(given)
            stdin.close()
            async with asyncio.timeout(seconds):
                await pipes.over
            if not pipes.too_large:
                await asyncio.wait([pipes.drained], timeout=_GRACE)
        finally:
            await _end(transport, pipes, group=not foreground)
    return pipes


_Started: TypeAlias = tuple[asyncio.SubprocessTransport, Pipes]


async def _start(arguments: Sequence[str], environ: Mapping[str, str], most: int, *, foreground: bool) -> _Started:
    """Starts to the end even when cancelled: asyncio can wait forever for a program that is half started."""
    start: asyncio.Task[_Started] = asyncio.create_task(
        asyncio.get_running_loop().subprocess_exec(
            lambda: Pipes(most, {1} if foreground else {1, 2}),
            *arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if foreground else subprocess.PIPE,
            cwd=os.sep,
            env=environ,
            start_new_session=not foreground,
        )
    )

    try:
        return await asyncio.shield(start)
    except asyncio.CancelledError:
        await asyncio.wait([start], timeout=_FAREWELL)
        if start.done() and not start.cancelled() and start.exception() is None:
            await _end(*start.result(), group=not foreground)
        raise


async def _end(transport: asyncio.SubprocessTransport, pipes: Pipes, *, group: bool) -> None:
    """Kills what still runs. The group goes too when its leader is gone: a child may have been left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(transport.get_pid(), signal.SIGKILL)
        else:
            transport.kill()
    await asyncio.wait([pipes.exited], timeout=_FAREWELL)
    transport.close()


@contextlib.contextmanager
def _interrupts_are_for_the_child() -> Iterator[None]:
    """A handler that does nothing, unlike an ignored signal, is not inherited by the child."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def nothing(number: int, frame: FrameType | None) -> None:
        pass

    before = signal.signal(signal.SIGINT, nothing)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
