"""Say what a digest is: in what is open, in the repository, and by a search through its tags."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Label

from regbrowse.errors import BadReference, RegbrowseError
from regbrowse.oci.identify import CONFIG, LAYER, MANIFESTS, read_digest, told
from regbrowse.reference import Digest, Reference
from regbrowse.text import exact, plural, visible
from regbrowse.tui.cells import Span, clip, wrap
from regbrowse.tui.dialogs.dialog import Dialog
from regbrowse.tui.dialogs.open import OpenInput
from regbrowse.tui.theme_styles import TextStyles
from regbrowse.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from regbrowse.digest_search import DigestSearch
    from regbrowse.oci.identify import Spot
    from regbrowse.tui.session import RegistrySession

MEANS = "sha256:… or 64 hex digits: of an index, a manifest, a config (image id), a layer, a diffID or a referrer"


class Identified(NamedTuple):
    """Where a digest belongs."""

    digest: Digest
    reference: Reference | None
    """The manifest to open for it; None where it is in what is open."""
    what: str
    """One of the words of `regbrowse.oci.identify`."""


class IdentifyDialog(Dialog[Identified]):
    """Gives where to go. Looks in what is open first, then in the repository, then, when asked to, through its tags."""

    wide, high = 92, 13
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", show=False),
        Binding("ctrl+s", "search", show=False, priority=True),
    ]

    @dataclass
    class Said(Message, bubble=False):
        """Something was found out."""

        lines: list[str]
        spot: Spot | None = None
        reference: Reference | None = None
        ended: bool = True
        can_search: bool = False

    def __init__(self, session: RegistrySession, here: Reference, tags: list[str], digest: str = "") -> None:
        """Take what is open, the tags to search in their order, and a digest to begin with."""
        self._session, self.here, self._tags = session, here, tags
        self._search: DigestSearch | None = None
        self.said: IdentifyDialog.Said | None = None
        self.asking = False
        self.input = OpenInput(digest, compact=True)
        self.view = LineView(self._lines)
        super().__init__("Identify", visible(here.familiar, 256), ())

    def parts(self) -> Iterable[Widget]:
        yield Horizontal(Label(">"), self.input, id="prompt")
        yield self.view

    def keys(self, width: int, height: int) -> Iterable[tuple[str, str]]:  # noqa: ARG002
        said = self.said
        first = "go there" if said is not None and said.spot is not None else "identify"
        found = [] if self.asking else [("enter", first)]
        if said is not None and said.can_search:
            found.append(("ctrl+s", f"search {plural(len(self._tags), 'tag')}"))
        return [*found, ("esc", "stop" if self.asking else "close")]

    def _lines(self, width: int, styles: TextStyles) -> list[list[Span]]:
        lines: list[list[Span]] = [[("─" * width, styles.rule)]]
        if self.said is None:
            style, text = styles.secondary, MEANS
            if self.input.value and self._digest is None:
                style, text = styles.error, "This is no digest yet: 64 hex digits, or sha256: and 64 hex digits."
            return [*lines, *([(line, style)] for line in wrap(text, width))]
        for text in self.said.lines:
            # The digest stands in the input already.
            said = text.replace(str(self._digest), "It", 1)
            lines += [[(line, styles.text)] for line in wrap(said, width)]
        return [clip(line, width) for line in lines]

    @property
    def _digest(self) -> Digest | None:
        try:
            return read_digest(self.input.value.strip())
        except BadReference:
            return None

    def on_input_changed(self) -> None:
        self.workers.cancel_node(self)
        self._show(None, asking=False)

    def _show(self, said: Said | None, *, asking: bool) -> None:
        self.said, self.asking = said, asking
        self.view.repaint()
        self._fit()

    def action_close(self) -> None:
        if self.asking:
            self.workers.cancel_node(self)
            self._show(self.Said(["Stopped.", *self._cost_lines()], can_search=True), asking=False)
        else:
            super().action_close()

    def action_go(self) -> None:
        digest, said = self._digest, self.said
        if self.asking or digest is None:
            return
        if said is None:
            self._show(self.Said(["looking what this is"], ended=False), asking=True)
            self.run_worker(self._guarded(self._identify(digest)), exclusive=True)
        elif said.spot is not None:
            reference = said.reference
            if said.spot.what in MANIFESTS:
                reference = Reference(self.here.repository, digest=digest)
            elif reference is not None and said.spot.platform and said.spot.what in (CONFIG, LAYER):
                reference = reference._replace(digest=said.spot.of)  # the image itself, not the list it is in
            self.dismiss(Identified(digest, reference, said.spot.what))

    def action_search(self) -> None:
        if self.said is not None and self.said.can_search and not self.asking and self._search is not None:
            self._show(self.Said(["searching the tags"], ended=False), asking=True)
            self.run_worker(self._guarded(self._search_tags(self._search)), exclusive=True)

    async def _guarded(self, question: Coroutine[None, None, Said]) -> None:
        try:
            self.post_message(await question)
        except RegbrowseError as error:
            self.post_message(self.Said([str(error)]))

    async def _identify(self, digest: Digest) -> Said:
        """Look in what is open, then ask by HEAD for a blob."""
        from regbrowse.digest_search import DigestSearch

        self._search = search = DigestSearch(await self._session.connected(), self.here.repository, digest)
        spots = await search.find(self.here)
        name = visible(self.here.familiar, 1024)
        if spots:
            return self.Said([told(spots[0], name), *self._cost_lines()], spots[0])
        size = await search.blob_size()
        there = f"The repository holds a blob of this digest ({exact(size)})." if size is not None else ""
        return self.Said([*filter(None, [search.nowhere(self.here), there]), *self._cost_lines()], can_search=True)

    async def _search_tags(self, search: DigestSearch) -> Said:
        """Look in the other tags, in the order of the list."""
        count = plural(len(self._tags), "tag")

        def tell(number: int) -> None:
            line = f"searching {visible(self._tags[number - 1], 128)}: {number:,} of {count}"
            self.post_message(self.Said([line, *self._cost_lines()], ended=False))

        found = await search.in_tags(self._tags, tell)
        if found is None:
            bound = " The search ended at its limit." if search.left_out else ""
            return self.Said([f"No tag that was looked at leads to {search.wanted}.{bound}", *self._cost_lines()])
        tag, spot = found
        reference = Reference(self.here.repository, tag)
        return self.Said([told(spot, visible(reference.familiar, 1024)), *self._cost_lines()], spot, reference)

    def _cost_lines(self) -> list[str]:
        """Say what it took so far."""
        search = self._search
        return ["", f"{plural(search.looked, 'document')} looked at so far"] if search is not None else []

    @on(Said)
    def _heard(self, message: Said) -> None:
        if self.asking:
            self._show(message, asking=not message.ended)
