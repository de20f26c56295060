"""20,000 tags in docker-registry: the first of them on screen against a script that only fetches them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import alternate, table
from bench.startup import REGBROWSE, paint
from bench.terminal import Terminal
from real.content import MANY, fill_tags
from real.server import PROGRAM, running

COUNT = 20_000
_SCRIPT = """
import sys, time, httpx
start = time.perf_counter()
with httpx.Client() as http:
    first = http.get(sys.argv[1]).raise_for_status().json()["tags"][0]
print(time.perf_counter() - start)
"""


def run(runs: int) -> None:
    """In a program that is open, from the enter key; and, for the whole picture, from the start of the process."""
    if PROGRAM is None:
        print("  not measured: docker-registry is not installed")
        return
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        fill_tags(server, MANY, COUNT)
        url = f"{server.url}/v2/{MANY}/tags/list"

        def fetch() -> float:
            command = [sys.executable, "-c", _SCRIPT, url]
            return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

        def open_it() -> float:
            with Terminal([*REGBROWSE]) as terminal:
                terminal.until("Takes")
                terminal.quiet(0.4)
                terminal.press(reference)
                terminal.until(MANY)
                terminal.quiet(0.2)
                terminal.press("\r")
                return terminal.until(r"v\d+\.\d\.\d\b")

        def script() -> float:
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", _SCRIPT, url], check=True, stdout=subprocess.DEVNULL)
            return time.perf_counter() - start

        def answer() -> float:
            with server.http() as http:
                start = time.perf_counter()
                http.get(url).raise_for_status()
                return time.perf_counter() - start

        reference = f"{server.name}/{MANY}"
        table(alternate({"httpx script, its fetch": fetch, "open program, enter to first tags": open_it}, runs), 1.5)
        whole = {
            "httpx script, whole process": script,
            "regbrowse HOST/repo, whole process": lambda: paint([*REGBROWSE, reference], r"v\d+\.\d\.\d\b"),
        }
        table(alternate(whole, runs))
        table(alternate({"of it the registry's answer alone": answer}, runs))
