"""References that begin with what is typed: opened lately, or named by a registry that gets two seconds for it."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.cli.arguments import DEMO, FILES, Arguments
from regbrowse.cli.connect import Start
from regbrowse.errors import RegbrowseError
from regbrowse.pasted import read_typed
from regbrowse.reference import Reference, Registry

if TYPE_CHECKING:
    from regbrowse.browse import Browser

ASKING = 1.6
"""Seconds for the registry; what was kept of its list on disk has the rest."""
PATIENCE = 2.0
"""Seconds for everything."""
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@+~\[\]-]*")
"""Nothing that a shell would read as anything but a word."""
_HOST = re.compile(r"localhost|[^/]*[.:][^/]*")


class Ask(NamedTuple):
    """A list that holds the rest of the word."""

    target: str
    """Whose: a repository for its tags, a registry for its repositories."""
    stem: str
    """What stands before each name."""
    prefix: str
    """How the names begin."""


@dataclass(slots=True)
class Names:
    """What is known so far; a thread that has run out of time may still be writing to it."""

    found: dict[str, None] = field(default_factory=dict)
    """In order."""
    done: bool = False
    filled: threading.Event = field(default_factory=threading.Event)
    """Set when nothing more comes."""


def references(begun: str, arguments: Arguments, start: Callable[[Arguments], Start]) -> tuple[list[str], bool]:
    """The words, and whether all is over: False when something still hangs, such as the search for an address.

    Nothing is raised and nothing said: no answer is no completion.
    """
    names = Names()
    worker = threading.Thread(target=_collect, args=(names, begun, arguments, start), daemon=True)
    worker.start()
    names.filled.wait(PATIENCE)
    worker.join(0.1)
    words = [word for word in tuple(names.found) if word.startswith(begun) and _SAFE.fullmatch(word)]
    return words, not worker.is_alive()


def lately() -> list[str]:
    """What was opened, newest first; of images also the repository alone."""
    from regbrowse.state.recents import load

    found: dict[str, None] = {}
    for recent in load():
        with suppress(RegbrowseError):
            place = read_typed(recent.reference).place
            found[recent.reference] = None
            if isinstance(place, Reference) and (place.tag or place.digest) and not place.repository.registry.alias:
                found[place.repository.familiar] = None
    return list(found)


def question(begun: str) -> Ask | None:
    """Which list to ask for; None when what is typed could still be anything."""
    if "@" in begun:
        return None
    head, colon, tag = begun.rpartition(":")
    if begun.startswith(FILES):
        return Ask(head, f"{head}:", tag) if head.count(":") else None
    first, slash, path = begun.partition("/")
    if colon and "/" not in tag and (slash or not _HOST.fullmatch(head)):
        return Ask(head, f"{head}:", tag)
    if slash and (first == DEMO or _HOST.fullmatch(first)):
        return Ask(f"{first}/", f"{first}/", path)
    return None


def _collect(names: Names, begun: str, arguments: Arguments, start: Callable[[Arguments], Start]) -> None:
    for word in (*lately(), DEMO, *FILES):
        names.found[word] = None
    ask = question(begun)
    if ask is not None:
        asyncio.run(_ask(names, ask, arguments._replace(words=(ask.target,)), start))
    names.filled.set()


async def _ask(names: Names, ask: Ask, arguments: Arguments, start: Callable[[Arguments], Start]) -> None:
    """The registry, then, when it did not tell all, what was kept of its list."""
    began = time.monotonic()
    await _within(ASKING, names, ask, arguments, start)
    if not names.done and not arguments.offline and arguments.cache:
        left = began + PATIENCE - time.monotonic()
        await _within(left, names, ask, arguments._replace(offline=True), start)
    names.filled.set()


async def _within(
    seconds: float, names: Names, ask: Ask, arguments: Arguments, start: Callable[[Arguments], Start]
) -> None:
    with suppress(TimeoutError, RegbrowseError):
        async with asyncio.timeout(seconds):
            begin = start(arguments)
            browser = await begin.browser()
            try:
                await _list(names, ask, browser, begin.place)
            finally:
                await browser.aclose()


async def _list(names: Names, ask: Ask, browser: Browser, place: Registry | Reference | None) -> None:
    if place is None:
        return
    of_tags = not ask.stem.endswith("/")
    inside = place if isinstance(place, Registry) else place.repository if of_tags else place.repository.registry
    end = ":" if of_tags and isinstance(inside, Registry) else ""
    async with aclosing(browser.listing(inside)) as parts:
        async for part in parts:
            for name in part.names:
                if name.startswith(ask.prefix):
                    names.found[f"{ask.stem}{name}{end}"] = None
            names.done = part.done
