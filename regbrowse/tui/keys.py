"""The one table of keys: bindings, foot line, help, command palette and the README's list come from it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Key:
    """One thing a key does."""

    action: str
    """The screen's action, with its arguments."""
    keys: str
    """Comma separated, by textual's names."""
    shown: str
    """The key as people read it."""
    group: str
    """The heading in the help."""
    help: str
    foot: str = ""
    """The word on the foot line; empty: not shown there. Panes may have a better word of their own."""
    palette: str = ""
    """The name in the command palette; empty: not there."""


MOVE, FIND, TAKE, CHECK = "Move", "Find", "Take", "Check"

KEYS: tuple[Key, ...] = (
    Key("move(-1)", "up,k", "↑ ↓  j k", MOVE, "up, down"),
    Key("move(1)", "down,j", "↑ ↓  j k", MOVE, "up, down"),
    Key("first", "g,home", "g  G", MOVE, "first, last"),
    Key("last", "G,end", "g  G", MOVE, "first, last"),
    Key("page(1)", "ctrl+f,pagedown", "ctrl+f  ctrl+b", MOVE, "page down, page up"),
    Key("page(-1)", "ctrl+b,pageup", "ctrl+f  ctrl+b", MOVE, "page down, page up"),
    Key("pane(1)", "tab", "tab  shift+tab", MOVE, "next pane, previous pane"),
    Key("pane(-1)", "shift+tab", "tab  shift+tab", MOVE, "next pane, previous pane"),
    Key("go('tags')", "1", "1 2 3 4", MOVE, "tags, manifests, layers, config"),
    Key("go('manifests')", "2", "1 2 3 4", MOVE, "tags, manifests, layers, config"),
    Key("go('layers')", "3", "1 2 3 4", MOVE, "tags, manifests, layers, config"),
    Key("go('config')", "4", "1 2 3 4", MOVE, "tags, manifests, layers, config"),
    Key("enter", "enter", "enter", MOVE, "go in, see the whole", "go in"),
    Key("fold", "space", "space", MOVE, "fold or open", "fold"),
    Key("escape", "escape", "esc", MOVE, "cancel, clear, back", "cancel"),
    Key("history(-1)", "left_square_bracket", "[  ]", MOVE, "back, forward in history", "back", "Back in history"),
    Key("history(1)", "right_square_bracket", "[  ]", MOVE, "back, forward in history", palette="Forward in history"),
    Key("zoom", "z", "z", MOVE, "zoom this pane", "zoom", "Zoom this pane"),
    Key("find", "slash", "/", FIND, "filter tags, search the config", "filter", "Filter or search"),
    Key("match(1)", "n", "n N", FIND, "next, previous match", "match"),
    Key("match(-1)", "N", "n N", FIND, "next, previous match"),
    Key("fuzzy", "ctrl+t", "ctrl+t", FIND, "substring or fuzzy filter"),
    Key("sort", "s", "s", FIND, "sort the tags", "sort", "Sort the tags"),
    Key("platform", "p", "p", FIND, "choose a platform", "platform", "Choose a platform"),
    Key("open", "o", "o", FIND, "open a reference", "open", "Open a reference"),
    Key("palette", "ctrl+p", "ctrl+p", FIND, "command palette"),
    Key("copy", "y", "y", TAKE, "copy: choose the form, or a value", "copy", "Copy: choose the form"),
    Key("digest", "Y", "Y", TAKE, "copy the digest", "digest", "Copy the digest"),
    Key("raw", "v", "v", TAKE, "config raw or pretty", "raw", "Config raw or pretty"),
    Key("reload", "r", "r", CHECK, "reload", "reload", "Reload"),
    Key("connection", "L", "L", CHECK, "connection, log in", "log in", "Connection: how it is reached, log in"),
    Key("anonymous", "A", "A", CHECK, "browse anonymously", "anonymous"),
    Key("plain_http", "H", "H", CHECK, "http for this session", "use http"),
    Key("help", "question_mark", "?", CHECK, "this help", "help", "Help"),
    Key("quit", "q", "q", CHECK, "quit", "quit", "Quit"),
)

MARKS: tuple[tuple[str, str], ...] = (
    ("✓", "verified: the bytes hash to this digest"),
    ("·", "claimed: named by its parent, not read yet"),
    ("×", "mismatch, or a request that failed"),
    ("!", "missing here: its parent names it"),
    ("=", "same digest as these tags"),
    ("▸ ▾", "folded, open"),
)
"""The glyphs of the panes and what they mean."""


def bindings() -> list[BindingType]:
    """The table as textual bindings."""
    return [Binding(key.keys, key.action, key.help, show=False, id=key.action) for key in KEYS]


def rows(group: str) -> list[tuple[str, str]]:
    """The keys of a group and what they do; keys that belong together stand on one row."""
    return list(dict.fromkeys((key.shown, key.help) for key in KEYS if key.group == group))


def key_for(action: str) -> Key:
    """The entry of an action, such as `copy` or `go('tags')`."""
    return next(key for key in KEYS if key.action == action)


def readme_table() -> str:
    """The table as Markdown, for the README."""
    lines = [f"| `{shown}` | {does} |" for group in (MOVE, FIND, TAKE, CHECK) for shown, does in rows(group)]
    return "\n".join(["| key | does |", "| --- | --- |", *lines])
