"""The styles of rows and lines, resolved once per theme: three strengths of text, two accents, three meanings."""

from __future__ import annotations

from typing import Any, NamedTuple

from rich.style import Style
from textual.app import App
from textual.color import Color

_WEAK_THEMES = frozenset(
    {"solarized-light", "solarized-dark", "catppuccin-latte", "rose-pine-dawn", "atom-one-dark", "atom-one-light"}
)
"""Themes whose own text has little contrast: the weaker strengths are drawn stronger there."""


class TextStyles(NamedTuple):
    """The styles for one ground. Every style carries the ground, so that a line needs no second pass."""

    plain: Style
    """The ground alone, for filling."""
    text: Style
    bold: Style
    secondary: Style
    tertiary: Style
    thumb: Style
    """The rest of a bar that shows a share."""
    rule: Style
    focus: Style
    """The bar of a selected row."""
    chip: Style
    """Title of the focused pane and cursor rows."""
    accent: Style
    key: Style
    primary: Style
    """JSON keys, instructions, headings."""
    success: Style
    warning: Style
    error: Style


class ThemeStyles(NamedTuple):
    """The styles for each ground of the screen."""

    pane: TextStyles
    surface: TextStyles
    panel: TextStyles
    selected: TextStyles
    """The selected row of a pane without focus."""
    cursor: TextStyles
    """The selected row of the focused pane: one style for everything on it."""


def theme_styles(app: App[Any]) -> ThemeStyles:
    """Give the styles of the app's present theme; they are made once per theme."""
    if app.theme not in _made:
        _made[app.theme] = _make(app)
    return _made[app.theme]


_made: dict[str, ThemeStyles] = {}


def _make(app: App[Any]) -> ThemeStyles:
    if app.theme.startswith("ansi"):
        return _ansi()
    variables = app.get_css_variables()  # of the present theme, also before Textual has read its CSS again
    colour = {name: Color.parse(variables[name]) for name in _NAMES}
    weak = app.theme in _WEAK_THEMES
    background = colour["background"]
    primary = colour["primary"]
    cursor = Style(color=primary.get_contrast_text(1.0).rich_color, bgcolor=primary.rich_color, bold=True)
    return ThemeStyles(
        pane=_text_styles(background, colour, weak),
        surface=_text_styles(colour["surface"], colour, weak),
        panel=_text_styles(colour["panel"], colour, weak),
        selected=_text_styles(background.blend(primary, 0.22), colour, weak),
        cursor=_one(cursor, Style(color=colour["accent"].rich_color, bgcolor=primary.rich_color, bold=True)),
    )


_NAMES = (
    "foreground", "background", "surface", "panel", "primary", "accent", "error",
    "text-accent", "text-primary", "text-success", "text-warning", "text-error",
)  # fmt: skip


def _text_styles(ground: Color, colour: dict[str, Color], weak: bool) -> TextStyles:
    back = ground.rich_color
    front = colour["foreground"]

    def style(name: Color, *, bold: bool = False) -> Style:
        return Style(color=name.rich_color, bgcolor=back, bold=bold)

    def strength(percent: int) -> Style:
        return style(ground.blend(front, percent / 100))

    primary = colour["primary"]
    return TextStyles(
        plain=Style(bgcolor=back),
        text=style(front),
        bold=style(front, bold=True),
        secondary=strength(85 if weak else 72),
        tertiary=strength(70 if weak else 55),
        thumb=strength(28),
        rule=strength(25),
        focus=style(primary),
        chip=Style(color=primary.get_contrast_text(1.0).rich_color, bgcolor=primary.rich_color, bold=True),
        accent=style(colour["text-accent"]),
        key=style(colour["text-accent"], bold=True),
        primary=style(colour["text-primary"]),
        success=style(colour["text-success"]),
        warning=style(colour["text-warning"]),
        error=style(colour["text-error"]),
    )


def _one(style: Style, bar: Style) -> TextStyles:
    return TextStyles(
        plain=style, text=style, bold=style, secondary=style, tertiary=style, thumb=style, rule=style,
        focus=bar, chip=style, accent=style, key=style, primary=style, success=style, warning=style,
        error=style,
    )  # fmt: skip


def _ansi() -> ThemeStyles:
    """Sixteen colours that only the terminal knows: strengths become dim, grounds become reverse and bold."""

    def styles(bold: bool = False) -> TextStyles:
        def style(name: str = "default", *, dim: bool = False, strong: bool = False) -> Style:
            return Style(color=name, dim=dim, bold=bold or strong)

        return TextStyles(
            plain=style(), text=style(), bold=style(strong=True), secondary=style(dim=True), tertiary=style(dim=True),
            thumb=style(dim=True), rule=style(dim=True), focus=style("blue"),
            chip=Style(reverse=True, bold=True), accent=style("yellow"),
            key=style("yellow", strong=True), primary=style("blue"), success=style("green"), warning=style("yellow"),
            error=style("red"),
        )  # fmt: skip

    reverse = Style(reverse=True, bold=True)
    return ThemeStyles(
        pane=styles(), surface=styles(), panel=styles(), selected=styles(bold=True), cursor=_one(reverse, reverse)
    )  # fmt: skip
