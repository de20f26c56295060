"""The words of head, strip and foot for the present state; reads the panes and changes nothing."""

from __future__ import annotations

from regbrowse.errors import RegistryError
from regbrowse.oci import mediatype
from regbrowse.oci.manifest import Image
from regbrowse.reference import Reference, Repository
from regbrowse.text import plural, size, visible
from regbrowse.tui.actions import Actions
from regbrowse.tui.keys import key_for
from regbrowse.tui.manifest_tree import MISMATCH
from regbrowse.tui.panes.lines import Pane
from regbrowse.tui.panes.status import Detail, Where
from regbrowse.tui.steps import needs_login

MARK_WORDS = {"✓": "✓ verified", "·": "· claimed", "×": "× mismatch", "!": "! missing"}
LINE_LIMIT = 512
"""Characters of remote text on the strip."""


def where(screen: Actions) -> Where:
    """The head line."""
    registry = screen.registry
    if registry is None:
        return Where()
    place = screen.place
    reference = screen.opened.reference if screen.opened else place if isinstance(place, Reference) else None
    tree = screen.manifests_pane.model
    digest = tree.root.digest.short if tree else ""
    if reference and not digest and reference.digest:
        digest = reference.digest.short
    login = screen.browser.client.auth.login_state(registry) if screen.browser else None
    rate = screen.browser.client.limits.rate(registry) if screen.browser else None
    return Where(
        registry=str(registry),
        repository=screen.repository.path if screen.repository and not screen.repository.unnamed else "",
        tag=(reference.tag or "") if reference else "",
        digest=digest,
        warning=_warning(screen),
        files=bool(registry.alias),
        user=login.user if login else "",
        source=(login.note or login.source) if login else "",
        left=rate.remaining if rate else None,
        limit=rate.limit if rate else None,
        cost=1 if rate else 0,
    )


def _warning(screen: Actions) -> str:
    """What is not safe about the connection; empty when all is."""
    if screen.browser is None or screen.registry is None:
        return ""
    connection = screen.browser.client.connection(screen.registry)
    if not connection.base:
        return ""
    if not connection.encrypted:
        return "" if screen.registry.is_loopback else "not encrypted"
    return "" if connection.verified else "certificate not checked"


def detail(screen: Actions) -> Detail:
    """The strip: the row under the cursor of the focused pane."""
    pane = screen.pane
    if pane.error is not None and not pane.row_count():
        return _error(pane)
    if pane is screen.tags_pane:
        return _tag(screen)
    if pane is screen.manifests_pane:
        return _node(screen)
    if pane is screen.layers_pane:
        return _layer(screen)
    return _config(screen)


def _error(pane: Pane) -> Detail:
    error = pane.error
    if not isinstance(error, RegistryError) or not error.evidence.url:
        return Detail(kind=pane.label.lower()[:6])
    evidence = error.evidence
    took = f"  after {evidence.seconds * 1000:.0f} ms" if evidence.seconds is not None else ""
    status = str(evidence.status) if evidence.status else ""
    path = "/" + evidence.url.split("://", 1)[-1].partition("/")[2]
    codes = ", ".join(evidence.codes)
    return Detail(
        kind=pane.label.lower()[:6],
        name=f"{evidence.method} {path}  {status}{took}",
        more=visible(codes or error.hint, LINE_LIMIT),
    )


def _tag(screen: Actions) -> Detail:
    name = screen.tags_pane.current
    if name is None:
        count = len(screen.tags_pane.list.signatures)
        return Detail(kind="tags", name=plural(count, "signature tag"), more="enter unfolds") if count else Detail()
    if screen.repository is None:
        whole = str(Repository(screen.registry, name)) if screen.registry else name
        return Detail(kind="repo", name=whole, more=screen.tags_pane.about.get(name) or "enter lists its tags")
    digest = screen.tags_pane.list.digests.get(name)
    aliases = " = ".join([name, *screen.tags_pane.list.aliases(name)])
    fact = screen.tag_facts.get(name)
    pushed = f"pushed {fact.pushed:%Y-%m-%d %H:%M} UTC" if fact and fact.pushed else ""
    weighs = f"{size(fact.size)} {fact.size_of}".strip() if fact and fact.size is not None else ""
    said = "  ".join(part for part in (pushed, weighs) if part)
    if digest is None:
        return Detail(kind="tag", name=f"{screen.repository}:{name}", more=said)
    tree = screen.manifests_pane.model
    opened = tree is not None and tree.root.digest == digest
    kind = tree.rows()[0].kind if tree is not None and opened else "tag"
    length = len(tree.root.raw) if tree is not None and opened else None
    names = f"{aliases}  {said}" if said else aliases
    verified = tree is not None and opened and tree.root.verified
    return Detail(kind, str(digest), length, MARK_WORDS["✓" if verified else "·"], names)


