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
SETTLED = 1.0
"""Seconds without a question after which none is expected."""
_CONFIG = "maintainer"
"""Only the config's text has it."""


def run(_runs: int) -> None:
    """From the key to the painted config: three trips; later, from the cache, one HEAD."""
    if PROGRAM is None:
        print("  not measured: docker-registry is not installed")
        return
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        fill(server)
        relay = Relay(server.url, PAUSE)
        with serving(relay) as port, Terminal([*REGBROWSE, f"127.0.0.1:{port}/{APP}"], lines=60) as terminal:
            terminal.until(r"\blatest\b")
            _open(terminal, relay, "enter")
            seconds = terminal.until(_CONFIG)
            chain = serial([one for one in relay.passed if one.ended <= terminal.mark + seconds])
            relay.idle(SETTLED)
            print(f"  first time: {seconds * 1000:.0f} ms at {PAUSE * 1000:.0f} ms for every answer")
            _list(relay.passed, terminal.mark)
            print(f"  one after the other: {len(chain)} of 3 {verdict(len(chain) <= 3)}")
            _open(terminal, relay, "1", "down")
            terminal.until("2 Manifests 1.2.3")
            _open(terminal, relay, "up")
            seconds = terminal.until("2 Manifests latest")
            relay.idle(SETTLED)
            print(f"  back at once, from the cache: {seconds * 1000:.0f} ms, nothing asked {verdict(not relay.passed)}")
            _list(relay.passed, terminal.mark)
            _open(terminal, relay, "2", "r")
            relay.idle(SETTLED)
            print("  asked for anew, with everything in the cache:")
            _list(relay.passed, terminal.mark)
            alone = [(one.method, one.target) for one in relay.passed] == [("HEAD", f"/v2/{APP}/manifests/latest")]
            print(f"  one HEAD and nothing else {verdict(alone)}")


def _open(terminal: Terminal, relay: Relay, *keys: str) -> None:
    """Presses keys once everything before has come to rest; the mark and the list then begin with the last of them."""
    for key in keys:
        terminal.quiet()
        relay.idle(SETTLED)
        terminal.quiet(0.05)
        relay.passed.clear()
        terminal.press(key)


def _list(passed: list[Passed], start: float) -> None:
    for one in passed:
        began, ended = (round((moment - start) * 1000) for moment in (one.began, one.ended))
        print(f"    {began:5} .. {ended:5} ms  {one.method:4} {one.target[:100]}")
