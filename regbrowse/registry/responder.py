"""What an in-process registry has to be: the demo and image layouts answer through this."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, without the HTTP."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | AsyncIterator[bytes] = b""


class Responder(Protocol):
    """A registry inside this process."""

    async def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Answers one request; `target` is the path with its query, header names are lower case."""
        ...
