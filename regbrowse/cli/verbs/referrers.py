"""`referrers`: what is attached to an image, wherever it hangs. Nothing is verified here."""

from __future__ import annotations

from dataclasses import dataclass, field

from regbrowse.browser import Browser
from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import note
from regbrowse.cli.selected_image import selected
from regbrowse.concurrency import for_each
from regbrowse.errors import RateLimited, RegbrowseError
from regbrowse.oci.attached import is_signed, kind_of, says_enough
from regbrowse.oci.attestation import is_attestation
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.identify import platform_names
from regbrowse.oci.index_walk import Kind, entries
from regbrowse.oci.manifest import Index, Manifest
from regbrowse.reference import Digest, Repository
from regbrowse.registry.referrers.finder import belongs
from regbrowse.text import plural, size

IN_INDEX = "index"
HEADER = ("KIND", "OF", "SIZE", "FOUND BY", "DIGEST")


@dataclass(slots=True)
class Attachment:
    """One thing that is attached."""

    descriptor: Descriptor
    subject: Digest | None
    platform: str
    """Of the subject; empty for an index."""
    found_by: tuple[str, ...]
    tag: str = ""
    manifest: Manifest | None = None

    @property
    def kind(self) -> str:
        return kind_of(self.descriptor, self.manifest)

    def as_json(self) -> dict[str, object]:
        """With what the manifest says where the list that named it says nothing."""
        descriptor, read = self.descriptor, self.manifest
        return {
            "digest": str(descriptor.digest),
            "mediaType": descriptor.media_type or (read.media_type if read else ""),
            "artifactType": descriptor.artifact_type or (read.artifact_type if read else ""),
            "kind": self.kind,
            "size": descriptor.size,
            "subject": str(self.subject) if self.subject else None,
            "platform": self.platform or None,
            "foundBy": list(self.found_by),
            "tag": self.tag or None,
            "annotations": dict(descriptor.annotations or (read.annotations if read else {})),
        }


@dataclass(slots=True)
class Attached:
    """Everything that hangs on an image, and how many places were looked at."""

    browser: Browser
    repository: Repository
    entries: list[Attachment] = field(default_factory=list)
    places: int = 0
    notes: dict[str, None] = field(default_factory=dict)
    _limited: bool = False

    async def ask(self, subject: Digest, platform: str) -> None:
        """What says of itself that it is about this manifest, and what cosign's tags hold."""
        found = await self.browser.client.referrers(self.repository, subject)
        self.places += found.places
        if found.note:
            self.notes[found.note] = None
        self.entries += [Attachment(one.descriptor, subject, platform, one.found_by, one.tag) for one in found.entries]

    def look_into(self, index: Index, only: Digest | None) -> None:
        """Add the attestations that an index lists; `only` those of one image."""
        self.places += 1
        for entry in entries(index):
            if entry.kind is Kind.ATTESTATION and entry.digest is not None and only in (None, entry.subject):
                platform = platform_names(index, entry.subject)
                self.entries.append(Attachment(entry.descriptor, entry.subject, platform, (IN_INDEX,)))

    async def read(self) -> None:
        """Opens what does not tell its kind; what cannot be opened stays an attachment of an unknown kind."""
        await for_each(self._read, [each for each in self.entries if self._is_dark(each)])
        self.entries = [
            each
            for each in self.entries
            if each.manifest is None or each.subject is None or belongs(each.manifest, each.subject)
        ]

    def _is_dark(self, entry: Attachment) -> bool:
        return is_attestation(entry.descriptor) or not says_enough(entry.descriptor)

    async def _read(self, entry: Attachment) -> None:
        if self._limited or self.browser.client.limits.is_low(self.repository.registry):
            return
        try:
            entry.manifest = await self.browser.child(self.repository, entry.descriptor)
        except RateLimited:
            self._limited = True
        except RegbrowseError as error:
            self.notes[str(error)] = None


async def run(context: CommandContext) -> None:
    """Raises NotFound for an image or a platform that does not exist."""
    root = await context.browser.open(context.reference)
    found = Attached(context.browser, context.repository)
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
    await found.read()
    for sentence in found.notes:
        note(sentence)
    _write(context, found, root)


def _write(context: CommandContext, found: Attached, root: Manifest) -> None:
    if not found.entries:
        note(f"No signatures or attestations found ({plural(found.places, 'place')} looked at).")
    if not context.as_table:
        context.output.value([each.as_json() for each in found.entries], compact=context.arguments.raw)
    elif found.entries:
        whole = "index" if isinstance(root, Index) else "image"
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
    signed = sum(is_signed(each.kind) for each in found.entries)
    if signed:
        note(f"{'Signature' if signed == 1 else f'{signed:,} signatures'} present, not verified.")
