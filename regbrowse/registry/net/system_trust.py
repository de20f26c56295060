"""The system's certificates, read in a thread while Python loads the rest: 50 ms that nobody waits for."""

from __future__ import annotations

import os
import ssl
import threading


class _Reading(threading.Thread):
    """Not a future of concurrent.futures, which takes longer to load than this takes to read."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._context: ssl.SSLContext | None = None
        self._problem: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._context = ssl.create_default_context()
        except BaseException as error:  # noqa: BLE001 - it is raised where the context is wanted
            self._problem = error

    def result(self) -> ssl.SSLContext:
        self.join()
        if self._problem is not None:
            raise self._problem
        assert self._context is not None
        return self._context


_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_ahead: dict[tuple[str | None, ...], _Reading] = {}
"""At most one context, by what the environment said when it was made; whoever takes it may add to it."""


def read_ahead() -> None:
    """To be called as soon as https is likely."""
    _ahead.clear()
    _ahead[_environment()] = _Reading()


def default_context() -> ssl.SSLContext:
    """A context of one's own with the system's certificates. Raises ssl.SSLError."""
    found = _ahead.pop(_environment(), None)
    return found.result() if found else ssl.create_default_context()


def _environment() -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in _VARIABLES)
