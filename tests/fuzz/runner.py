"""Feeds what the makers make to every target and keeps what went wrong."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fuzz.makers import Maker
from regbrowse.errors import RegbrowseError

SLOW = 2.0
"""Seconds for one input from which it counts as a failure."""


@dataclass
class Outcome:
    """What a run did and found."""

    seed: int
    inputs: int = 0
    readings: int = 0
    """Inputs times the targets that read them."""
    refused: int = 0
    """Readings that ended in an error of the tree, as they should."""
    failures: list[str] = field(default_factory=list)


def run(
    seed: int,
    documents: dict[str, Callable[[bytes], None]],
    texts: dict[str, Callable[[str], None]],
    *,
    count: int | None = None,
    seconds: float | None = None,
) -> Outcome:
    """Until so many inputs were made or so much time has passed; stops at the twentieth failure."""
    maker, outcome = Maker(random.Random(seed)), Outcome(seed)
    end = time.monotonic() + seconds if seconds is not None else None
    while (count is None or outcome.inputs < count) and (end is None or time.monotonic() < end):
        if len(outcome.failures) >= 20:
            break
        outcome.inputs += 1
        if outcome.inputs % 2:
            name, raw = maker.document()
            for target, use in documents.items():
                _read(outcome, f"{target} of a {name} document", use, raw)
        else:
            text = maker.text()
            for target, read in texts.items():
                _read(outcome, target, read, text)
    return outcome


def _read(outcome: Outcome, what: str, use: Callable[[Any], None], given: object) -> None:
    outcome.readings += 1
    started = time.monotonic()
    try:
        use(given)
    except RegbrowseError:
        outcome.refused += 1
    except Exception:  # noqa: BLE001  (this is where bugs are seen)
        said = traceback.format_exc(limit=-3)
        outcome.failures.append(f"{what}, seed {outcome.seed}, input {outcome.inputs}\n{ascii(given)[:400]}\n{said}")
    if time.monotonic() - started > SLOW:
        outcome.failures.append(f"{what} took {time.monotonic() - started:.1f} s\n{ascii(given)[:400]}")
