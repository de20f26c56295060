"""Ask before much is taken of a pull limit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from regbrowse.tui.cells import Span, wrap
from regbrowse.tui.dialogs.dialog import Dialog
from regbrowse.tui.theme_styles import TextStyles
from regbrowse.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from textual.app import App

    from regbrowse.registry.models import RateCost


class CostDialog(Dialog[bool]):
    """Gives True when it is to be read."""

    wide, high = 66, 5
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "go_on", show=False)]

    def __init__(self, sentence: str, title: str = "Pull limit") -> None:
        """Take what is said of the cost."""
        self._sentence = sentence
        super().__init__(title, "", (("enter", "go on"), ("esc", "leave it")))

    def parts(self) -> Iterable[Widget]:
        yield LineView(self._lines)

    def _lines(self, width: int, styles: TextStyles) -> list[list[Span]]:
        return [[(line, styles.text)] for line in wrap(self._sentence, max(1, width))]

    def action_go_on(self) -> None:
        self.dismiss(True)


async def ask_cost(app: App[Any], cost: RateCost) -> bool:
    """Ask whether it is to be read; the question goes away with the work that asks."""
    answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def answer(yes: bool | None) -> None:
        if not answered.done():
            answered.set_result(bool(yes))

    dialog = CostDialog(cost.sentence)
    await app.push_screen(dialog, answer)
    try:
        return await answered
    except asyncio.CancelledError:
        if dialog is app.screen:
            dialog.dismiss(False)
        raise
