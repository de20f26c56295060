"""The system's certificates, read in a thread while Python loads the rest: 50 ms that nobody waits for."""

from __future__ import annotations

import os
import ssl
import threading
from concurrent.futures import Future

_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_ahead: dict[tuple[str | None, ...], Future[ssl.SSLContext]] = {}
"""At most one context, by what the environment said when it was made; whoever takes it may add to it."""


def read_ahead() -> None:
    """To be called as soon as https is likely."""
    future: Future[ssl.SSLContext] = Future()
    _ahead.clear()
    _ahead[_environment()] = future
    threading.Thread(target=_read, args=(future,), daemon=True).start()


def default_context() -> ssl.SSLContext:
    """A context of one's own with the system's certificates. Raises ssl.SSLError."""
    found = _ahead.pop(_environment(), None)
    return found.result() if found else ssl.create_default_context()


def _read(future: Future[ssl.SSLContext]) -> None:
    try:
        future.set_result(ssl.create_default_context())
    except Exception as error:  # noqa: BLE001 - it is raised where the context is wanted
        future.set_exception(error)


def _environment() -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in _VARIABLES)
