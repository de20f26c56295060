"""Runs one verb: makes the browser, asks, and says on stderr what was asked when that is wanted."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from regbrowse.cli.diagnostics import note
from regbrowse.cli.job import Job, settled
from regbrowse.cli.output import Output
from regbrowse.reference import Registry

if TYPE_CHECKING:
    from regbrowse.browse import Browser
    from regbrowse.cli.arguments import Arguments
    from regbrowse.cli.connect import Start


def run(arguments: Arguments, start: Callable[[Arguments], Start]) -> int:
    """The exit code. Raises RegbrowseError."""
    verb = arguments.verb
    assert verb is not None
    module = importlib.import_module(f"regbrowse.cli.verbs.{verb.module}")
    if verb.module in ("completion", "pick"):
        code: int = module.run(arguments, start)
        return code
    return asyncio.run(_ask(arguments, start(arguments), module.run))


async def _ask(arguments: Arguments, start: Start, work: Callable[[Job], object]) -> int:
    browser = await start.browser()
    output = Output.standard()
    for notice in browser.notices():
        note(notice)
    try:
        assert start.place is not None
        place = start.place
        if arguments.verb is not None and arguments.verb.takes.startswith("REF"):
            place = await settled(browser, place)
        code = await work(Job(browser, arguments, place, output))  # type: ignore[misc]
        output.flush()
        return int(code or 0)
    finally:
        if arguments.verbose:
            _tell(browser, start, arguments.verbose)
        await browser.aclose()


def _tell(browser: Browser, start: Start, how_much: int) -> None:
    """-v: every request; -vv: also how the registry was reached, and as whom."""
    for one in browser.requests():
        took = f"{one.seconds * 1000:.0f} ms"
        note(f"{one.method} {one.url}  {one.status or 'no answer'}  {took}  {one.received:,} B  {one.note}".rstrip())
    place = start.place
    if how_much < 2 or place is None:
        return
    registry = place if isinstance(place, Registry) else place.repository.registry
    known = browser.connection(registry)
    who = f"{known.login.user} by {known.login.source}" if known.login.user else "anonymous"
    note(f"reached at {known.base or 'nowhere yet'}, as {who}")
    for said in (known.login.note, *known.notes):
        if said:
            note(said)
