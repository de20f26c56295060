"""`tags` and `catalog`: lists that may be long, written as their pages arrive."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from regbrowse.browser import Names
from regbrowse.cli.context import CommandContext, registry_of
from regbrowse.cli.diagnostics import ExitCode, note
from regbrowse.cli.head_cost import HeadCost
from regbrowse.cli.output import Array
from regbrowse.cli.verb_table import DEMO
from regbrowse.concurrency import in_order
from regbrowse.reference import Digest, Reference, Registry, Repository
from regbrowse.text import plural, visible

_WIDTH = 71
"""Characters of a SHA-256 digest."""


async def tags(context: CommandContext) -> ExitCode:
    """Print the tags of a repository. What came before a failure stays written. Raises RegbrowseError."""
    repository, written = context.repository, context.arguments.reference or ""
    for behind in (f":{context.reference.tag}", f"@{context.reference.digest}"):
        if behind in written:
            note(f'The tags of {repository.familiar} are listed; "{visible(behind, 128)}" is not looked at.')
    pages = _Pages(context, repository)
    await (_with_digests(context, repository, pages) if context.arguments.long else _names(context, pages))
    return pages.code


async def catalog(context: CommandContext) -> ExitCode:
    """Print the repositories of a registry. What came before a failure stays written. Raises RegbrowseError."""
    registry, written = registry_of(context.arguments, context.place), context.arguments.reference or ""
    if isinstance(context.place, Reference) and not (registry.alias or written.partition("/")[0] == DEMO):
        note(f"The repositories of {visible(registry.name)} are listed; what stands behind it is not looked at.")
    pages = _Pages(context, registry)
    await _names(context, pages)
    return pages.code


async def _names(context: CommandContext, pages: _Pages) -> None:
    if context.arguments.format == "table":
        async for names in pages.all():
            context.output.raw("".join(f"{name}\n" for name in names).encode())
            context.output.flush()
    else:
        with context.output.array(compact=context.arguments.raw) as array:
            async for names in pages.all():
                array.add(names)


class _Pages:
    """The pages of a list; what is to be said of it goes to stderr."""

    def __init__(self, context: CommandContext, place: Repository | Registry) -> None:
        self._context = context
        self._place = place
        self.code = ExitCode.REGISTRY
        """OK as soon as the list is complete."""

    async def all(self) -> AsyncGenerator[tuple[str, ...], None]:
        last: Names | None = None
        try:
            async with aclosing(self._context.browser.everything(self._place)) as parts:
                async for last in parts:
                    if last.names:
                        yield last.names
        finally:
            if last is not None:
                self._note(last)

    async def each(self) -> AsyncGenerator[str, None]:
        async with aclosing(self.all()) as pages:
            async for names in pages:
                for name in names:
                    yield name

    def _note(self, last: Names) -> None:
        if last.done:
            self.code = ExitCode.OK
        if last.note:
            note(last.note)
        if last.hidden:
            noun = "tag" if isinstance(self._place, Repository) else "repository"
            note(f"{plural(last.hidden, 'entry')} of the list left out: no valid {noun}.")


async def _with_digests(context: CommandContext, repository: Repository, pages: _Pages) -> None:
    """One HEAD for each tag, four at a time; a GET where HEAD does not tell."""

    heads = HeadCost(context)

    async def digest_of(tag: str) -> Digest | None:
        head = await context.browser.tag_head(repository, tag)
        heads.tell()
        if head is None or head.digest is not None:
            return head.digest if head else None
        return (await context.browser.open(Reference(repository, tag))).digest

    found = in_order(digest_of, pages.each())
    async with aclosing(found):
        if context.as_table:
            await _rows(context, found)
        else:
            with context.output.array(compact=context.arguments.raw) as array:
                await _members(array, found)


async def _rows(context: CommandContext, found: AsyncGenerator[tuple[str, Digest | None], None]) -> None:
    """The digest first: it is as wide in every line, so that no line waits for another."""
    context.output.line(f"{'DIGEST':{_WIDTH}}  TAG")
    async for tag, digest in found:
        context.output.line(f"{digest or 'gone'!s:{_WIDTH}}  {tag}")
        context.output.flush()


async def _members(array: Array, found: AsyncGenerator[tuple[str, Digest | None], None]) -> None:
    async for tag, digest in found:
        array.add([{"tag": tag, "digest": str(digest) if digest else None}])
