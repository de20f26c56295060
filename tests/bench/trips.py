"""Opening a multi-arch tag over a slow line: which requests, and how many of them one after the other."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.figures import verdict
from bench.relay import Passed, Relay, serial, serving
from bench.startup import REGBROWSE
from bench.terminal import Terminal
from real.content import APP, fill
from real.server import PROGRAM, running

PAUSE = 0.2
_CONFIG = "maintainer"
"""Only the config's text has it."""


def run(_runs: int) -> None:
    """From the key to the painted config: three trips; once more from the cache: one HEAD."""
    if PROGRAM is None:
        print("  not measured: docker-registry is not installed")
        return
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        fill(server)
        relay = Relay(server.url, PAUSE)
        with serving(relay) as port, Terminal([*REGBROWSE, f"127.0.0.1:{port}/{APP}"], lines=60) as terminal:
            terminal.until(r"\blatest\b")
            terminal.quiet(2 * PAUSE)
            relay.passed.clear()
            terminal.press("enter")
            seconds = terminal.until(_CONFIG)
            chain = serial(relay.passed)
            print(f"  first time: {seconds * 1000:.0f} ms at {PAUSE * 1000:.0f} ms for every answer")
            _list(relay.passed)
            print(f"  one after the other: {len(chain)} of 3 {verdict(len(chain) <= 3)}")
            terminal.quiet(3 * PAUSE)
            relay.passed.clear()
            terminal.press("1", "enter")
            terminal.quiet(3 * PAUSE)
            alone = [(one.method, one.target) for one in relay.passed] == [("HEAD", f"/v2/{APP}/manifests/latest")]
            print("  again, from the cache:")
            _list(relay.passed)
            print(f"  one HEAD and nothing else {verdict(alone)}")


def _list(passed: list[Passed]) -> None:
    start = min((one.began for one in passed), default=0)
    for one in passed:
        began, ended = (round((moment - start) * 1000) for moment in (one.began, one.ended))
        print(f"    {began:5} .. {ended:5} ms  {one.method:4} {one.target[:100]}")
