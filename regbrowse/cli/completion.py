"""Completion in shells, by argcomplete: what the table offers, and references, for which registries are asked.

Argcomplete's shell code starts this program with the variable _ARGCOMPLETE, and with the command line in others.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TextIO

from argcomplete.completers import FilesCompleter, SuppressCompleter
from argcomplete.finders import CompletionFinder
from argcomplete.lexers import split_line

from regbrowse.cli.arguments import Arguments, Parser, first_word
from regbrowse.cli.connect import Connector
from regbrowse.cli.verb_table import BROWSER, DEMO, FILES, OPTIONS, SHELLS, VERBS, find
from regbrowse.errors import RegbrowseError
from regbrowse.reference import Reference, Registry
from regbrowse.reference_completion import Listing, completions, listing_for
from regbrowse.reference_input import read_typed

if TYPE_CHECKING:
    from regbrowse.browser import Browser

Completer = Callable[..., Iterable[str] | Mapping[str, str]]
"""Gives words, or words with what they mean, to `prefix`, `action`, `parser` and `parsed_args`."""

ASKING = 1.6
"""Seconds for the registry; what was kept of its list on disk has the rest."""
PATIENCE = 2.0
"""Seconds for everything."""
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@+~\[\]-]*")
"""Nothing that a shell would read as anything but a word."""


def complete(output: TextIO | None = None, end: Callable[[int], object] = os._exit) -> None:
    """Write the words for the end of the command line, by default where argcomplete's shell code reads them.

    The process ends at once, because a search for an address may still hang in a thread.
    """
    words, current = _command_line()
    first = first_word(words)
    parser = Parser(find(first) or BROWSER)
    completers: dict[str, Completer] = {option.name: _values(option.choices or option.suggests) for option in OPTIONS}
    completers |= {option.name: files for option in OPTIONS if option.value == "FILE"}
    if not current.startswith("-"):  # argcomplete would complete an argument behind the `=` of a switch, too
        completers |= {"other": references, "shell": _values(SHELLS)}
        completers |= {"reference": references if first else verbs_and_references}
    for name, action in parser.actions.items():
        if name in completers:
            action.completer = completers[name]  # type: ignore[attr-defined]  # argcomplete's own attribute
    meaningless = [flag for option in OPTIONS if option.name not in parser.actions for flag in option.flags]
    CompletionFinder()(
        parser,
        always_complete_options=False,
        exit_method=end,
        output_stream=output,
        exclude=meaningless if first else (),
        default_completer=SuppressCompleter(),
    )


def _command_line() -> tuple[list[str], str]:
    """The words behind the program, and the one that is completed; tell argcomplete where they begin."""
    line = os.environ["COMP_LINE"][: int(os.environ["COMP_POINT"])]
    if _is_zsh():
        # Its code gives the whole line, also what stands before the command.
        line = re.split(r"[;|&(\n]\s*", line)[-1]
        os.environ["COMP_LINE"], os.environ["COMP_POINT"] = line, str(len(line))
    _, current, _, words, _ = split_line(line)
    at = next((at for at, word in enumerate(words) if PurePath(word).name == "regbrowse"), 0)
    os.environ["_ARGCOMPLETE"] = str(at + 1)
    return words[at + 1 :], current


def _is_zsh() -> bool:
    return os.environ.get("_ARGCOMPLETE_SHELL") == "zsh"


def _values(values: tuple[str, ...]) -> Completer:
    return lambda **_: values


def files(prefix: str, **_: object) -> list[str]:
    """Names of files."""
    if prefix.startswith("~") and _is_zsh():
        return []  # argcomplete's code for zsh would put a backslash before the tilde
    return FilesCompleter()(prefix)


def verbs_and_references(prefix: str, parsed_args: Namespace, **_: object) -> dict[str, str]:
    """What may stand first, with what it means."""
    return {verb.name: verb.help for verb in VERBS} | dict.fromkeys(references(prefix, parsed_args), "")


def references(prefix: str, parsed_args: Namespace, **_: object) -> list[str]:
    """References that begin so: opened lately, or in a list that the registry has two seconds to give.

    Nothing is raised: no answer is no completion.
    """
    found = dict.fromkeys([*recent(), DEMO, *FILES])
    listing = listing_for(prefix, (DEMO,), FILES)
    if listing is not None:
        # The value of an option may hold what only the shell can read, such as a variable; a switch cannot.
        known = [option.name for option in OPTIONS if option.action == "store_true" and not option.value]
        switches: dict[str, Any] = {name: True for name in known if name in parsed_args}
        _Collector(listing, Arguments(reference=listing.target, **switches), found).collect()
    return [word for word in tuple(found) if word.startswith(prefix) and _SAFE.fullmatch(word)]


def recent() -> list[str]:
    """What was opened, newest first; of images also the repository alone."""
    from regbrowse.state.recents import load

    found: dict[str, None] = {}
    for each in load():
        with suppress(RegbrowseError):
            place = read_typed(each.reference).place
            found[each.reference] = None
            if isinstance(place, Reference) and (place.tag or place.digest) and not place.repository.registry.alias:
                found[place.repository.familiar] = None
    return list(found)


class _Collector:
    """Asks for a list in a thread and adds its names to `found`, as long as it is waited for."""

    def __init__(self, listing: Listing, arguments: Arguments, found: dict[str, None]) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._done = threading.Event()
        self._listing = listing
        self._arguments = arguments
        self._found = found
        self._complete = False

    def collect(self) -> None:
        """Wait for the names, for PATIENCE at most; the thread ends with the process."""
        self._thread.start()
        self._done.wait(PATIENCE)

    def _run(self) -> None:
        try:
            asyncio.run(self._ask())
        finally:
            self._done.set()

    async def _ask(self) -> None:
        """The registry, then, when it did not give all, what was kept of its list."""
        started = time.monotonic()
        await self._within(ASKING, self._arguments)
        if not self._complete and not self._arguments.offline and self._arguments.cache:
            await self._within(started + PATIENCE - time.monotonic(), self._arguments._replace(offline=True))
        self._done.set()  # what asyncio.run waits for at its end is of no interest

    async def _within(self, seconds: float, arguments: Arguments) -> None:
        with suppress(TimeoutError, RegbrowseError):
            async with asyncio.timeout(seconds):
                connector = Connector(arguments)
                browser = await connector.browser()
                try:
                    await self._list(browser, connector.place)
                finally:
                    await browser.aclose()

    async def _list(self, browser: Browser, place: Registry | Reference | None) -> None:
        if place is None:
            return
        async with aclosing(completions(browser, self._listing, place)) as parts:
            async for found, self._complete in parts:
                self._found |= dict.fromkeys(found)
