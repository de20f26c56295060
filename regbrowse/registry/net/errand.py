"""What belongs to one question while it is under way: its time, its tries, and what came of its content so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

from regbrowse.registry.question import Question


@dataclass(slots=True)
class Errand:
    """One question under way; it may take several requests."""

    question: Question
    url: str
    """Where it goes first."""
    authorization: str
    """For the origin of `url` and no other."""
    deadline: float
    """Seconds that its requests may take together; waiting for a turn does not count."""
    spent: float = 0.0
    """Seconds that they took."""
    received: bytearray = field(default_factory=bytearray)
    """Of a whole blob: the content that came before the connection broke."""
    headers: httpx.Headers | None = None
    """Of the answer that began it."""

    @property
    def resumable(self) -> bool:
        """Whether a broken transfer may go on where it broke: the digest tells whether the pieces fit."""
        question = self.question
        plain = not any(name.lower() == "range" for name in question.headers)
        return question.kind == "blob" and question.method == "GET" and question.take is None and plain

    def restart(self) -> None:
        """Forgets what was received."""
        self.received.clear()
        self.headers = None
