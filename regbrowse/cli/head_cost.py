"""Say what asking for every tag takes of a pull limit, where a registry does not answer HEAD."""

from __future__ import annotations

from dataclasses import dataclass

from regbrowse.cli.context import CommandContext
from regbrowse.cli.diagnostics import note
from regbrowse.text import plural, visible


@dataclass(slots=True)
class HeadCost:
    """HEAD is not counted; that it was answered by GET only shows with the first tags."""

    context: CommandContext
    _told: bool = False

    def tell(self) -> None:
        """Note it once, as soon as it is known."""
        registry, client = self.context.repository.registry, self.context.browser.client
        rate = client.limits.rate(registry)
        if self._told or rate is None or not client.heads_are_gets(registry):
            return
        self._told = True
        left = plural(rate.remaining, "pull")
        note(f"{visible(registry.name)} does not answer HEAD: every tag takes 1 of the {left} that were left.")
