"""verifytool: digests, sizes and platforms as told against as computed, a line for each check."""

from __future__ import annotations

from collections.abc import Callable

from regbrowse.cli.checking import Checker, Report
from regbrowse.cli.choosing import check_single, chosen
from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import ExitCode, note
from regbrowse.cli.wish import wish_of
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Index, Manifest
from regbrowse.oci.platform import choose
from regbrowse.reference import Digest
from regbrowse.text import plural
from regbrowse.tree import MAX_DEPTH, platforms


async def run(context: CommandContext) -> int:
    """1 when a check failed. Raises RegbrowseError when what the reference names cannot be read."""
    reference, report = context.reference, Report(_writer(context))
    checker = Checker(context.browser.witness(context.repository), report)
    root = await checker.root(reference.digest or reference.tag or "latest")
    if not isinstance(root, Index):
        await check_single(context, reference, root, wish_of(context.arguments, context.browser.platform))
        await checker.inside(root, "", None)
    elif context.arguments.all:
        await _everything(checker, root, {root.digest}, 1)
    else:
        descriptor = await _wanted(context, root)
        await _entry(checker, descriptor)
    note(f"{plural(report.checks, 'check')}, {report.failed:,} failed.")
    return ExitCode.NO if report.failed else ExitCode.OK


async def _wanted(context: CommandContext, index: Index) -> Descriptor:
    """The entry for the platform. Raises NotFound when there is none."""
    wish, offered = wish_of(context.arguments, context.browser.platform), platforms(index)
    at = choose([each.platform for each in offered], wish.platform)
    if at is not None:
        found = offered[at]
        fitting = [each for each in offered if wish.fits(each.platform)]
        if len(fitting) == 1 and found.platform is not None and wish.met_by(found.platform):
            return found
    # Whatever is not plain is chosen, and told, as the other verbs do.
    choice = await chosen(context)
    return choice.descriptor or Descriptor(choice.manifest.media_type, choice.manifest.digest, choice.manifest.size)


async def _entry(checker: Checker, descriptor: Descriptor) -> Manifest | None:
    name = _name(descriptor)
    manifest = await checker.child(descriptor, name)
    if manifest is not None and not isinstance(manifest, Index):
        await checker.inside(manifest, name, descriptor.platform)
    return manifest


async def _everything(checker: Checker, index: Index, seen: set[Digest], depth: int) -> None:
    """Every entry of an index and of those within it, each digest once."""
    for descriptor in index.manifests:
        if descriptor.digest in seen:
            continue
        if descriptor.digest is not None:
            seen.add(descriptor.digest)
        manifest = await _entry(checker, descriptor)
        if isinstance(manifest, Index) and depth < MAX_DEPTH:
            await _everything(checker, manifest, seen, depth + 1)


def _name(descriptor: Descriptor) -> str:
    """What people know an entry by: its platform, else the start of its digest."""
    if descriptor.platform is not None and descriptor.platform.known:
        return str(descriptor.platform)
    return descriptor.digest.short if descriptor.digest else "without a digest"


def _writer(context: CommandContext) -> Callable[[str], None]:
    def write(line: str) -> None:
        context.output.line(line)
        if context.output.terminal:
            context.output.flush()

    return write
