"""The terminal itself, also where input, output and errors are pipes or files."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from regbrowse.errors import ConfigError

DEVICE = "/dev/tty"
_ABOVE = 10
_STREAMS = (("__stdin__", "r"), ("__stdout__", "w"), ("__stderr__", "w"))


@contextmanager
def on_terminal(device: str = DEVICE) -> Iterator[None]:
    """Make descriptors 0 to 2 the terminal that this process belongs to; afterwards they are what they were.

    So everything that draws or asks, also another program started meanwhile, does so on the screen, and
    nothing of it gets into what is captured. Raises ConfigError when there is no terminal.
    """
    before = [_kept(number) for number in range(3)]
    try:
        terminal = _above(os.open(device, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        _restore(before)
        raise ConfigError(
            "There is no terminal to choose on.", hint='Start it from a terminal, or list the choices with "tags".'
        ) from None
    for name, _ in _STREAMS:
        _flush(getattr(sys, name))
    added = [name for name, _ in _STREAMS if getattr(sys, name) is None]
    try:
        for number, (name, mode) in enumerate(_STREAMS):
            os.dup2(terminal, number)
            if name in added:  # the shell has closed it
                setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115
        yield
    finally:
        for name, _ in _STREAMS:
            _flush(getattr(sys, name))
            if name in added:
                setattr(sys, name, None)
        _restore(before)
        os.close(terminal)


def _kept(number: int) -> int | None:
    """Duplicate a descriptor, out of the way; None when it is closed."""
    try:
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _ABOVE)
    except OSError:
        return None


def _above(number: int) -> int:
    """Move a descriptor away from 0 to 2, where a new one is opened when one of them is closed."""
    moved = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _ABOVE)
    os.close(number)
    return moved


def _restore(before: list[int | None]) -> None:
    for number, kept in enumerate(before):
        if kept is not None:
            os.dup2(kept, number)
            os.close(kept)
        else:
            with suppress(OSError):
                os.close(number)


def _flush(stream: object) -> None:
    flush = getattr(stream, "flush", None)
    if flush is not None:
        with suppress(OSError, ValueError):
            flush()
