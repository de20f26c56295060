"""All tags of a digest among 1,000 over a slow line, against the round trips that four connections need."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from bench.figures import verdict
from bench.relay import Relay, serving
from bench.startup import REGBROWSE
from real.content import MANY, fill_tags
from real.server import PROGRAM, running
from regbrowse.concurrency import AT_ONCE

COUNT, PAUSE = 1_000, 0.05
ALLOWED = 1.3


def run(_runs: int) -> None:
    """The verb, which asks as the key of the screen does."""
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


def _say(what: str, seconds: float, least: float) -> None:
    ratio = seconds / least
    print(f"  {what}: {seconds:.1f} s, x{ratio:.2f} of {least:.1f} s {verdict(ratio <= ALLOWED)}")
