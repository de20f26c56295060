"""From the command line's values to the exit code: finds the function of the verb, and runs it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from regbrowse.cli.diagnostics import ExitCode, code_of, note, print_error
from regbrowse.errors import AuthError, NotFound, RegbrowseError
from regbrowse.reference import Reference, Registry, registry_in
from regbrowse.text import visible

if TYPE_CHECKING:
    from regbrowse.browser import Browser
    from regbrowse.cli.arguments import Arguments
    from regbrowse.cli.connect import Connector
    from regbrowse.cli.context import CommandContext
    from regbrowse.registry.models import Exchange, RateCost


def run(arguments: Arguments) -> int:
    """Do what was asked; give the exit code. Raises BrokenPipeError."""
    try:
        if not arguments.verb.asks:
            return int(_function(arguments.verb.run)(arguments))
        return _ask(arguments)
    except RegbrowseError as error:
        print_error(error)
        return code_of(error)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _function(name: str) -> Callable[..., Any]:
    """Load a function that the table names."""
    module, _, function = name.rpartition(".")
    found: Callable[..., Any] = getattr(import_module(f"regbrowse.cli.verbs.{module}"), function)
    return found


def _ask(arguments: Arguments) -> int:
    from regbrowse.cli.connect import Connector

    connector = Connector(arguments)
    assert connector.place is not None
    _check(arguments, connector.place)
    if connector.other is not None:
        _check(arguments, connector.other)
    import asyncio

    return asyncio.run(_answer(arguments, connector, connector.place))


def _check(arguments: Arguments, place: Registry | Reference) -> None:
    """Check the words as far as no registry need be asked. Raises BadReference or ConfigError."""
    from regbrowse.cli.context import image_of, registry_of

    first = arguments.verb.takes.split()[0]
    if first == "REGISTRY":
        registry_of(arguments, place)
    elif first == "REPOSITORY" or (first in ("REF", "A") and not registry_in(place).alias):
        image_of(place)
    if arguments.verb.check:
        _function(arguments.verb.check)(arguments, place)


async def _answer(arguments: Arguments, connector: Connector, place: Registry | Reference) -> int:
    from asyncio import to_thread

    from regbrowse.cli.progress import progress_line, waiting

    browser = await connector.browser()
    browser.on_cost = _tell_cost
    told: set[str] = set()

    def tell_notices() -> None:
        """Note what is wrong with the files and helpers of this machine, each sentence once."""
        for notice in browser.notices():
            if notice not in told:
                told.add(notice)
                note(notice)

    try:
        # Loaded while the registry is being reached.
        function, context = await to_thread(_load, arguments, browser, place, connector.other)
        tell_notices()
        if arguments.verb.takes.startswith(("REF", "A ")):
            context = await context.with_only_image()
            context = await context.with_only_other_image()
        try:
            registry = registry_in(place)
            async with progress_line(lambda _: waiting(browser.client.limits.wait(registry))):
                code = await function(context)
        except NotFound as error:
            if isinstance(context.place, Reference) and context.place.target is None and '"latest"' in error.why:
                written = visible(arguments.reference or "", 512)
                error.hint = f'No tag was written, which means latest; "regbrowse tags {written}" lists them.'
            raise
        except AuthError as error:
            if connector.is_demo:
                error.hint, error.command = "The demo lets in -u demo:demo.", ""
            raise
        context.output.flush()
        return int(code or 0)
    finally:
        # Auth files are read and helpers run only when a registry asks for a login.
        tell_notices()
        if arguments.verbose:
            _note_requests(browser, place, arguments.verbose)
        await browser.aclose()


async def _tell_cost(cost: RateCost) -> bool:
    """Note what is about to be taken of a pull limit; a script has nobody to ask."""
    note(cost.sentence)
    return True


def _load(
    arguments: Arguments, browser: Browser, place: Registry | Reference, other: Registry | Reference | None
) -> tuple[Callable[..., Any], CommandContext]:
    from regbrowse.cli.context import CommandContext
    from regbrowse.cli.output import Output

    return _function(arguments.verb.run), CommandContext(browser, arguments, place, Output.standard(), other)


def _note_requests(browser: Browser, place: Registry | Reference, how_much: int) -> None:
    """Note every request (-v); with -vv also when, at what cost and as curl, and how the registry was reached."""
    from regbrowse.exchange import curl_command, totals, when

    log = browser.client.log
    if how_much < 2:
        for one in log:
            if not one.is_cached:
                note(_outcome(one))
        return
    for one in log:
        note("  ".join([when(one), _outcome(one), *([f"costs {one.cost} of the pull limit"] if one.cost else [])]))
        if not one.is_cached:
            note("\n".join(f"    {line}" for line in curl_command(one).splitlines()))
    note(" · ".join(totals(log.sent, log.cached, log.received)))
    known = browser.client.connection(registry_in(place))
    who = f"{known.login.user} by {known.login.source}" if known.login.user else "anonymous"
    note(f"{f'reached at {known.base}' if known.base else 'no connection'}, as {who}")
    for said in (known.login.note, *known.notes):
        if said:
            note(said)


def _outcome(one: Exchange) -> str:
    """Say in a line what was asked for, and what came of it."""
    if one.is_cached:
        return f"{one.method} {one.url}  {one.outcome}"
    took = f"{one.seconds * 1000:.0f} ms"
    outcome, more = (one.status, one.note) if one.status else (one.note or "no answer", "")
    return f"{one.method} {one.url}  {outcome}  {took}  {one.received:,} B  {more}".rstrip()
