"""Runs one verb: makes the browser, asks, and says on stderr what was asked when that is wanted."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from regbrowse.cli.diagnostics import note
from regbrowse.cli.early import check
from regbrowse.errors import NotFound
from regbrowse.reference import Reference, Registry
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.browse import Browser
    from regbrowse.cli.arguments import Arguments
    from regbrowse.cli.connect import Start
    from regbrowse.cli.job import Job
    from regbrowse.cli.verbs.table import Verb


def run(arguments: Arguments, start: Callable[[Arguments], Start]) -> int:
    """The exit code. Raises RegbrowseError."""
    verb = arguments.verb
    assert verb is not None
    if verb.module in ("completion", "pick"):
        code: int = _work_of(verb)(arguments, start)
        return code
    started = start(arguments)
    check(verb, arguments, started.place)
    started.prepare()
    import asyncio

    return asyncio.run(_ask(arguments, started, verb))


def _work_of(verb: Verb) -> Callable[..., Any]:
    return importlib.import_module(f"regbrowse.cli.verbs.{verb.module}").run  # type: ignore[no-any-return]


async def _ask(arguments: Arguments, start: Start, verb: Verb) -> int:
    from asyncio import to_thread

    browser = await start.browser()
    try:
        # Loaded while the registry is being reached.
        work, job = await to_thread(_prepared, verb, arguments, start, browser)
        for notice in browser.notices():
            note(notice)
        if verb.takes.startswith("REF"):
            job = await job.settled()
        try:
            code = await work(job)
        except NotFound as error:
            if isinstance(job.place, Reference) and job.place.target is None and '"latest"' in error.why:
                written = visible(arguments.reference or "", 512)
                error.hint = f'No tag was written, which means latest; "regbrowse tags {written}" lists them.'
            raise
        job.output.flush()
        return int(code or 0)
    finally:
        if arguments.verbose:
            _tell(browser, start, arguments.verbose)
        await browser.aclose()


def _prepared(verb: Verb, arguments: Arguments, start: Start, browser: Browser) -> tuple[Callable[..., Any], Job]:
    from regbrowse.cli.job import Job
    from regbrowse.cli.output import Output

    assert start.place is not None
    return _work_of(verb), Job(browser, arguments, start.place, Output.standard())


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
