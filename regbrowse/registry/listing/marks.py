"""A set of names that remembers only marks of them: 16 bytes a name where a set of texts takes a hundred."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

_FIRST = 2**12


class Marks:
    """Names can be added and looked up, and not had back.

    The mark is the 64 bits of Python's own hash, which nobody outside can aim at. That two of a million names
    have the same one, so that the second is taken for known, happens once in 30 million such lists.
    """

    __slots__ = ("_count", "_slots")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._slots = array("Q", bytes(8 * _FIRST))
        self._count = 0
        for name in names:
            self.add(name)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, name: str) -> bool:
        mark = _mark(name)
        return self._slots[_place(self._slots, mark)] == mark

    def add(self, name: str) -> None:
        mark = _mark(name)
        at = _place(self._slots, mark)
        if self._slots[at] != mark:
            self._slots[at] = mark
            self._count += 1
            if self._count * 3 > len(self._slots) * 2:
                self._grow()

    def _grow(self) -> None:
        larger = array("Q", bytes(16 * len(self._slots)))
        for mark in self._slots:
            if mark:
                larger[_place(larger, mark)] = mark
        self._slots = larger


def _mark(name: str) -> int:
    return hash(name) & 0xFFFF_FFFF_FFFF_FFFF or 1


def _place(slots: array[int], mark: int) -> int:
    """Where a mark stands, or would (open addressing, linear probing)."""
    last = len(slots) - 1
    at = mark & last
    while (slot := slots[at]) and slot != mark:
        at = (at + 1) & last
    return at
