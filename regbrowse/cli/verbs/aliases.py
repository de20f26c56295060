"""`aliases`: the tags that point to the same digest, asked for by HEAD alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

from regbrowse.browser import Browser
from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import note
from regbrowse.cli.progress import progress_line, waiting
from regbrowse.concurrency import for_each
from regbrowse.errors import RegbrowseError
from regbrowse.reference import Digest, Reference
from regbrowse.text import plural


async def run(context: CommandContext) -> None:
    """Writes tags as they are found; what ends the search early is raised after them."""
    reference = context.reference
    wanted = await context.browser.digest_of(reference)
    tags = await _tags(context.browser, reference)
    if context.arguments.format == "table":
        await _search(context, wanted, tags, context.output.line)
        return
    with context.output.array(compact=context.arguments.raw) as array:
        await _search(context, wanted, tags, lambda tag: array.add([tag]))


async def _tags(browser: Browser, reference: Reference) -> list[str]:
    tags: list[str] = []
    async with aclosing(browser.listing(reference.repository)) as parts:
        async for part in parts:
            tags += part.names
            if part.note:
                note(part.note)
    return tags


async def _search(context: CommandContext, wanted: Digest, tags: list[str], write: Callable[[str], None]) -> None:
    repository = context.repository
    asked = found = silent = 0
    all_tags = plural(len(tags), "tag")

    async def ask(tag: str) -> None:
        nonlocal asked, found, silent
        head = await context.browser.tag_head(repository, tag)
        asked += 1
        if head is not None and head.digest is None:
            silent += 1
        if head is not None and head.digest == wanted:
            found += 1
            write(tag)
            context.output.flush()

    def line(_: int) -> str:
        wait = context.browser.client.limits.wait(repository.registry)
        return waiting(wait) or f"{asked:,} of {all_tags} asked"

    try:
        async with progress_line(line):
            await for_each(ask, tags[:1])
            await context.browser.expect_heads(repository, len(tags) - 1)
            await for_each(ask, tags[1:])
    except RegbrowseError:
        note(f"Stopped early: {asked:,} of {all_tags} asked.")
        raise
    finally:
        if silent:
            note(f"{plural(silent, 'tag')} left out: the registry does not say by HEAD what they point to.")
    if not found:
        note(f"No tag of {repository.familiar} points to {wanted}.")
