"""Windows over the panes, and what goes to the clipboard."""

from __future__ import annotations

from textual import on

from regbrowse.reference import Reference, Registry
from regbrowse.reference_input import Source, Typed
from regbrowse.state import recents
from regbrowse.tui import clipboard, copying
from regbrowse.tui.actions import Actions
from regbrowse.tui.messages import Copied


class Windows(Actions):
    """The actions that open a window or copy."""

    # Copying

    def copyable(self, name: str) -> bool:
        if name == "copy" and self.pane is self.config_pane:
            return self.config_pane.row_count() > 0
        found = copying.forms(self)
        return any(form.key == "d" for form in found) if name == "digest" else bool(found)

    def action_digest(self) -> None:
        form = next((each for each in copying.forms(self) if each.key == "d"), None)
        if form is not None:
            self.copy(form.value, form.said)

    def action_copy(self) -> None:
        if self.pane is self.config_pane:
            if self.config_pane.row_count():
                self.copy(self.config_pane.value, f"{self.config_pane.path or 'line'} of {self.config_pane.subject}")
            return
        found = copying.forms(self)
        if found:
            self._show_copy_menu(found)

    def _show_copy_menu(self, found: list[copying.Form]) -> None:
        from regbrowse.tui.dialogs.copy import CopyDialog

        def done(form: copying.Form | None) -> None:
            if form is not None:
                self.copy(form.value, form.said)

        self.app.push_screen(CopyDialog(copying.subject(self), found), done)

    def copy(self, text: str, what: str) -> None:
        """Sends a text to the clipboard and says by which route."""
        self.app.copy_to_clipboard(text)
        self.run_worker(self._copy(text, what), group="copy", exclusive=True)

    async def _copy(self, text: str, what: str) -> None:
        tool = clipboard.local_tool()
        took = tool is not None and await clipboard.by_tool(tool, text)
        name = tool[0].rpartition("/")[2] if tool and took else ""
        self.post_message(Copied(what, (name, "OSC 52") if name else ("OSC 52",)))

    @on(Copied)
    def _copied(self, event: Copied) -> None:
        self.say("copied", event.what, "by " + " and ".join(event.routes))

    # Windows

    def open_files(self, source: Source) -> None:
        """Opens a folder or an archive on this machine."""

    def action_open(self) -> None:
        from regbrowse.tui.dialogs.open import OpenDialog

        def done(typed: Typed | None) -> None:
            if typed is None:
                return
            if typed.source is not None:
                self.open_files(typed.source)
            elif typed.only_https:
                self.run_worker(self._open_by_https(typed.place), group="open", exclusive=True)
            else:
                self.go_to(typed.place)
            self.tags_pane.focus()

        self.app.push_screen(OpenDialog(recents.load()), done)

    async def _open_by_https(self, place: Registry | Reference) -> None:
        browser = await self.connected()
        browser.client.require_https(place if isinstance(place, Registry) else place.repository.registry)
        self.go_to(place, fresh=True)

    def action_help(self) -> None:
        from regbrowse.tui.dialogs.help import HelpDialog

        self.app.push_screen(HelpDialog())

    def action_sort(self) -> None:
        from regbrowse.tui.dialogs.choose import Choice, ChooseDialog

        def done(at: int | None) -> None:
            if at is not None:
                self.tags_pane.sort(at == 0)
                self.refresh_lines()

        newest = self.tags_pane.list.newest_first
        choices = [Choice("newest first", "versions understood", newest), Choice("as served", "", not newest)]
        if self.possible("sort"):
            self.app.push_screen(ChooseDialog("Sort", "tags", choices), done)

    def action_platform(self) -> None:
        from regbrowse.tui.dialogs.choose import Choice, ChooseDialog

        if not self.possible("platform") or self.manifests_pane.model is None:
            return
        tree = self.manifests_pane.model
        nodes = [node for node in tree.rows() if node.is_platform and node.descriptor]
        here = self.image.digest if self.image else None
        choices = [Choice(node.label, "", node.digest == here, node.size, node.mark) for node in nodes]

        def done(at: int | None) -> None:
            if at is None:
                return
            node = nodes[at]
            self.platform = node.descriptor.platform if node.descriptor else None
            self.manifests_pane.choose(node.digest)
            self.show_node(self.manifests_pane.current)
            self.refresh_lines()

        self.app.push_screen(ChooseDialog("Platform", self.manifests_pane.subject, choices), done)

    def show_whole(self) -> None:
        from regbrowse.tui.dialogs.whole import WholeDialog

        if self.pane is self.layers_pane and self.layers_pane.current:
            title, text = copying.subject(self), self.layers_pane.current.command.whole
        else:
            title, text = self.config_pane.path or "line", self.config_pane.value
        self.app.push_screen(WholeDialog(title, text))
