"""A layer of 1 GiB from a server on this machine: `downloadlayer`, which verifies it, against `curl -o`.

Where the disk takes what comes as fast as memory, SHA-256 takes longer than curl: then nothing that verifies can be
as fast. What it takes alone is printed beside, and what curl and sha256sum take one after the other.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import os
import random
import resource
import shutil
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import alternate, table
from bench.startup import REGBROWSE

SIZE = 2**30
_CURL, _OURS = "curl -o", "regbrowse downloadlayer, verified"
_ALONE, _BY_HAND = "SHA-256 of so many bytes alone", "curl -o, then sha256sum"
_BLOCK = 2**20
_ROOT = Path(__file__).parents[2]


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    file: Path
    digest: str


class _Handler(http.server.BaseHTTPRequestHandler):
    """Blobs by sendfile, so that the server costs next to nothing."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        blob = self.path.endswith(f"/blobs/{self.server.digest}")
        self.send_response(200 if blob or self.path == "/v2/" else 404)
        self.send_header("Content-Length", str(SIZE if blob else 0))
        self.send_header("Content-Type", "application/octet-stream")
        self.end_headers()
        if blob:
            with self.server.file.open("rb") as file:
                self.wfile.flush()
                self.connection.sendfile(file)

    def log_message(self, *_: object) -> None:
        pass


def download(folder: Path, runs: int) -> None:
    """Both write to the same disk; ours is verified, and peak memory is printed."""
    curl = shutil.which("curl")
    if curl is None:
        print("  downloadlayer: not measured, curl is not installed")
        return
    with _serving(folder) as (port, digest):
        url = f"http://127.0.0.1:{port}/v2/acme/big/blobs/{digest}"
        target = folder / "layer"
        peaks: dict[str, int] = {}

        def fetch(name: str, command: list[str]) -> float:
            target.unlink(missing_ok=True)
            os.sync()
            start = time.perf_counter()
            peaks[name] = max(peaks.get(name, 0), _peak(command, folder))
            took = time.perf_counter() - start
            if target.stat().st_size != SIZE:
                raise RuntimeError(f"{name} did not write everything")
            return took

        ours = [*REGBROWSE, "downloadlayer", f"127.0.0.1:{port}/acme/big@{digest}", "-o", str(target)]
        print("  1 GiB, whole processes")

        def checked() -> float:
            took, start = fetch("curl", theirs), time.perf_counter()
            subprocess.run(["sha256sum", str(target)], check=True, stdout=subprocess.DEVNULL)
            return took + time.perf_counter() - start

        theirs = [curl, "-sS", "-o", str(target), url]
        subjects = {
            _CURL: lambda: fetch("curl", theirs),
            _OURS: lambda: fetch("regbrowse", ours),
            _ALONE: _hashed,
            **({_BY_HAND: checked} if shutil.which("sha256sum") else {}),
        }
        seconds = alternate(subjects, max(3, runs // 2))
        for names, allowed in (((_CURL, _OURS), 1.2), ((_ALONE,), None), ((_BY_HAND, _OURS), 1)):
            if names[0] in seconds:
                table({name: seconds[name] for name in names}, allowed)
        print(f"  peak memory of regbrowse: {peaks['regbrowse'] / 2**20:.0f} MiB")


def _hashed() -> float:
    """The least that verifying can take: the bytes are in the processor's caches."""
    hasher, block = hashlib.sha256(), bytes(_BLOCK // 4)
    start = time.perf_counter()
    for _ in range(4 * SIZE // _BLOCK):
        hasher.update(block)
    return time.perf_counter() - start


def _peak(command: list[str], home: Path) -> int:
    """Runs it; bytes of memory that it had at most, never less than ours. Raises CalledProcessError."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(_ROOT)}
    process = subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return _bytes(usage)


def _bytes(usage: resource.struct_rusage) -> int:
    """Linux counts KiB, macOS bytes (getrusage(2))."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[tuple[int, str]]:
    """A file that cannot be compressed, and a server for it; gives port and digest."""
    file, hasher = folder / "blob", hashlib.sha256()
    block = random.Random(1).randbytes(_BLOCK)
    with file.open("wb") as out:
        for number in range(SIZE // _BLOCK):
            part = number.to_bytes(8, "big") + block[8:]
            hasher.update(part)
            out.write(part)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.file, server.digest = file, f"sha256:{hasher.hexdigest()}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port, server.digest
        finally:
            server.shutdown()
            thread.join(10)
