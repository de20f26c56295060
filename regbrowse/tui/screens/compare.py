"""The comparison of two images: what both are, their layers, and what their configs do not say alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.worker import Worker

from regbrowse.oci.comparison import Change, ListedImage, pair_platforms
from regbrowse.oci.index_walk import entries
from regbrowse.oci.manifest import Index
from regbrowse.oci.platform_selection import PlatformRequest
from regbrowse.tui import keys, loaders
from regbrowse.tui.comparison_rows import LayerRows, SummaryRows, ValueRows, side_names
from regbrowse.tui.messages import CompareRequest, ImagesCompared, LoadFailed
from regbrowse.tui.panes.comparison import ComparisonPane
from regbrowse.tui.panes.pane import Pane
from regbrowse.tui.screens.pane_screen import FILTER_HINTS, WAITING_SECONDS, PaneScreen
from regbrowse.tui.widgets.lines import Hint, TooSmall

if TYPE_CHECKING:
    from collections.abc import Callable

    from regbrowse.image_comparison import ComparedImages
    from regbrowse.oci.comparison import PlatformPair
    from regbrowse.tui.session import RegistrySession
    from regbrowse.tui.widgets.lines import Where


class CompareScreen(PaneScreen):
    """Compares what a request names; `where` gives what the header says of the connection."""

    AUTO_FOCUS = "#layer-pairs"
    CSS_PATH = "compare.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *keys.bindings(keys.COMPARISON),
        *keys.bindings_of("next_pane(1)", "next_pane(-1)", "back", "platform", "reload"),
        *keys.bindings_of("palette", "help", "suspend", "quit"),
        Binding("1", "focus_pane('summary')", show=False),
        Binding("2", "focus_pane('layer-pairs')", show=False),
        Binding("3", "focus_pane('differences')", show=False),
    ]

    def __init__(
        self, session: RegistrySession, request: CompareRequest, where: Callable[[], Where], classes: str = ""
    ) -> None:
        super().__init__("comparison", classes)
        self.session, self.request, self._where = session, request, where
        self.panes = tuple(ComparisonPane(content) for content in (SummaryRows(), LayerRows(), ValueRows()))
        self.compared: ComparedImages | None = None
        self.platforms: tuple[PlatformPair, ...] = ()
        """The platforms of two indexes, as far as these tell by themselves."""
        self._loader = loaders.ComparisonLoader(self, session, self)

    def compose(self) -> ComposeResult:
        yield self.header
        yield Container(*self.panes, id="body")
        yield self.status_line
        yield self.footer
        yield TooSmall()

    def on_mount(self) -> None:
        self._focus(self.panes[1])
        self.set_interval(WAITING_SECONDS, self._show_waiting)
        self._compare(self.request)

    @property
    def pane(self) -> ComparisonPane:
        """The pane that the keyboard works in."""
        return next((pane for pane in self.panes if pane.active), self.panes[1])

    # Comparing

    def _compare(self, request: CompareRequest, *, fresh: bool = False) -> None:
        self.request, self.compared, self.platforms = request, None, ()
        names = " and ".join(side_names(request.a, request.b))
        for pane in self.panes:
            pane.start(f"asking for {names}")
        self._loader.load(request, fresh=fresh)

    @on(ImagesCompared)
    def _images_compared(self, message: ImagesCompared) -> None:
        if message.request is not self.request:
            return
        self.compared, self.platforms = message.compared, _platforms(message.compared)
        for pane in self.panes:
            pane.show(message.compared)
        if message.compared.notes:
            self.note("!", message.compared.notes[0], " ".join(message.compared.notes[1:]))

    @on(LoadFailed)
    def _load_failed(self, message: LoadFailed) -> None:
        """Say in one pane why it could not be read; the others wait for both images."""
        if message.request is not self.request:
            return
        for pane in self.panes:
            if pane is self.panes[1]:
                pane.fail(message.error)
            else:
                pane.wait_for("both images")

    @on(Pane.Requested)
    def action_reload(self) -> None:
        """Ask again, at once."""
        for reference in (self.request.a, self.request.b):
            self.session.retry_now(reference.repository.registry)
        self._compare(CompareRequest(self.request.a, self.request.b, self.request.platform), fresh=True)

    def action_swap(self) -> None:
        """Let B be what A was."""
        self._compare(CompareRequest(self.request.b, self.request.a, self.request.platform))

    # Platforms

    async def action_platform(self) -> None:
        """Let the platform be chosen; what is in one of them only cannot be compared, and is told."""
        from regbrowse.tui.dialogs.choose import Choice, ChooseDialog

        pairs, present = self.platforms, self.request.platform
        words = {
            Change.SAME: "the same image",
            Change.CHANGED: "different",
            Change.REMOVED: "only in A",
            Change.ADDED: "only in B",
        }
        choices = [Choice(str(pair.platform), words[pair.change], present.is_met_by(pair.platform)) for pair in pairs]

        def done(at: int | None) -> None:
            if at is not None:
                wanted = PlatformRequest(pairs[at].platform, asked=True)
                self._compare(CompareRequest(self.request.a, self.request.b, wanted))

        await self.app.push_screen(ChooseDialog("Platform", "in A and B", choices), done)

    # The lines around the panes

    @on(Pane.Changed)
    @on(Worker.StateChanged)
    @on(events.ScreenResume)
    @on(events.ScreenSuspend)
    def _describe(self) -> None:
        """Let the lines say what the cursor is on, and which keys work; under a dialog none of them does."""
        if not self.is_mounted:
            return
        a, b = side_names(self.request.a, self.request.b)
        repository = self.request.b.repository
        self.header.where = self._where()._replace(
            registry=str(repository.registry), repository=repository.path, tag=f"{a} -> {b}", digest=""
        )
        failed = next((each for each in self.panes if each.error is not None), None)
        self.status_line.detail = failed.error_detail() if failed is not None else self.pane.detail()
        self.show_hints(self._hints)

    def _hints(self) -> tuple[Hint, ...]:
        """Give the keys that do something now."""
        pane = self.pane
        if self.focused is not None and self.focused is not pane:
            return FILTER_HINTS
        words = {"reload": "try again", "back": "back"}
        first = ("reload",) if any(each.error for each in self.panes) else ()
        clears = "clear_filter" in self.enabled_actions
        found = [Hint("esc", "clear", "clear_filter")] if clears else []
        order = (action for action in (*first, *pane.foot) if not (clears and action == "back"))
        return (*found, *self.hints_of(order, lambda action: words.get(action) or pane.word(action)))

    def _show_waiting(self) -> None:
        """Say what the registry makes us wait for."""
        for pane in self.panes:
            if pane.is_loading:
                pane.wait_reason = self.session.wait_reason(self.request.b.repository.registry)

    # Focus and keys

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        pane = next((node for node in event.widget.ancestors_with_self if isinstance(node, ComparisonPane)), None)
        if pane is not None:
            self._activate(pane)

    def _focus(self, pane: ComparisonPane) -> None:
        self._activate(pane)
        self.set_focus(pane)

    def _activate(self, active: ComparisonPane) -> None:
        for pane in self.panes:
            pane.active = pane is active
            pane.set_class(pane is active, "-favoured")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        match action:
            case "platform":
                return bool(self.platforms)
            case "swap":
                return not self._loader.is_running
            case _:
                return True

    def action_focus_pane(self, name: str) -> None:
        self._focus(next(pane for pane in self.panes if pane.id == name))

    def action_next_pane(self, by: int) -> None:
        self._focus(self.panes[(self.panes.index(self.pane) + by) % len(self.panes)])

    def action_back(self) -> None:
        self._loader.cancel()
        self.dismiss(None)


def _platforms(compared: ComparedImages) -> tuple[PlatformPair, ...]:
    a, b = compared.a.root, compared.b.root
    return pair_platforms(_listed(a), _listed(b)) if isinstance(a, Index) and isinstance(b, Index) else ()


def _listed(root: Index) -> list[ListedImage]:
    return [ListedImage(entry.platform, entry.descriptor) for entry in entries(root) if entry.platform is not None]
