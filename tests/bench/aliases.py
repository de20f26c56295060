"""All tags of a digest among 1,000 over a slow line, against the round trips that four connections need."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from bench.figures import verdict
from bench.relay import Relay, serving
from bench.startup import REGBROWSE
from bench.terminal import Terminal
from real.content import MANY, fill_tags
from real.server import PROGRAM, running
from regbrowse.concurrency import AT_ONCE

COUNT, PAUSE = 1_000, 0.05
ALLOWED = 1.3


def run(_runs: int) -> None:
    """The verb, and the key on the screen, whose cursor is moved meanwhile."""
    if PROGRAM is None:
        print("  not measured: docker-registry is not installed")
        return
    least = COUNT / AT_ONCE * PAUSE
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        fill_tags(server, MANY, COUNT)
        relay = Relay(server.url, PAUSE)
        with serving(relay) as port:
            name = f"127.0.0.1:{port}/{MANY}"
            with server.http() as http:
                tag = http.get(f"{server.url}/v2/{MANY}/tags/list").json()["tags"][-1]
            start = time.perf_counter()
            subprocess.run([*REGBROWSE, "aliases", f"{name}:{tag}"], check=True, stdout=subprocess.DEVNULL)
            _say("the verb", time.perf_counter() - start, least)
            with Terminal([*REGBROWSE, f"{name}:{tag}"]) as terminal:
                terminal.until(f"Manifests {tag}")
                relay.idle(1)
                relay.passed.clear()
                terminal.press("a")
                terminal.until("HEAD requests")
                terminal.press("a")
                start = time.perf_counter()
                slowest = 0.0
                while relay.passed == [] or time.perf_counter() - relay.passed[-1].ended < 0.5:
                    terminal.press("j")
                    slowest = max(slowest, terminal.change())
                    time.sleep(0.1)
                asked = len(relay.passed)
                _say("the key", relay.passed[-1].ended - start, asked / AT_ONCE * PAUSE)
                print(f"    {asked:,} digests asked for; a key was answered within {slowest * 1000:.0f} ms")


def _say(what: str, seconds: float, least: float) -> None:
    ratio = seconds / least
    print(f"  {what}: {seconds:.1f} s, x{ratio:.2f} of {least:.1f} s {verdict(ratio <= ALLOWED)}")
