"""A layer of 1 GiB: `downloadlayer`, which verifies it, against `curl -o`.

Over the wire of the other measurements, and straight from this machine's memory. There SHA-256 alone takes longer
than curl, so that nothing that verifies can be as fast; what it takes is printed beside, and what curl and sha256sum
take one after the other.
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
from bench.wire import wire

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


def download(folder: Path, runs: int, round_trip: float) -> None:
    """Both write to the same disk; ours is verified, and peak memory is printed."""
    curl = shutil.which("curl")
    if curl is None:
        print("  downloadlayer: not measured, curl is not installed")
        return
    runs = max(3, runs // 2)
    with _serving(folder) as (port, digest):
        with wire(port, round_trip) as far:
            fetching = _Fetching(curl, folder, far, digest)
            print("  1 GiB over the wire, whole processes")
            table(alternate({_CURL: fetching.theirs, _OURS: fetching.ours}, runs), 1.2)
        fetching = _Fetching(curl, folder, port, digest)
        print("  1 GiB straight from memory, whole processes")
        subjects = {_CURL: fetching.theirs, _OURS: fetching.ours, _ALONE: _hashed}
        if shutil.which("sha256sum"):
            subjects[_BY_HAND] = fetching.by_hand
        seconds = alternate(subjects, runs)
        table({name: seconds[name] for name in (_CURL, _OURS, _ALONE)}, None)
        if _BY_HAND in seconds:
            table({name: seconds[name] for name in (_BY_HAND, _OURS)}, 1)
        print(f"  peak memory of regbrowse: {fetching.most / 2**20:.0f} MiB")


class _Fetching:
    """The same layer by each program, from a port of this machine; every method gives seconds."""

    def __init__(self, curl: str, folder: Path, port: int, digest: str) -> None:
        self.most = 0
        """Bytes of memory that ours had at most."""
        self._folder = folder
        self._target = folder / "layer"
        host, target = f"127.0.0.1:{port}", str(self._target)
        self._theirs = [curl, "-sS", "-o", target, f"http://{host}/v2/acme/big/blobs/{digest}"]
        self._ours = [*REGBROWSE, "downloadlayer", f"{host}/acme/big@{digest}", "-o", target]

    def theirs(self) -> float:
        return self._fetch(self._theirs)[0]

    def ours(self) -> float:
        took, memory = self._fetch(self._ours)
        self.most = max(self.most, memory)
        return took

    def by_hand(self) -> float:
        took, start = self.theirs(), time.perf_counter()
        subprocess.run(["sha256sum", str(self._target)], check=True, stdout=subprocess.DEVNULL)
        return took + time.perf_counter() - start

    def _fetch(self, command: list[str]) -> tuple[float, int]:
        """Seconds, and bytes of memory at most."""
        self._target.unlink(missing_ok=True)
        os.sync()
        start = time.perf_counter()
        memory = _peak(command, self._folder)
        took = time.perf_counter() - start
        if self._target.stat().st_size != SIZE:
            raise RuntimeError(f"{command[0]} did not write everything")
        return took, memory


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
