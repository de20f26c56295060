"""Measuring side by side: runs take turns, so that a busy moment of the machine hits all of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping


def alternate(subjects: Mapping[str, Callable[[], float]], runs: int) -> dict[str, list[float]]:
    """Seconds of every run by name; one round before them warms the caches and does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in subjects}
    for turn in range(runs + 1):
        for name, measure in subjects.items():
            figure = measure()
            if turn:
                seconds[name].append(figure)
    return seconds


def table(seconds: Mapping[str, list[float]], allowed: float | None = None) -> None:
    """Prints medians and their ratio to the first; with a verdict when there is a ratio that is allowed."""
    base = statistics.median(next(iter(seconds.values())))
    for number, (name, all_of_it) in enumerate(seconds.items()):
        median = statistics.median(all_of_it)
        line = f"  {name:<44} {median * 1000:8.1f} ms   {min(all_of_it) * 1000:8.1f} .. {max(all_of_it) * 1000:.1f}"
        if number:
            line += f"   x {median / base:.2f}"
            if allowed is not None:
                line += f" of {allowed:g} {verdict(median / base <= allowed)}"
        print(line)


def verdict(reached: bool) -> str:
    return "ok" if reached else "MISSED"
