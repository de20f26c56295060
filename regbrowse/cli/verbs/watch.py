"""`watch`: waits until a tag points to something else."""

from __future__ import annotations

import time

from regbrowse.cli.arguments import Arguments
from regbrowse.cli.context import CommandContext, image_of
from regbrowse.cli.demo_names import as_typed
from regbrowse.cli.diagnostics import ExitCode, note
from regbrowse.cli.progress import progress_line, waiting
from regbrowse.errors import BadReference, ConfigError
from regbrowse.reference import Reference, Registry
from regbrowse.tag_watch import Moved, TagWatch, planned
from regbrowse.text import plural, span, visible


def check(arguments: Arguments, place: Registry | Reference) -> None:
    """Check that it can move and be asked for. Raises BadReference or ConfigError."""
    if image_of(place).digest is not None:
        raise BadReference("A digest never points to anything else.", hint="Watch a tag.")
    if arguments.offline:
        raise ConfigError("--offline sends nothing, so no tag can be watched.", hint="Leave it out.")


async def run(context: CommandContext) -> ExitCode:
    """OK when the tag moved, NO when it did not within the time."""
    reference, arguments = context.reference, context.arguments
    reference = reference if reference.tag else reference._replace(tag="latest")
    name = visible(reference.familiar, 512)
    watch = TagWatch(context.browser, reference, arguments.interval, arguments.duration, tell=note)

    def line(_: int) -> str:
        wait = context.browser.client.limits.wait(reference.repository.registry)
        due = max(0.0, watch.next_at - time.monotonic())
        return waiting(wait) or f"watching {name}, {plural(watch.asked, 'look')}, the next in {span(due)}"

    note(f"Watching {name} {planned(watch.interval, watch.seconds)}.")
    async with progress_line(line):
        moved = await watch.run()
    if moved is None:
        note(f"{name} has not moved within {span(watch.seconds)}: it points to {watch.before}.")
        return ExitCode.NO
    if context.as_table:
        context.output.line(as_typed(moved.sentence))
    else:
        context.output.value(_as_json(moved), compact=True)
    return ExitCode.OK


def _as_json(moved: Moved) -> dict[str, object]:
    return {
        "reference": as_typed(str(moved.reference)),
        "before": str(moved.before),
        "after": str(moved.after) if moved.after else None,
        "at": moved.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
