"""`referrers`: what is attached to an image, wherever it hangs, and what that says. Nothing is verified here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from regbrowse.attachments import Attachment, AttachmentSearch, Document
from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import note
from regbrowse.cli.selected_image import selected
from regbrowse.errors import RegbrowseError
from regbrowse.oci.decode.values import Decoded
from regbrowse.oci.manifest import Index, Manifest
from regbrowse.reference import Digest
from regbrowse.text import plural, size, visible

HEADER = ("KIND", "OF", "SIZE", "FOUND BY", "DIGEST")


async def run(context: CommandContext) -> None:
    """Raises NotFound for an image or a platform that does not exist."""
    root = await context.browser.open(context.reference)
    found = AttachmentSearch(context.browser, context.repository)
    await found.ask(root.digest, "")
    only: Digest | None = None
    index = root
    if context.request.asked:
        image = await selected(context)
        only = image.manifest.digest
        if image.entry is not None:
            index = image.entry.parent
            await found.ask(only, str(image.entry.platform or context.request.platform))
    if isinstance(index, Index):
        found.look_into(index, only)
    decodes = context.arguments.decode
    await found.read(everything=decodes)
    documents = await found.decode() if decodes else {}
    for sentence in found.notes:
        note(sentence)
    for each in chain.from_iterable(documents.values()):
        if isinstance(each.outcome, RegbrowseError):
            note(f"{each.descriptor.digest}: {each.outcome}")
    _write(context, found, root, documents)


def _write(
    context: CommandContext, found: AttachmentSearch, root: Manifest, documents: Mapping[Digest, Sequence[Document]]
) -> None:
    if not found.entries:
        note(f"No signatures or attestations found ({plural(found.places, 'place')} looked at).")
    whole = "index" if isinstance(root, Index) else "image"
    if not context.as_table:
        values = [_value(each, documents if context.arguments.decode else None) for each in found.entries]
        context.output.value(values, compact=context.arguments.raw)
    elif found.entries and context.arguments.decode:
        for each in found.entries:
            context.output.line(visible(f"{each.kind} of {each.platform or whole}  {each.descriptor.digest}"))
            for document in documents.get(each.manifest.digest, ()) if each.manifest else ():
                if isinstance(document.outcome, Decoded):
                    _write_decoded(context, document.outcome)
            context.output.line("")
    elif found.entries:
        rows = [
            (
                each.kind,
                each.platform or whole,
                size(each.descriptor.size),
                ", ".join(each.found_by),
                str(each.descriptor.digest),
            )
            for each in found.entries
        ]
        context.output.table(HEADER, rows, frozenset({2}))
    signed = sum(each.is_signature for each in found.entries)
    if signed:
        note(f"{'Signature' if signed == 1 else f'{signed:,} signatures'} present, not verified.")


def _value(entry: Attachment, documents: Mapping[Digest, Sequence[Document]] | None) -> dict[str, object]:
    """Give one entry for scripts, with what the manifest says where the list that named it says nothing."""
    descriptor, read = entry.descriptor, entry.manifest
    value: dict[str, object] = {
        "digest": str(descriptor.digest),
        "mediaType": descriptor.media_type or (read.media_type if read else ""),
        "artifactType": descriptor.artifact_type or (read.artifact_type if read else ""),
        "kind": entry.kind,
        "size": descriptor.size,
        "subject": str(entry.subject) if entry.subject else None,
        "platform": entry.platform or None,
        "foundBy": list(entry.found_by),
        "tag": entry.tag or None,
        "annotations": dict(descriptor.annotations or (read.annotations if read else {})),
    }
    if documents is not None:
        value["documents"] = [_document(each) for each in documents.get(read.digest, ())] if read else []
    return value


def _document(document: Document) -> dict[str, object]:
    blob, outcome = document
    said = outcome.as_json() if isinstance(outcome, Decoded) else {"error": str(outcome)}
    return {"digest": str(blob.digest), "mediaType": blob.media_type, "size": blob.size, **said}


def _write_decoded(context: CommandContext, decoded: Decoded) -> None:
    """Write the head, a line for each value, and the table."""
    before = ""
    for name, value in decoded.facts:
        context.output.line(f"  {'' if name == before else name:<12}{value}")
        before = name
    if decoded.part.rows:
        columns = decoded.part.columns
        numbers = frozenset(at for at, column in enumerate(columns, 1) if column.is_number)
        context.output.table(
            ["", *(column.name.upper() for column in columns)], [["", *row.cells] for row in decoded.part.rows], numbers
        )