def _node(screen: Actions) -> Detail:
    tree, node = screen.manifests_pane.model, screen.manifests_pane.current
    if tree is None or node is None:
        return Detail()
    manifest = tree.manifest(node.digest) if node.digest else None
    facts: list[str] = []
    media_type = manifest.media_type if manifest else node.descriptor.media_type if node.descriptor else ""
    length = len(manifest.raw) if manifest else node.descriptor.size if node.descriptor else None
    if media_type:
        facts.append(mediatype.plain(media_type) + (f", {length:,} B" if length is not None else ""))
    if node.digest == (screen.image.digest if screen.image else None) and screen.config_pane.brief:
        facts.append(screen.config_pane.created)
    if isinstance(manifest, Image) and manifest.config.digest:
        facts.append(f"config {manifest.config.digest.short}")
    facts.extend((manifest.anomalies if manifest else ())[:2])
    size = node.size if node.size is not None else length
    digest = str(node.digest) if node.digest else ""
    more = visible("; ".join(facts), LINE_LIMIT)
    if node.note and not node.is_root and (not facts or node.mark == MISMATCH):
        more = node.note
    return Detail(node.kind, digest, size, MARK_WORDS.get(node.mark, ""), node.label, more)


def _layer(screen: Actions) -> Detail:
    row = screen.layers_pane.current
    if row is None:
        return Detail()
    command = visible(row.command.whole, LINE_LIMIT)
    if row.number is None or row.descriptor is None:
        return Detail(kind="empty", name=command, more="this step changed no files")
    layer = row.descriptor
    if layer.urls:
        count = f"{len(layer.urls)} external addresses" if len(layer.urls) > 1 else "an external address"
        command = f"This layer is not stored in the registry; it names {count}.  {command}"
    return Detail("layer", str(layer.digest) if layer.digest else "", layer.size, MARK_WORDS["·"], command)


def _config(screen: Actions) -> Detail:
    pane = screen.config_pane
    if not pane.row_count():
        return Detail()
    value = visible(pane.preview(LINE_LIMIT), LINE_LIMIT)
    tree, image = screen.manifests_pane.model, screen.image
    manifest = tree.manifest(image.digest) if tree and image else None
    if isinstance(manifest, Image) and manifest.config.digest:
        checked = pane.whole and manifest.config.digest.hasher() is not None
        mark = MARK_WORDS["✓" if checked else "·"]
        if pane.odd and pane.cursor == 0:
            value = visible("; ".join(pane.odd), LINE_LIMIT)
        return Detail("config", str(manifest.config.digest), manifest.config.size, mark, pane.path, value)
    return Detail("json", str(image.digest) if image else "", None, "", pane.path, value)


FOOT_ORDER: dict[str, tuple[str, ...]] = {
    "tags": ("enter", "find", "copy", "digest", "sort", "open", "reload", "history(-1)", "zoom"),
    "manifests": ("enter", "copy", "digest", "platform", "fold", "reload", "open", "history(-1)", "zoom"),
    "layers": ("enter", "copy", "digest", "zoom", "open"),
    "config": ("find", "match(1)", "copy", "raw", "enter", "open", "zoom"),
}
"""Per pane: what is done most comes first."""


def foot(screen: Actions) -> tuple[tuple[str, str, str], ...]:
    """Key, word and action of what works now in the focused pane."""
    pane = screen.pane
    if (screen.tags_pane.filter_open or screen.config_pane.search_open) and not pane.has_focus:
        return _input_keys(screen)
    pairs: list[tuple[str, str, str]] = []
    if screen.busy:
        pairs.append(("esc", "cancel", "escape"))
    elif screen.focus_state.zoomed:
        pairs.append(("esc", "back", "escape"))
    elif screen.clearable:
        pairs.append(("esc", "clear", "escape"))
    order = FOOT_ORDER[screen.focus_state.pane]
    if pane.error is not None:
        first = ("reload", "plain_http", "anonymous", *(("connection",) if needs_login(pane.error) else ()))
        order = (*first, *(action for action in order if action not in first))
    for action in order:
        if screen.possible(action):
            key = key_for(action)
            shown = "[" if action == "history(-1)" else key.shown
            pairs.append((shown, _word(screen, action, key.foot), action))
    return tuple(pairs)


def _word(screen: Actions, action: str, word: str) -> str:
    pane = screen.pane
    if action == "enter":
        return screen.enter_word()
    if action == "find" and (pane is screen.config_pane or screen.tags_pane.searches):
        return "search"
    if action == "copy" and pane is screen.config_pane:
        return "copy value"
    if action == "raw":
        return "pretty" if screen.config_pane.is_raw else "raw"
    if action == "reload" and pane.error is not None:
        return "try again"
    if action == "reload" and pane is screen.tags_pane and screen.tags_pane.stopped:
        return "go on"
    if action == "fold" and screen.manifests_pane.current is not None:
        return "fold" if screen.manifests_pane.current.is_open else "unfold"
    return word


def _input_keys(screen: Actions) -> tuple[tuple[str, str, str], ...]:
    if screen.tags_pane.filter_open and screen.pane is screen.tags_pane and not screen.tags_pane.searches:
        mode = "substring" if screen.tags_pane.list.filter.fuzzy else "fuzzy"
        return (("enter", "keep", ""), ("esc", "clear", ""), ("↑ ↓", "move", ""), ("ctrl+t", mode, "fuzzy"))
    return (("enter", "keep", ""), ("esc", "clear", ""), ("↑ ↓", "move", ""))


def fixed(screen: Actions) -> tuple[tuple[str, str, str], ...]:
    """What stands at the right edge of the foot; nothing while an input has the focus."""
    if (screen.tags_pane.filter_open or screen.config_pane.search_open) and not screen.pane.has_focus:
        return ()
    return (("?", "help", "help"), ("q", "quit", "quit"))
