"""The system's certificates, without waiting for them.

Where the system keeps them by their hash (OpenSSL, c_rehash), one is read when a server shows what it has signed.
Elsewhere all of them are read, in a thread while Python loads the rest: 50 ms that nobody waits for.
"""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    import ssl

_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
_ahead: dict[tuple[str | None, ...], _Reading] = {}
"""At most one context, by what the environment said when it was made; whoever takes it may add to it."""
_partial: WeakSet[ssl.SSLContext] = WeakSet()
"""Contexts that know the folder only."""
_completing = threading.Lock()


class _Reading(threading.Thread):
    """Not a future of concurrent.futures, which takes longer to load than this takes to read."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._context: ssl.SSLContext | None = None
        self._problem: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._context = _made()
        except BaseException as error:  # noqa: BLE001 - it is raised where the context is wanted
            self._problem = error

    def result(self) -> ssl.SSLContext:
        self.join()
        if self._problem is not None:
            raise self._problem
        assert self._context is not None
        return self._context


def read_ahead() -> None:
    """To be called as soon as https is likely."""
    _ahead.clear()
    _ahead[_environment()] = _Reading()


def default_context() -> ssl.SSLContext:
    """A context of one's own with the system's certificates. Raises ssl.SSLError."""
    found = _ahead.pop(_environment(), None)
    return found.result() if found else _made()


def is_complete(context: ssl.SSLContext) -> bool:
    """Whether it knows all that the system has."""
    return context not in _partial


def complete(context: ssl.SSLContext) -> None:
    """Adds what the system has beside the folder, unless that was done.

    Bundles may hold more: in containers they are often the only thing that is replaced.
    """
    with _completing:
        if context in _partial:
            context.load_default_certs()
            _partial.discard(context)


def _made() -> ssl.SSLContext:
    import ssl

    folder = None if any(_environment()) else ssl.get_default_verify_paths().capath
    if folder is None or not _is_hashed(folder):
        return ssl.create_default_context()
    context = ssl.create_default_context(capath=folder)
    _partial.add(context)
    return context


def _is_hashed(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(_HASHED.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False


def _environment() -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in _VARIABLES)
