"""The panes under load: a key at 100,000 tags, how long the event loop is blocked, large configs."""

from __future__ import annotations

import contextlib
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.crowd import REFERENCE
from bench.figures import table, verdict
from bench.terminal import Terminal

MANY = 100_000
FEW = 3
LONGEST = 0.05
"""Seconds that the event loop may be blocked."""
_FUZZY = "\x14"
_CURSOR = re.compile(r"▌  (\S+)[^\n]*\n(┗|┃ +┃)?")
"""The name under the cursor, and whether nothing follows it."""
_PAGES = {"while all of them arrive at once": (0, 0.0), "while pages of 900 arrive": (900, 0.03)}
_LISTS = {20_000: 0.5, 100_000: 2.0}
"""Tags in one answer, and the seconds after which they are sorted in the list."""
_SIZES = {2: 0.15, 20: 0.3}
"""MB of a config, and the seconds after which its first lines are painted."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A running app and its log."""

    terminal: Terminal
    log: Path

    def moments(self, kind: str) -> list[tuple[float, float]]:
        """When something of that kind was noted, and its figure."""
        lines = [line.split() for line in self.log.read_text().splitlines()]
        return [(float(moment), float(figure)) for name, moment, figure in lines if name == kind]

    def blocked(self, since: float, until: float | None = None) -> float:
        """The longest time that the loop was blocked in between."""
        end = time.perf_counter() if until is None else until
        return max((length for moment, length in self.moments("blocked") if since <= moment <= end + 0.05), default=0)


@contextlib.contextmanager
def running(
    count: int, *, page: int = 0, pause: float = 0, config: str = "", tag: str = "", columns: int = 120, lines: int = 36
) -> Iterator[Subject]:
    """The app on so many tags, in a terminal."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        program = [sys.executable, "-m", "bench.crowd", str(log), str(count), str(page), str(pause), config]
        path = {"PYTHONPATH": str(Path(__file__).parents[1])}
        with Terminal([*program, REFERENCE + tag], columns=columns, lines=lines, env=path) as terminal:
            yield Subject(terminal, log)


def run(runs: int) -> None:
    """In a terminal, from the key to what is painted; the loop is looked at every 5 ms."""
    keys(runs)
    lists(runs)
    blocks()
    configs()


# Keys


def keys(runs: int) -> None:
    """The cursor's next row, painted."""
    with running(FEW) as few, running(100) as screenful, running(MANY) as many:
        subjects = {f"key at {FEW} tags": few, "key at 100 tags": screenful, f"key at {MANY:,} tags": many}
        seconds: dict[str, list[float]] = {name: [] for name in subjects}
        for subject in subjects.values():
            subject.terminal.until(r"newest first", 60)
        many.terminal.press("pagedown", "pagedown")
        for turn in range(2 * runs + 2):
            for name, subject in subjects.items():
                subject.terminal.quiet(0.4)
                figure = _step(subject.terminal)
                if turn > 1:
                    seconds[name].append(figure)
    for name, (page, pause) in _PAGES.items():
        seconds[f"key {name}"] = figures = []
        with running(MANY, page=page, pause=pause) as subject:
            subject.terminal.until("so far", 60)
            _step(subject.terminal)
            start = time.perf_counter()
            while "so far" in subject.terminal.text:
                figures.append(_step(subject.terminal))
                subject.terminal.quiet(0.02)
            loading = time.perf_counter() - start
            blocked = subject.blocked(start)
            print(
                f"  {name}: {loading:.2f} s in all, {len(figures)} keys, the slowest {max(figures) * 1000:.1f} ms, "
                f"loop blocked {blocked * 1000:.0f} ms at most {verdict(blocked <= LONGEST)}"
            )
    table(seconds, 2.0)


def _step(terminal: Terminal) -> float:
    """Seconds until the cursor stands on another name: the next one, or at the end the one before."""
    found = _CURSOR.search(terminal.text)
    name, last = (re.escape(found.group(1)), found.group(2)) if found else ("", "")
    terminal.press("k" if last else "j")
    return terminal.until(rf"▌  (?!{name} )\S")


# Lists


