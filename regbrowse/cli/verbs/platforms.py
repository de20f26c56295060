"""`platforms`: what an image runs on, with digests and sizes."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, replace

from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import ExitCode, code_of, note, print_error
from regbrowse.cli.selected_image import artifact_kind, read_child, tell_anomalies
from regbrowse.concurrency import in_order
from regbrowse.errors import BadResponse, Integrity, NotFound, RegbrowseError, TooLarge
from regbrowse.oci.index_walk import Entry, Kind, images, to_open, walk
from regbrowse.oci.manifest import Image, Index, Manifest, Schema1
from regbrowse.oci.platform import Platform
from regbrowse.platform_search import read_platform
from regbrowse.reference import Digest
from regbrowse.text import plural, size

_LAYERS = 3
_NAMED = 5
"""Entries without a usable digest that a sentence names at most."""
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
        digest = str(self.digest or "no usable digest")
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
        rows = [
            Row(
                await read_platform(context.browser, context.repository, root), root.digest, root.size, _layers(root), 0
            )
        ]
    else:
        raise NotFound(f"{reference.familiar} is an artifact ({artifact_kind(root)}), which has no platforms.")
    if context.as_table:
        has_layers = context.arguments.sizes or not isinstance(root, Index)
        shown = [column for column in range(len(_HEADER)) if has_layers or column != _LAYERS]
        cells = [[row.cells[column] for column in shown] for row in rows]
        context.output.table([_HEADER[column] for column in shown], cells, frozenset(range(2, len(shown))))
    else:
        context.output.value([row.value for row in rows], compact=context.arguments.raw)
    context.output.flush()
    for problem in problems:
        print_error(problem)
    return code_of(problems[0]) if problems else ExitCode.OK


async def _rows(context: CommandContext, root: Index, problems: list[RegbrowseError]) -> list[Row]:
    """Of an index and those within it, level by level; `problems` gets what could not be read, each reason once.

    The entries tell everything but the bytes of the layers. Only an entry without a platform is read for it.
    """
    rows: list[Row] = []
    read: dict[Digest, Manifest] = {}
    unread = 0
    stopped = False
    nameless: list[Entry] = []
    said: set[str] = set()

    def tell(sentence: str) -> None:
        if sentence not in said:
            said.add(sentence)
            note(sentence)

    async def complete(entry: Entry) -> Row | None:
        nonlocal stopped
        is_index = entry.kind is Kind.INDEX
        row = Row(entry.platform, entry.digest, entry.descriptor.size, None, len(entry.attestations))
        is_told = row.platform is not None and not is_index and not context.arguments.sizes
        if stopped or is_told or entry.digest is None:
            return None if is_index else row
        try:
            manifest = await read_child(context, entry.descriptor)
            if row.platform is None and isinstance(manifest, Image | Schema1):
                row = replace(row, platform=await read_platform(context.browser, context.repository, manifest))
        except NotFound as error:
            tell(str(error))
            return None if is_index else row
        except (Integrity, BadResponse, TooLarge) as error:
            problems.append(error)
            return None if is_index else row
        except RegbrowseError as error:
            # The next one would fail for the same reason.
            if not stopped:
                stopped = True
                problems.append(error)
            return None if is_index else row
        if isinstance(manifest, Index):
            read[manifest.digest] = manifest
        if is_index or isinstance(manifest, Index):
            return None
        if row.platform is None and not isinstance(manifest, Image | Schema1):
            return None
        return replace(row, size=manifest.size, layers=_layers(manifest))

    for level in walk(root, read):
        untold = sum(entry.kind is Kind.UNSAID and entry.digest is not None for entry in level)
        unread += untold - sum(entry.kind is Kind.UNSAID for entry in images(level))
        nameless += [entry for entry in level if entry.digest is None and entry.kind is not Kind.ATTESTATION]
        wanted = images(level) if context.arguments.sizes else [each for each in images(level) if not each.platform]
        wanted_digests = [each.digest for each in (*wanted, *to_open(level)) if each.digest]
        await context.browser.expect_reads(context.repository, wanted_digests)
        async with aclosing(in_order(complete, [*images(level), *to_open(level)])) as found:
            async for _, row in found:
                if row is not None:
                    rows.append(row)
    if unread:
        note(f"{unread:,} more of the list tell no platform, and were not read for it.")
    if nameless:
        names = [str(entry.platform or "one without a platform") for entry in nameless[:_NAMED]]
        more = f" and {len(nameless) - _NAMED:,} more" if len(nameless) > _NAMED else ""
        count = plural(len(nameless), "entry")
        note(f"{count} of the list cannot be asked for, without a usable digest: {', '.join(names)}{more}.")
    return rows


def _layers(manifest: Manifest) -> int | None:
    return manifest.total if isinstance(manifest, Image) else None
