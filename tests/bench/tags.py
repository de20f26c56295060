"""20,000 tags in docker-registry: the first of them on screen against a script that only fetches them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import alternate, table
from bench.startup import REGBROWSE, paint
from real.content import MANY, fill_tags
from real.server import PROGRAM, running

COUNT = 20_000
_SCRIPT = """
import sys, httpx
with httpx.Client() as http:
    print(http.get(sys.argv[1]).raise_for_status().json()["tags"][0])
"""


def run(runs: int) -> None:
    """From the start of the process; the script imports httpx and prints the first tag."""
    if PROGRAM is None:
        print("  not measured: docker-registry is not installed")
        return
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        fill_tags(server, MANY, COUNT)
        url = f"{server.url}/v2/{MANY}/tags/list"

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
        subjects = {
            "bare httpx script": script,
            "regbrowse HOST/repo, first tags painted": lambda: paint([*REGBROWSE, reference], r"v\d+\.\d\.\d\b"),
        }
        table(alternate(subjects, runs), 1.5)
        table(alternate({"of it the registry's answer alone": answer}, runs))
