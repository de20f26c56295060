"""`platforms`: what an image runs on, with digests and sizes."""

from __future__ import annotations

from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, replace

from regbrowse.cli.choosing import child_of, nested, platform_of, tell_anomalies, unsaid
from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import ExitCode, code_of, note, print_error
from regbrowse.concurrency import in_order
from regbrowse.errors import BadResponse, Integrity, NotFound, RegbrowseError, TooLarge
from regbrowse.oci import attestation
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, Schema1
from regbrowse.oci.platform import Platform
from regbrowse.reference import Digest
from regbrowse.text import size
from regbrowse.tree import MAX_DEPTH, platforms

INDEXES = 64
"""Indexes within others that are opened."""
_HEADER = ("PLATFORM", "DIGEST", "MANIFEST", "LAYERS", "ATTESTATIONS")


@dataclass(frozen=True, slots=True)
class Row:
    """One image."""

    platform: Platform | None
    digest: Digest | None
    size: int | None
    """Bytes of the manifest."""
    layers: int | None
    """Bytes of the layers as stored; None when they are not known."""
    attestations: int
    """Attestation manifests that the index lists for it."""

    @property
    def value(self) -> dict[str, object]:
        platform = self.platform or Platform("", "")
        return {
            "os": platform.os or None,
            "architecture": platform.architecture or None,
            "variant": platform.variant or None,
            "os.version": platform.os_version or None,
            "digest": str(self.digest) if self.digest else None,
            "size": self.size,
            "layersSize": self.layers,
            "attestations": self.attestations,
        }

    @property
    def cells(self) -> tuple[str, ...]:
        layers = size(self.layers) or "?"
        digest = str(self.digest or "")
        return str(self.platform or "not said"), digest, size(self.size), layers, str(self.attestations or "")


async def run(context: CommandContext) -> ExitCode:
    """All rows, also where one of them cannot be completed. Raises NotFound when it is no image at all."""
    reference, problems = context.reference, list[RegbrowseError]()
    root = await context.browser.open(reference)
    tell_anomalies(root)
    if isinstance(root, Index):
        rows = await _rows(context, root, problems)
        if not rows:
            note(f"The list of {reference.familiar} names no platform.")
    elif isinstance(root, Image | Schema1):
        rows = [Row(await platform_of(context, root), root.digest, root.size, _layers(root), 0)]
    else:
        kind = root.kind if isinstance(root, Artifact) else "a document of an unknown kind"
        raise NotFound(f"{reference.familiar} is an artifact ({kind}), which has no platforms.")
    if context.as_table:
        context.output.table(_HEADER, [row.cells for row in rows], frozenset({2, 3, 4}))
    else:
        context.output.value([row.value for row in rows], compact=context.arguments.raw)
    context.output.flush()
    for problem in problems:
        print_error(problem)
    return code_of(problems[0]) if problems else ExitCode.OK


async def _rows(context: CommandContext, root: Index, problems: list[RegbrowseError]) -> list[Row]:
    """Of an index and those within it, in their order; `problems` gets what is wrong with single entries."""
    rows: list[Row] = []

    async def complete(row: Row, descriptor: Descriptor) -> Row | None:
        try:
            manifest = await child_of(context, descriptor)
        except NotFound as error:
            note(str(error))
            return row
        except (Integrity, BadResponse, TooLarge) as error:
            problems.append(error)
            return row
        if row.platform is None:
            if not isinstance(manifest, Image | Schema1):
                return None
            row = replace(row, platform=await platform_of(context, manifest))
        return replace(row, size=manifest.size, layers=_layers(manifest))

    async def work(pair: tuple[Row, Descriptor]) -> Row | None:
        return await complete(*pair)

    indexes = await _indexes(context, root)
    listed = [pair for index in indexes for pair in _listed(index)]
    async with aclosing(in_order(work, listed)) as found:
        async for _, row in found:
            if row is not None:
                rows.append(row)
    return rows


def _listed(index: Index) -> list[tuple[Row, Descriptor]]:
    about = Counter(attestation.attested(each) for each in index.manifests)
    known = {id(each) for each in platforms(index)}
    possible = known | {id(each) for each in unsaid(index)}
    return [
        (Row(each.platform if id(each) in known else None, each.digest, each.size, None, about[each.digest]), each)
        for each in index.manifests
        if id(each) in possible
    ]


async def _indexes(context: CommandContext, root: Index) -> list[Index]:
    """The index and those within it."""
    found, level, depth = [root], [root], 0
    seen = {root.digest}
    while level and depth < MAX_DEPTH:
        depth += 1
        inner: list[Index] = []
        for descriptor in [each for index in level for each in nested(index)]:
            if descriptor.digest is None or descriptor.digest in seen or len(seen) > INDEXES:
                continue
            seen.add(descriptor.digest)
            try:
                manifest = await child_of(context, descriptor)
            except NotFound as error:
                note(str(error))
                continue
            if isinstance(manifest, Index):
                inner.append(manifest)
        found += inner
        level = inner
    return found


def _layers(manifest: Manifest) -> int | None:
    return manifest.total if isinstance(manifest, Image) else None
