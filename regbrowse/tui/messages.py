"""What loaders are asked, and what they tell.

A request is told apart from every other by being that object: asking for the same again makes another request.
Answers carry their request and do not bubble; the pane drops an answer whose request is no longer its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from regbrowse.attachments import Attachments
    from regbrowse.browser import Names
    from regbrowse.errors import RegbrowseError
    from regbrowse.image_comparison import ComparedImages
    from regbrowse.oci.config import Config
    from regbrowse.oci.decode.values import Decoded
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.oci.manifest import Manifest
    from regbrowse.oci.platform import Platform
    from regbrowse.oci.platform_selection import PlatformRequest, PlatformSelection
    from regbrowse.reference import Digest, Reference, Registry, Repository
    from regbrowse.registry.models import Found, RateCost, TagFact
    from regbrowse.tag_watch import Moved
    from regbrowse.tui.tag_list import Ordered

LARGE = 256 * 2**10
"""Bytes of a document whose first lines are shown before it is read as values."""

# Requests


@dataclass(frozen=True, eq=False)
class ListRequest:
    """Ask for the tags of a repository, or the repositories of a registry."""

    place: Repository | Registry


@dataclass(frozen=True, eq=False)
class ManifestRequest:
    """The manifest that a tag or digest refers to is awaited."""

    reference: Reference


@dataclass(frozen=True, eq=False)
class ImageRequest:
    """Layers and config of a manifest are awaited: of the one that was opened, or of one that it lists."""

    manifest_request: ManifestRequest
    digest: Digest


@dataclass(frozen=True, eq=False)
class DigestRequest:
    """It is asked what a digest is that is not in what is shown."""

    reference: Reference
    """Where it is looked for first."""
    digest: Digest


@dataclass(frozen=True, eq=False)
class NearRequest:
    """Names are awaited that are spelled nearly as one that does not exist."""

    reference: Reference
    """With a tag: another tag of the repository is meant; without: another repository of the registry."""


@dataclass(frozen=True, eq=False)
class CompareRequest:
    """Two references are to be compared."""

    a: Reference
    b: Reference
    platform: PlatformRequest
    """Which image is compared of what is for several platforms."""


Request = ListRequest | ManifestRequest | ImageRequest | DigestRequest | CompareRequest

# Answers


@dataclass
class Loaded(Message, bubble=False):
    """The base of all answers: something that a loader learned."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Let no answer bubble: Textual asks each class anew."""
        super().__init_subclass__(bubble=False, **options)


@dataclass
class NamesLoaded(Loaded):
    """Some tags or repositories came."""

    request: ListRequest
    part: Names
    ordered: Ordered


@dataclass
class SearchOffered(Loaded):
    """The registry has no list of repositories, but can be searched."""

    request: ListRequest


@dataclass
class SearchLoaded(Loaded):
    """What a search of the registry found; or why it could not be made."""

    request: ListRequest
    text: str
    found: tuple[Found, ...]
    error: RegbrowseError | None = None


@dataclass
class TagHeadsLoaded(Loaded):
    """HEADs told the digests of some tags."""

    request: ListRequest
    digests: dict[str, Digest]


@dataclass
class TagHeadsEnded(Loaded):
    """No more digests of tags are asked for; why not, where not all of them were."""

    request: ListRequest
    error: RegbrowseError | None = None


@dataclass
class TagDetailsLoaded(Loaded):
    """What the registry's own API says of some tags; or, in `note`, why it says nothing."""

    request: ListRequest
    details: tuple[TagFact, ...]
    note: str


@dataclass
class ManifestLoaded(Loaded):
    """The manifest behind the tag or digest."""

    request: ManifestRequest
    manifest: Manifest
    platform: PlatformRequest
    """The platform for which an image is selected when it is an index."""


@dataclass
class PlatformSelected(Loaded):
    """The image of the opened index that is shown first, and why."""

    request: ManifestRequest
    selection: PlatformSelection
    wanted: Platform | None
    """The platform that was chosen by hand or in the settings."""


@dataclass
class ChildLoaded(Loaded):
    """A manifest that the opened index lists, or why it could not be read."""

    request: ManifestRequest
    digest: Digest
    outcome: Manifest | RegbrowseError


@dataclass
class ChildrenHeldBack(Loaded):
    """The manifests whose rows are in view were not read, since that takes much of a pull limit."""

    request: ManifestRequest
    cost: RateCost


@dataclass
class AttachmentsLoaded(Loaded):
    """What is attached to the opened manifest, or to one that it lists."""

    request: ManifestRequest
    subject: Digest
    found: Attachments


@dataclass
class ImageLoaded(Loaded):
    """The manifest whose layers and config are to be shown, or why it could not be read."""

    request: ImageRequest
    outcome: Manifest | RegbrowseError


@dataclass
class DocumentDecoded(Loaded):
    """What a statement or another attachment says; None where it is no document of a known form."""

    request: ImageRequest
    digest: Digest
    decoded: Decoded | None


@dataclass
class ContentLoaded(Loaded):
    """The bytes of a config, or of what stands in its place."""

    request: ImageRequest
    descriptor: Descriptor
    raw: bytes
    whole: bool
    """False when only the first part of a large one was asked for."""
    decodes: bool = False
    """Whether a `DocumentDecoded` follows."""


@dataclass
class ConfigLoaded(Loaded):
    """The config as values, for history and labels."""

    request: ImageRequest
    config: Config


@dataclass
class DigestFound(Loaded):
    """What a digest is, in a sentence."""

    request: DigestRequest
    is_manifest: bool
    said: str


@dataclass
class NearFound(Loaded):
    """The tags or repositories that may be meant, the likeliest first; none is no message."""

    request: NearRequest
    names: tuple[str, ...]


@dataclass
class ImagesCompared(Loaded):
    """What is different in two images."""

    request: CompareRequest
    compared: ComparedImages


@dataclass
class WatchEnded(Loaded):
    """A tag that was watched has moved; or its time is over, or it cannot be watched."""

    reference: Reference
    moved: Moved | None
    error: RegbrowseError | None = None


@dataclass
class LoadFailed(Loaded):
    """A request could not be answered."""

    request: Request
    error: RegbrowseError
