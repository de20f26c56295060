"""From a name to a connection: its addresses, tried beside each other when they are silent (RFC 8305)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any, Protocol, TypeVar

from regbrowse.registry.net.gates import TOTAL

STAGGER = 0.25
"""Seconds that an address gets before the next one is tried beside it (RFC 8305)."""
_Found = tuple[Any, Any, int, str, tuple[Any, ...]]
_RESOLVERS = ThreadPoolExecutor(TOTAL, "names")
"""Threads of their own: names that nobody answers for would else keep all threads from reading files and JSON."""
_MOST = 16
"""Addresses tried of one name."""


class Closable(Protocol):
    """A connection."""

    async def aclose(self) -> None: ...


Line = TypeVar("Line", bound=Closable)
Place = TypeVar("Place")


async def addresses_of(host: str, port: int) -> list[str]:
    """What a name means, both kinds of address taking turns. Raises socket.gaierror or another OSError."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, _look_up, host, port)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "not a name") from None
    families: dict[int, list[str]] = {}
    for family, _, _, _, place in found:
        families.setdefault(family, []).append(str(place[0]))
    turns = zip_longest(*families.values())
    addresses = list(dict.fromkeys(one for turn in turns for one in turn if one is not None))[:_MOST]
    if not addresses:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    return addresses


def leads_here(host: str, port: int) -> bool:
    """Whether a name means nothing but this machine, as far as it means anything. Blocks."""
    try:
        found = _look_up(host, port)
    except (OSError, UnicodeError):
        return True
    return all(ipaddress.ip_address(place[0]).is_loopback for *_, place in found)


def _look_up(host: str, port: int) -> list[_Found]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


async def first_of(
    addresses: Iterable[Place], dial: Callable[[Place], Coroutine[Any, Any, Line]], stagger: float = STAGGER
) -> Line:
    """Whichever answers first; the others are hung up. Broken IPv6 costs a quarter of a second.

    Raises what the only address raised, else an ExceptionGroup of what all of them did.
    """
    left = deque(addresses)
    if len(left) == 1:
        return await dial(left[0])
    running: set[asyncio.Task[Line]] = set()
    failures: list[Exception] = []
    won: Line | None = None
    try:
        while left or running:
            if left:
                running.add(asyncio.create_task(dial(left.popleft())))
            patience = stagger if left else None
            done, _ = await asyncio.wait(running, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                running.discard(task)
                error = task.exception()
                if error is None:
                    won = task.result()
                    return won
                if not isinstance(error, Exception):
                    raise error
                failures.append(error)
        raise ExceptionGroup("every address", failures)
    finally:
        try:
            await _hang_up(list(running))
        except BaseException:
            if won is not None:
                await won.aclose()
            raise


async def _hang_up(tasks: list[asyncio.Task[Line]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled() and task.exception() is None:
            await task.result().aclose()
