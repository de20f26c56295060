"""What is open: the manifest, and the layers and config of the image that is looked at in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regbrowse.oci.manifest import config_of
from regbrowse.tui import loaders
from regbrowse.tui.copy_forms import TagImage
from regbrowse.tui.messages import ImageRequest, ManifestRequest
from regbrowse.tui.panes.config import CARD, ConfigPane
from regbrowse.tui.panes.layers import LayersPane
from regbrowse.tui.panes.manifests import ManifestsPane
from regbrowse.tui.panes.pane import Pane

if TYPE_CHECKING:
    from textual.screen import Screen

    from regbrowse.errors import RegbrowseError
    from regbrowse.oci.descriptor import Descriptor
    from regbrowse.reference import Digest, Reference
    from regbrowse.tui.session import RegistrySession


class OpenedManifest:
    """Opens manifests, and lets layers and config follow the cursor in them. Its loaders post to the panes."""

    def __init__(self, screen: Screen[None], session: RegistrySession) -> None:
        self.manifests_pane, self.layers_pane, self.config_pane = ManifestsPane(), LayersPane(), ConfigPane()
        self.panes: tuple[Pane, ...] = (self.manifests_pane, self.layers_pane, self.config_pane)
        self._manifest = loaders.ManifestLoader(screen, session, self.manifests_pane)
        self._children = loaders.ChildLoader(screen, session, self.manifests_pane)
        self._attachments = loaders.AttachmentLoader(screen, session, self.manifests_pane)
        self._image = loaders.ImageLoader(screen, session, *self.panes)

    @property
    def request(self) -> ManifestRequest | None:
        """What was asked for last; None while nothing is open."""
        return self.manifests_pane.request

    @property
    def tag_image(self) -> TagImage | None:
        """The image that is looked at behind a tag; None where that is no image of an index."""
        node, request = self.manifests_pane.current, self.request
        if request is None or request.reference.tag is None or node is None or node.digest is None or node.is_root:
            return None
        return TagImage(request.reference.tag, node.label, node.digest) if node.is_platform else None

    @property
    def is_awaited(self) -> bool:
        """Whether a manifest or a config is awaited that was asked for by hand."""
        return self._manifest.is_running or self._image.is_running

    @property
    def is_attestation(self) -> bool:
        """Whether the row under the cursor of the manifests has no layers, but a statement or another document."""
        node = self.manifests_pane.current
        return node is not None and (node.parent is not None or node.kind == "attest" or node.attachment is not None)

    def is_answered_by(self, group: str) -> bool:
        """Tell whether a worker of this group brings what was asked for by hand."""
        return group in (self._manifest.group, self._image.group)

    def open(self, reference: Reference, *, fresh: bool = False, row: str = "", line: int | None = None) -> None:
        """Ask for the manifest behind a tag or digest; `row` and `line` are where the cursors were last time."""
        self._forget_image()
        if fresh:
            self._attachments.forget()
        self.config_pane.wanted_line = line
        request = ManifestRequest(reference)
        self.manifests_pane.start(request, row)
        self._manifest.load(request, self.manifests_pane.platform, fresh=fresh)

    def forget(self, wait_for: str) -> None:
        """Show nothing, and say what is waited for."""
        self._manifest.cancel()
        self._forget_image()
        self.manifests_pane.forget(wait_for)

    def _forget_image(self) -> None:
        self._image.cancel()
        self._children.cancel()
        self._attachments.cancel()
        self.layers_pane.forget()
        self.config_pane.forget()

    def stop(self) -> None:
        """End every request; what came so far stays."""
        for loader in (self._manifest, self._image, self._children, self._attachments):
            loader.cancel()
        self.manifests_pane.stop()
        if not (self.layers_pane.row_count() and self.config_pane.row_count()):
            self.layers_pane.request = self.config_pane.request = None
        for pane in (self.layers_pane, self.config_pane):
            pane.stop_waiting()
            pane.stop_loading()
            if not pane.row_count():
                pane.wait_for("a manifest")

    def ask_again(self, pane: Pane) -> None:
        """Ask again for what a pane could not show."""
        if pane is self.manifests_pane and self.request is not None:
            self.open(self.request.reference)
        elif self.layers_pane.request is not None:
            self.layers_pane.request = None
            self.show_image()

    def show_first(self, opened: ManifestsPane.Opened) -> None:
        """Show what was opened. Of an index nothing is shown before one of its images was selected: `show_selected`."""
        if opened.wanted is None:
            self.show_image()
            return
        node = self.manifests_pane.current
        label = node.label if node and not node.is_root else ""
        for pane in (self.layers_pane, self.config_pane):
            pane.subject = label
            pane.start_loading(f"asking for {label or opened.wanted}")

    def show_selected(self, selected: ManifestsPane.ImageSelected) -> None:
        """Show the image of an index that was selected, unless another one was chosen since."""
        if selected.request is self.request and self.layers_pane.request is None:
            self.show_image(selected.error)

    def show_image(self, error: RegbrowseError | None = None) -> None:
        """Show layers and config of the row under the cursor of the manifests, or the error why it cannot be read."""
        opened, model, node = self.request, self.manifests_pane.model, self.manifests_pane.current
        if node is None or model is None or opened is None or node.digest is None:
            return
        before = self.layers_pane.request
        if before is not None and before is self.config_pane.request and before.digest == node.digest:
            return
        self._image.cancel()
        request, known = ImageRequest(opened, node.digest), model.manifest(node.digest)
        self.layers_pane.start(request, node.label)
        self.config_pane.start(request, node.label, is_attachment=node.attachment is not None)
        if error is not None:
            self.layers_pane.fail(error)
            self.config_pane.show_mismatch(error)
        elif node.parent is not None and node.descriptor is not None:
            self.layers_pane.show_nothing("no layers: this is an attestation")
            self._image.load_content(request, node.descriptor)
        elif node.attachment is not None and node.descriptor is not None:
            if known is not None:
                self.layers_pane.show_manifest(known)
                self.config_pane.take_manifest(known)
            self._image.load_attachment(request, known, node.descriptor)
        else:
            if known is not None:
                self.layers_pane.show_manifest(known)
                self.config_pane.take_manifest(known)
            self._image.load(request, known, node.descriptor)

    @property
    def claims(self) -> dict[str, str]:
        """The labels and annotations of the image that is looked at, and of the list that it is in."""
        model, manifest = self.manifests_pane.model, self.config_pane.manifest
        of_list = model.root.annotations if model else {}
        return {**of_list, **self.config_pane.labels, **(manifest.annotations if manifest else {})}

    def show_digest(self, digest: Digest) -> str:
        """Put the cursor where a digest belongs in what is shown; give the pane, or nothing where it is not there."""
        layers, manifests = self.layers_pane, self.manifests_pane
        rows = layers.table.rows if layers.table else ()
        manifest = layers.manifest
        config = config_of(manifest) if manifest else None
        if config is not None and config.digest == digest:
            self.config_pane.show_view(CARD)
            return "config"
        for row in rows:
            if row.number and digest in (row.descriptor.digest if row.descriptor else None, row.diff_id):
                layers.go_to_layer(row.number)
                return "layers"
        if manifests.go_to_digest(digest):
            self.show_image()
            return "manifests"
        return ""

    def show_blob(self, blob: Descriptor, title: str) -> None:
        """Show the content of a blob in place of the config."""
        if self.request is not None and blob.digest is not None:
            request = ImageRequest(self.request, blob.digest)
            self.config_pane.start(request, title)
            self._image.load_content(request, blob)

    def load_whole_document(self) -> None:
        """Ask for all of a config or another document of which only the beginning is shown."""
        pane = self.config_pane
        config = config_of(pane.manifest) if pane.manifest else None
        wanted = pane.blob or config
        if pane.request is not None and wanted is not None:
            pane.start_loading("asking for all of it")
            self._image.load_content(pane.request, wanted, everything=True, is_config=pane.blob is None)

    def load_children(self, *, frugal: bool, at_any_cost: bool = False) -> None:
        """Ask for the manifests of the rows in view; with `frugal` only for those that are unfolded.

        Those that take much of a pull limit are held back, unless they are wanted `at_any_cost`.
        """
        if self.request is not None and not self.is_awaited:
            wanted = self.manifests_pane.unread(frugal=frugal)
            if wanted:
                self._children.load(self.request, wanted, at_any_cost=at_any_cost)

    def load_attachments(self, *, frugal: bool) -> None:
        """Look for what is attached to the opened manifest, and to the platforms that are looked at."""
        if self.request is not None and not self.is_awaited:
            wanted = self.manifests_pane.subjects
            if wanted:
                self._attachments.load(self.request, wanted, frugal=frugal)
