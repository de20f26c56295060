"""The table of keys of the screen: its bindings, footer, help, command palette and the README's list come from it.

Dialogs have keys of their own, which stand in their lower border.
"""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding, BindingType

SCREEN, PANE, TAGS, MANIFESTS, CONFIG, FILTER = "screen", "pane", "tags", "manifests", "config", "filter"
COMPARISON = "comparison"
"""The parts that answer keys: the screen, every pane, one pane, the panes that have a filter, and the comparison."""


class Key(NamedTuple):
    """One thing a key does."""

    action: str
    """The action with its arguments."""
    keys: str
    """Comma separated, by textual's names."""
    shown: str
    """The key as people read it."""
    group: str
    """The heading in the help."""
    help: str
    foot: str = ""
    """The word in the footer; empty: not shown there. Panes may have a better word of their own."""
    palette: str = ""
    """The name in the command palette; empty: not there."""
    part: str = SCREEN
    """Which part answers the key."""
    foot_key: str = ""
    """The key as the footer writes it, where `shown` names several."""


MOVE, FIND, TAKE, CHECK = "Move", "Find", "Take", "Check"

HISTORY = "back, forward in history"
COMPARE = "compare with what is marked; swap"
SIDEWAYS = "out and in; scroll long lines"
KEYS: tuple[Key, ...] = (
    Key("move(-1)", "up,k", "↑ ↓  j k", MOVE, "up, down", part=PANE),
    Key("move(1)", "down,j", "↑ ↓  j k", MOVE, "up, down", part=PANE),
    Key("first", "g,home", "g  G", MOVE, "first, last", part=PANE),
    Key("last", "G,end", "g  G", MOVE, "first, last", part=PANE),
    Key("page(1)", "ctrl+f,pagedown", "ctrl+f  ctrl+b", MOVE, "page down, page up", part=PANE),
    Key("page(-1)", "ctrl+b,pageup", "ctrl+f  ctrl+b", MOVE, "page down, page up", part=PANE),
    Key("next_pane(1)", "tab", "tab  shift+tab", MOVE, "next pane, previous pane", foot_key="tab"),
    Key("next_pane(-1)", "shift+tab", "tab  shift+tab", MOVE, "next pane, previous pane"),
    Key("focus_pane('tags')", "1", "1 2 3 4", MOVE, "tags, manifests, layers, config"),
    Key("focus_pane('manifests')", "2", "1 2 3 4", MOVE, "tags, manifests, layers, config"),
    Key("focus_pane('layers')", "3", "1 2 3 4", MOVE, "tags, manifests, layers, config"),
    Key("focus_pane('config')", "4", "1 2 3 4", MOVE, "tags, manifests, layers, config"),
    Key("enter", "enter", "enter", MOVE, "go in, see the whole", "go in", part=PANE),
    Key("keep_filter", "enter", "enter", MOVE, "go in, see the whole", part=FILTER),
    Key("fold", "space", "space", MOVE, "fold or open", "fold", part=MANIFESTS),
    Key("branch(1)", "right", "← →", MOVE, SIDEWAYS, part=MANIFESTS),
    Key("branch(-1)", "left", "← →", MOVE, SIDEWAYS, part=MANIFESTS),
    Key("shift(1)", "right", "← →", MOVE, SIDEWAYS, part=PANE),
    Key("shift(-1)", "left", "← →", MOVE, SIDEWAYS, part=PANE),
    Key("clear_filter", "escape", "esc", MOVE, "cancel, clear, back", "clear", part=FILTER),
    Key("back", "escape", "esc", MOVE, "cancel, clear, back", "cancel"),
    Key("history(-1)", "left_square_bracket", "[  ]", MOVE, HISTORY, "back", "Back in history", foot_key="["),
    Key("history(1)", "right_square_bracket", "[  ]", MOVE, HISTORY, "forward", "Forward in history", foot_key="]"),
    Key("zoom", "z", "z", MOVE, "zoom this pane", "zoom", "Zoom this pane"),
    Key("find", "slash", "/", FIND, "filter rows, search the config", "filter", "Filter or search", FILTER),
    Key("match(1)", "n", "n N", FIND, "next, previous match", "match", part=CONFIG),
    Key("part(1)", "J", "J K", FIND, "next, previous part of config", part=CONFIG),
    Key("part(-1)", "K", "J K", FIND, "next, previous part of config", part=CONFIG),
    Key("match(-1)", "N", "n N", FIND, "next, previous match", part=CONFIG),
    Key("fuzzy", "ctrl+t", "ctrl+t", FIND, "substring or fuzzy filter", part=TAGS),
    Key("sort", "s", "s", FIND, "sort the tags, the layers", "sort", "Sort the tags or the layers"),
    Key("platform", "p", "p", FIND, "choose a platform", "platform", "Choose a platform"),
    Key("sizes", "c", "c", FIND, "sizes that take many pulls", "sizes", part=MANIFESTS),
    Key("open", "o", "o", FIND, "open a reference", "open", "Open a reference"),
    Key("web_page", "b", "b", TAKE, "open a page in the browser", "browser", "Open a page of the image in the browser"),
    Key("identify", "i", "i", FIND, "say what a digest is", "identify", "Identify a digest"),
    Key("repositories", "u", "u", FIND, "the registry's repositories", "repositories", "Repositories of this registry"),
    Key("palette", "ctrl+p", "ctrl+p", FIND, "command palette"),
    Key("copy", "y", "y", TAKE, "copy: choose the form, or a value", "copy", "Copy: choose the form", PANE),
    Key("digest", "Y", "Y", TAKE, "copy the digest", "digest", "Copy the digest", PANE),
    Key("mark", "m", "m", TAKE, "mark for a comparison", "mark", "Mark for a comparison"),
    Key("compare", "equals_sign", "=", TAKE, COMPARE, "compare", "Compare with what is marked"),
    Key("swap", "equals_sign", "=", TAKE, COMPARE, "swap A and B", "Swap A and B", COMPARISON),
    Key("details", "d", "d", TAKE, "everything about this row", "details", "Everything about this row", PANE),
    Key("view", "v", "v", TAKE, "next view of the config", "view", "Config: the next view (card, JSON, Dockerfile …)"),
    Key("watch", "w", "w", FIND, "watch a tag: tell when it moves", "watch", "Watch this tag", TAGS),
    Key("reload", "r", "r", CHECK, "reload", "reload", "Reload"),
    Key("requests", "l", "l", CHECK, "requests so far, as curl", "requests", "Requests so far, as curl"),
    Key("connection", "L", "L", CHECK, "connection, log in", "log in", "Connection: how it is reached, log in"),
    Key("aliases", "a", "a", CHECK, "all tags with this digest", "same digest", "All tags with this digest", TAGS),
    Key("suspend", "ctrl+z", "ctrl+z", CHECK, "suspend; fg comes back"),
    Key("anonymous", "A", "A", CHECK, "after a refusal: no login", "anonymous"),
    Key("plain_http", "H", "H", CHECK, "where TLS fails: http", "use http"),
    Key("help", "question_mark", "?", CHECK, "this help", "help", "Help"),
    Key("quit", "q", "q", CHECK, "quit", "quit", "Quit"),
)