def lists(runs: int) -> None:
    """From the whole answer with all tags to the sorted list on the screen."""
    for count, allowed in _LISTS.items():
        figures: list[float] = []
        blocked: list[float] = []
        for _ in range(max(3, runs // 2)):
            with running(count) as subject:
                subject.terminal.until(rf"of {count:,} · newest first", 60)
                handed = subject.moments("handed")[-1][0]
                figures.append(subject.terminal.last - handed)
                blocked.append(subject.blocked(handed))
        seconds, longest = statistics.median(figures), statistics.median(blocked)
        print(
            f"  {count:,} tags sorted in the list after {seconds:.2f} s of {allowed:g} {verdict(seconds <= allowed)}   "
            f"loop blocked {longest * 1000:.0f} ms at most {verdict(longest <= LONGEST)}"
        )


# The event loop


def blocks() -> None:
    """The same keys with many tags and with few."""
    actions: dict[str, Sequence[str]] = {
        "scrolling by row, page and to the ends": [*"jjjjjjjj", *["pagedown"] * 6, "end", "pageup", "k", "home"],
        "filtering, substring": ["/", "2", ".", "1", "\x7f", "3", "escape"],
        "filtering, fuzzy": ["/", _FUZZY, "2", ".", "1", "\x7f", "3", _FUZZY, "escape"],
    }
    sizes = [(80, 24), (200, 60), (60, 20), (120, 36)]
    with running(FEW) as few, running(MANY) as many:
        for subject in (few, many):
            subject.terminal.until("newest first", 60)
            subject.terminal.quiet(0.5)
        for name, pressed in actions.items():
            _compare(name, [_worst(subject, pressed) for subject in (few, many)])
        _compare("resizing", [_resized(subject, sizes) for subject in (few, many)])


def _worst(subject: Subject, pressed: Sequence[str]) -> float:
    start = time.perf_counter()
    for key in pressed:
        subject.terminal.press(key)
        subject.terminal.quiet(0.1)
    subject.terminal.quiet(0.5)
    return subject.blocked(start)


def _resized(subject: Subject, sizes: Sequence[tuple[int, int]]) -> float:
    start = time.perf_counter()
    for columns, lines in sizes:
        subject.terminal.resize(columns, lines)
        subject.terminal.quiet(0.4)
    return subject.blocked(start)


def _compare(name: str, figures: Sequence[float]) -> None:
    few, many = figures
    print(
        f"  {'loop blocked at most, ' + name:<62} {many * 1000:6.1f} ms of {LONGEST * 1000:.0f} "
        f"{verdict(many <= LONGEST)}   with {FEW} tags {few * 1000:.1f} ms"
    )


# Configs


def config_of(megabytes: int, kind: str) -> bytes:
    """A config with many labels, on many lines or on one, or with one endless label."""
    labels = {f"org.example.label.{n}": "x" * 40 for n in range(megabytes * 13_500)}
    if kind == "one text":
        labels = {"endless": "x" * (megabytes * 10**6)}
    document = {"architecture": "amd64", "os": "linux", "config": {"Labels": labels}, "rootfs": {"type": "layers"}}
    return json.dumps(document, indent=2 if kind == "many lines" else None).encode()


def configs() -> None:
    """From the arrival of the bytes to the first lines, and on to the last."""
    with tempfile.TemporaryDirectory() as folder:
        for megabytes, allowed in _SIZES.items():
            for kind in ("many lines", "one line", "one text"):
                path = Path(folder) / "config.json"
                path.write_bytes(config_of(megabytes, kind))
                figures = [_config(str(path), whole=megabytes <= 4) for _ in range(3)]
                painted, blocked, laid_out = (statistics.median(each) for each in zip(*figures, strict=True))
                print(
                    f"  config of {megabytes:2} MB, {kind:<10}  first paint {painted * 1000:6.1f} ms "
                    f"of {allowed * 1000:.0f} {verdict(painted <= allowed)}   laid out after {laid_out:5.2f} s, "
                    f"loop blocked {blocked * 1000:.0f} ms at most {verdict(blocked <= LONGEST)}"
                )


def _config(path: str, *, whole: bool) -> tuple[float, float, float]:
    with running(FEW, config=path, tag=":v0.0.0", columns=200, lines=60) as subject:
        terminal = subject.terminal
        if not whole:
            terminal.until("first part", 60)
            terminal.press("4")
            terminal.quiet(0.5)
            terminal.press("enter")
        terminal.until(r"(?<!all · )line 1 of [\d,]+…? · pretty", 60)
        painted = terminal.last
        terminal.until(r"(?<!all · )line 1 of [\d,]+ · pretty", 120)
        laid_out = terminal.last
        while not subject.moments("ConfigLoaded"):
            time.sleep(0.05)
        time.sleep(0.3)
        arrived = subject.moments("ContentLoaded")[-1][0]
        return painted - arrived, subject.blocked(arrived), laid_out - arrived
