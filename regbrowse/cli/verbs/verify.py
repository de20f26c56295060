"""verifytool: digests, sizes and platforms as told against as computed, a line for each check."""

from __future__ import annotations

from collections.abc import Callable

from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import ExitCode, note
from regbrowse.cli.selected_image import check_single, select_in, tell_anomalies
from regbrowse.cli.verification import ImageVerifier, Report
from regbrowse.errors import BadResponse, Integrity, NotFound, TooLarge
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.index_walk import entries, walk
from regbrowse.oci.manifest import Index, Manifest
from regbrowse.oci.platform_selection import listed, select
from regbrowse.reference import Digest
from regbrowse.text import plural


async def run(context: CommandContext) -> int:
    """1 when a check failed. Raises RegbrowseError when what the reference names cannot be read."""
    reference, report = context.reference, Report(_writer(context))
    verifier = ImageVerifier(context.browser.client.uncached(context.repository), report)
    root = await verifier.root(reference.digest or reference.tag or "latest")
    if isinstance(root, Index) and context.arguments.all:
        await _everything(context, verifier, root)
    elif isinstance(root, Index):
        await _selected(verifier, context, root)
    else:
        error = await check_single(context, root)
        if error is not None and not isinstance(error, NotFound | Integrity | BadResponse | TooLarge):
            raise error  # no check but a failure, and asking once more would take all its attempts again
        tell_anomalies(root)
        await verifier.inside(root, "", None)
    note(f"{plural(report.checks, 'check')}, {report.failed:,} failed.")
    return ExitCode.NO if report.failed else ExitCode.OK


async def _selected(verifier: ImageVerifier, context: CommandContext, root: Index) -> None:
    """The image for the platform. Raises NotFound when there is none."""
    plain = select(listed(entries(root)), context.request)
    if plain.selected is not None and plain.is_exact and not plain.others:
        # Read only to be verified: what is wrong with it is a check that fails, not an error.
        manifest = await _entry(verifier, plain.selected.entry.descriptor)
        if not isinstance(manifest, Index):
            return
    entry, _ = await select_in(context, root)
    await _entry(verifier, entry.descriptor)


async def _entry(verifier: ImageVerifier, descriptor: Descriptor) -> Manifest | None:
    name = _name(descriptor)
    manifest = await verifier.child(descriptor, name)
    if manifest is not None and not isinstance(manifest, Index):
        tell_anomalies(manifest)
        await verifier.inside(manifest, name, descriptor.platform)
    return manifest


async def _everything(context: CommandContext, verifier: ImageVerifier, root: Index) -> None:
    """Every entry of an index and of those within it, level by level, each digest once."""
    read: dict[Digest, Manifest] = {}
    checked: set[Digest | None] = {root.digest}
    for level in walk(root, read):
        unchecked = [entry.digest for entry in level if entry.digest and entry.digest not in checked]
        await context.browser.expect_reads(context.repository, unchecked, cached=False)
        for entry in level:
            if entry.digest in checked:
                continue
            manifest = await _entry(verifier, entry.descriptor)
            if entry.digest is not None:
                checked.add(entry.digest)
                if isinstance(manifest, Index):
                    read[entry.digest] = manifest


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