PICK_KEYS: tuple[Key, ...] = (
    Key("enter", "enter", "enter", "Pick", "pick this tag or platform"),
    Key("pin", "at", "@", "Pick", "pick it with its digest", "with digest"),
    Key("back", "escape", "esc  q", "Pick", "leave, pick nothing"),
)
"""The keys of the chooser, in words of its own."""

MARKS: tuple[tuple[str, str], ...] = (
    ("✓", "verified: the bytes hash to this digest"),
    ("·", "claimed: named by its parent, not read yet"),
    ("×", "mismatch, or a request that failed"),
    ("!", "missing here, or something is wrong with it"),
    ("=", "same digest as these tags; in both"),
    ("●", "marked for a comparison"),
    ("- + ~", "only in A, only in B, different"),
    ("≠ ◎", "moved since you last looked; watched"),
    ("▸ ▾", "folded, open"),
)
"""The glyphs of the panes and what they mean."""


def bindings(*parts: str) -> list[BindingType]:
    """Give the bindings of the parts that a class plays.

    A class that binds a key replaces what its base class binds to it. So a class that plays two parts with the same key
    asks for both parts in one call.
    """
    found = (*KEYS, *(key for key in PICK_KEYS if key.action == "pin"))
    return [Binding(key.keys, key.action, key.help, show=False) for key in found if key.part in parts]


def bindings_of(*actions: str) -> list[BindingType]:
    """Give the bindings of these actions, for a screen that has only some of the keys."""
    found = (key for key in KEYS if key.action in actions)
    return [Binding(key.keys, key.action, key.help, show=False) for key in found]


def rows(group: str) -> list[tuple[str, str]]:
    """Give the keys of a group and what they do; keys that belong together stand on one row."""
    return list(dict.fromkeys((key.shown, key.help) for key in (*PICK_KEYS, *KEYS) if key.group == group))


def key_for(action: str) -> Key:
    """Give the entry of an action, such as `copy` or `focus_pane('tags')`."""
    return next(key for key in (*KEYS, *PICK_KEYS) if key.action == action)


def readme_table() -> str:
    """Write the table as Markdown, for the README."""
    lines = [f"| `{shown}` | {does} |" for group in (MOVE, FIND, TAKE, CHECK) for shown, does in rows(group)]
    return "\n".join(["| key | does |", "| --- | --- |", *lines])
