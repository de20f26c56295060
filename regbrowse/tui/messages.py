"""Everything the screen, its panes and its workers tell each other.

Questions say what was asked; each has a serial number, so that a repeated question differs from the first.
Intents come from panes and bubble to the screen. Facts come from workers, carry their question and do not bubble:
the screen drops a fact whose question is no longer the current one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from regbrowse.errors import RegbrowseError
from regbrowse.oci.attestation import Statement
from regbrowse.oci.config import Config
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Manifest
from regbrowse.oci.platform_selection import PlatformRequest, PlatformSelection
from regbrowse.reference import Digest, Reference, Registry, Repository
from regbrowse.registry.models import Found, TagFact

if TYPE_CHECKING:
    from regbrowse.browser import Names
    from regbrowse.settings.login import Source

# Questions


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """Which tags has this repository, or which repositories has this registry?"""

    place: Repository | Registry
    serial: int


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What is behind this tag or digest?"""

    reference: Reference
    serial: int


@dataclass(frozen=True, slots=True)
class ImageQuestion:
    """What is in this child of an index, and in its config?"""

    opened: OpenQuestion
    digest: Digest
    serial: int


Question = ListQuestion | OpenQuestion | ImageQuestion


# Intents


@dataclass
class Moved(Message):
    """The cursor of a pane stands on another row."""

    pane: str


@dataclass
class Scrolled(Message):
    """Other rows of a pane are visible than before."""

    pane: str

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Scrolled) and message.pane == self.pane


@dataclass
class Entered(Message):
    """A row was chosen with the mouse, as with the enter key."""

    pane: str


@dataclass
class FilterChanged(Message):
    """Another text stands in the filter of a pane."""

    pane: str
    text: str


@dataclass
class FilterKept(Message):
    """The filter of a pane was left with enter (kept) or esc (cleared)."""

    pane: str
    kept: bool


@dataclass
class SearchWanted(Message):
    """Another text stands in the input that searches a registry."""

    text: str


# Facts


@dataclass
class Fact(Message, bubble=False):
    """Something a worker found out."""


@dataclass
class NamesArrived(Fact):
    """Some tags or repositories came."""

    question: ListQuestion
    names: tuple[str, ...]
    hidden: int
    """Invalid entries of the listing so far."""
    done: bool
    note: str
    """Why the listing ended early; empty when it did not."""
    part: Names | None = None
    """Where the listing can go on from."""


@dataclass
class ClaimArrived(Fact):
    """A HEAD told the digest of a tag."""

    question: ListQuestion
    tag: str
    digest: Digest


@dataclass
class SearchOffered(Fact):
    """The registry has no list of repositories, but can be searched."""

    question: ListQuestion


@dataclass
class SearchArrived(Fact):
    """What a search of the registry found; or why it could not be made."""

    question: ListQuestion
    text: str
    found: tuple[Found, ...]
    error: RegbrowseError | None = None


@dataclass
class TagFactsArrived(Fact):
    """What the registry's own API says of some tags; or, in `note`, why it says nothing."""

    question: ListQuestion
    facts: tuple[TagFact, ...]
    note: str


@dataclass
class Connected(Fact):
    """The browser was made; what this machine's files were wrong about."""

    notices: tuple[str, ...]


@dataclass
class FilesOpened(Fact):
    """A folder or archive was opened; or why it cannot be."""

    place: Registry | Reference | None
    notices: tuple[str, ...] = ()
    error: RegbrowseError | None = None


@dataclass
class SourcesArrived(Fact):
    """Where logins for a registry were looked for, and which of them counts."""

    registry: Registry
    sources: tuple[Source, ...]


@dataclass
class IdentityChanged(Fact):
    """Somebody else asks a registry from now on; or why that could not be."""

    registry: Registry
    said: str
    """One sentence for the strip."""
    error: RegbrowseError | None = None


@dataclass
class RootArrived(Fact):
    """The manifest behind the tag or digest."""

    question: OpenQuestion
    manifest: Manifest
    request: PlatformRequest
    """The platform for which an image is selected when it is an index."""


@dataclass
class PlatformSelected(Fact):
    """The image of the opened index that is shown first, and why."""

    question: OpenQuestion
    selection: PlatformSelection


@dataclass
class ChildArrived(Fact):
    """A child of the opened index, or why it could not be had."""

    question: OpenQuestion
    digest: Digest
    outcome: Manifest | RegbrowseError


@dataclass
class StatementArrived(Fact):
    """What an attestation says, in plain words."""

    question: OpenQuestion
    digest: Digest
    statement: Statement


@dataclass
class ContentArrived(Fact):
    """The bytes of a config, or of what stands in its place."""

    question: ImageQuestion
    descriptor: Descriptor
    raw: bytes
    whole: bool
    """False when only the first part of a large one was asked for."""


@dataclass
class ConfigRead(Fact):
    """The config as values, for history and labels."""

    question: ImageQuestion
    config: Config


@dataclass
class Failed(Fact):
    """A question could not be answered."""

    question: Question
    error: RegbrowseError


@dataclass
class Copied(Fact):
    """Text went to the clipboard by the routes named."""

    what: str
    routes: tuple[str, ...] = ()
