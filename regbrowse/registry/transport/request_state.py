"""What belongs to one question while it is under way: its time, its tries, and what came of its content so far."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import httpx

from regbrowse.registry.requests import Request

_PART = re.compile(r"bytes (\d{1,18})-\d{1,18}/(?:\d{1,18}|\*)", re.ASCII)


@dataclass(slots=True)
class RequestState:
    """One question under way; it may take several requests."""

    question: Request
    url: str
    """Where it goes first."""
    authorization: str = field(repr=False)
    """For the origin of `url` and no other."""
    deadline: float
    """Seconds that its requests may take together; waiting for a turn does not count."""
    spent: float = 0.0
    """Seconds that they took."""
    received: bytearray = field(default_factory=bytearray, repr=False)
    """Of a whole blob: the content that came before the connection broke."""
    headers: httpx.Headers | None = field(default=None, repr=False)
    """Of the answer that began it."""
    whole: bool = False
    """Whether parts have turned out to be of no use: from then on everything is asked for."""

    @property
    def came(self) -> int:
        """Bytes of the content that are there."""
        return self.question.intake.received if self.question.intake else len(self.received)

    @property
    def resumes(self) -> bool:
        """Whether the next request is for the rest only."""
        return self.came > 0 and not self.whole

    @property
    def left(self) -> float:
        """Seconds for the next request; what is taken in as it comes has them anew after every byte."""
        return self.deadline if self.question.intake else max(0.0, self.deadline - self.spent)

    @property
    def resumable(self) -> bool:
        """Whether a broken transfer may go on where it broke: the digest tells whether the pieces fit."""
        question = self.question
        plain = not any(name.lower() == "range" for name in question.headers)
        return question.kind == "blob" and question.method == "GET" and question.take is None and plain

    def receive(self, response: httpx.Response) -> bytearray:
        """Where the content of an answer goes: behind what came before, if that is what it continues.

        If it should but does not, everything is forgotten.
        """
        if self.received:
            part = _PART.fullmatch(response.headers.get("content-range", "").strip().lower())
            if response.status_code == 206:
                if part and int(part[1]) == len(self.received):
                    return self.received
                self.restart()
                return bytearray()
            self.restart()
        if response.status_code == 200:
            self.headers = response.headers
            return self.received
        return bytearray()

    def restart(self) -> None:
        """Forgets what was received; what was taken in already is left out of what comes."""
        self.whole = self.question.intake is not None
        self.received.clear()
        self.headers = None
