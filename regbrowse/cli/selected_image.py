"""The image that a command is about, and notes on stderr where it is not plain which one was taken."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import note
from regbrowse.errors import BadReference, BadResponse, NotFound, RegbrowseError, TooLarge
from regbrowse.oci.config import Config
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.index_walk import Entry
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest
from regbrowse.oci.platform_selection import Candidate, PlatformSelection
from regbrowse.platform_search import read_listed, read_platform, select_platform
from regbrowse.reference import Reference
from regbrowse.text import CELL_LIMIT, visible

_LISTED = 40
"""Platforms that a sentence lists at most."""
_SAID = 5
"""Anomalies of one manifest, and other platforms, that are told at most."""


class Selected(NamedTuple):
    """One manifest, no index, and what led to it."""

    reference: Reference
    manifest: Manifest
    entry: Entry | None = None
    """Where an index lists it; None when the reference names it itself."""
    config_error: RegbrowseError | None = None
    """Why the config could not be read when its platform was looked for."""


async def selected(context: CommandContext) -> Selected:
    """Read the manifest for the wanted platform, asking for no more than it takes.

    Raises BadReference, RegistryError; NotFound lists the platforms that there are.
    """
    manifest, entry, error = await context.browser.open(context.reference), None, None
    if isinstance(manifest, Index):
        tell_anomalies(manifest)
        entry, manifest = await select_in(context, manifest)
    else:
        error = await check_single(context, manifest)
    tell_anomalies(manifest)
    return Selected(context.reference, manifest, entry, error)


async def select_in(context: CommandContext, root: Index) -> tuple[Entry, Manifest]:
    """Select an image of an index. Raises RegistryError; NotFound lists the platforms that there are."""
    read = partial(read_child, context)
    selection = await select_platform(context.browser, context.repository, root, context.request, read)
    for error in selection.absent:
        note(str(error))
    if selection.selected is None:
        raise selection.stopped or _nothing(context.reference, selection)
    if selection.repeated and context.reference.is_list_of_files:
        raise _nameless(context.reference, selection, selection.selected)
    if not isinstance(selection.outcome, Manifest):
        raise selection.outcome or _nothing(context.reference, selection)
    _tell(context.reference, selection, selection.selected)
    return selection.selected.entry, selection.outcome


async def check_single(context: CommandContext, manifest: Manifest) -> RegbrowseError | None:
    """Tell that what the reference names is for another platform. Raises NotFound when that one was asked for.

    Returns why the platform could not be read.
    """
    request = context.request
    name, wanted, asked = context.reference.familiar, request.platform, request.asked
    if isinstance(manifest, Artifact):
        if asked:
            note(f"{name} is no image but this: {manifest.kind}. It has no platform to choose.")
        return None
    if context.reference.digest is not None and not asked:
        return None
    try:
        platform = await read_platform(context.browser, context.repository, manifest)
    except RegbrowseError as error:
        if asked:
            raise
        return error
    if platform is None or not platform.known:
        if asked:
            note(f"{name} does not say what platform it is for; it was taken.")
    elif not request.fits(platform):
        if asked:
            raise NotFound(
                f"{name} is a single image for {platform}, not for {wanted}.", hint="Ask without a platform to get it."
            )
        note(f"{name} is a single image for {platform}, not for {wanted}; it was taken.")
    return None


async def config_if_readable(context: CommandContext, image: Image, failed: RegbrowseError | None) -> Config | None:
    """Read the config; None with a note without it, because layers are worth printing without the commands, too.

    `failed` is why it could not be read before. Raises RegbrowseError for anything but its content.
    """
    try:
        if failed is not None:
            raise failed
        return await context.browser.config(context.repository, image)
    except (NotFound, BadResponse, TooLarge) as error:
        note(f"The commands are not known: {error}")
        return None


def artifact_kind(manifest: Manifest) -> str:
    """Say what a manifest is that is no image, in words that follow "an artifact"."""
    return manifest.kind if isinstance(manifest, Artifact) else "a document of an unknown kind"


async def read_child(context: CommandContext, descriptor: Descriptor) -> Manifest:
    """Read what an index lists; NotFound says that the registry does not hold it. Raises RegistryError."""
    try:
        return await read_listed(context.browser, context.repository, descriptor)
    except NotFound as error:
        error.hint = '"platforms" tells which of them are there.'
        raise


def tell_anomalies(manifest: Manifest) -> None:
    """Note what is strange about a manifest, a line each."""
    for sentence in manifest.anomalies[:_SAID]:
        note(f"{manifest.digest.short}: {sentence}")
    if len(manifest.anomalies) > _SAID:
        note(f"{manifest.digest.short}: {len(manifest.anomalies) - _SAID:,} more things are strange.")


def _tell(reference: Reference, selection: PlatformSelection, selected: Candidate) -> None:
    """Note which of several images was taken, and why; nothing when it was the only one and the very one."""
    taken, wanted, digest = selected.platform, selection.request.platform, selected.entry.digest
    if taken is None:
        note(f"{reference.familiar} does not say what platform its only image is for; it was taken.")
        return
    missing = "" if selection.is_exact else f"There is no {wanted}; {taken} runs there too"
    if selection.repeated:
        spelled = list(dict.fromkeys(str(each) for each in (taken, *selection.repeated)))
        many = f"{taken} is listed {len(selection.repeated) + 1} times"
        if len(spelled) > 1:
            many = f"{' and '.join(spelled)} are the same"
        before = f"{missing}. " if missing else ""
        note(f"{before}{many}; the first was taken, as other tools do: {digest}")
    elif missing:
        highest = f", the highest variant of {len(selection.further) + 1} that do" if selection.further else ""
        note(f"{missing}{highest}. It was taken: {digest}")
    elif selection.versions and not wanted.os_version:
        many = f"{len(selection.versions) + 1} versions of {taken.os}/{taken.architecture}"
        which = "the first was taken" if taken.os_version else "the one that names no version was taken"
        note(f"There are {many}; {which}: {taken}, {digest}")
    elif selection.further:
        others = ", ".join(dict.fromkeys(str(each) for each in selection.further[:_SAID]))
        why = "as asked for" if selection.request.asked else "the closest to this machine"
        note(f"{taken} was taken, {why}: {digest}; {others} would run there too.")


def _nameless(reference: Reference, selection: PlatformSelection, selected: Candidate) -> BadReference:
    """Say that files hold several images which only their digests tell apart: nobody meant the first of them."""
    same = [selected, *(each for each in selection.others if each.platform in selection.repeated)]
    digests = [str(each.entry.digest) for each in same if each.entry.digest]
    name = visible(str(reference.repository))
    more = ", …" if len(digests) > _SAID else ""
    return BadReference(
        f"{name} holds {len(same):,} images for {selected.platform} that have no name of their own.",
        hint=f"Write {name}@DIGEST with one of {', '.join(digests[:_SAID])}{more}.",
    )


def _nothing(reference: Reference, selection: PlatformSelection) -> NotFound:
    offered = (each.platform.typed for each in selection.offered if each.platform and each.platform.known)
    names = sorted(dict.fromkeys(offered), key=lambda name: len(name) > CELL_LIMIT)
    shown = [name for name in names[:_LISTED] if len(name) <= CELL_LIMIT]
    why = f"{reference.familiar} has no image for {selection.request.platform}."
    if not names:
        return NotFound(f"{why} Its list names no platform.", hint='See it with "manifestlist".')
    more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
    step = "" if selection.request.asked else "Choose one with --platform."
    return NotFound(f"{why} Available: {', '.join(shown)}{more}.", hint=step)
