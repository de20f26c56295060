"""A layer of 1 GiB: `downloadlayer`, which verifies it, against `curl -o`, by https with a token over the same wire."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from bench.figures import alternate, table
from bench.startup import REGBROWSE
from real.push import TYPE_LAYER
from real.server import PASSWORD, USER, Server

SIZE = 2**30
ALLOWED = 1.3
_BLOCK = 2**20
_PATH = "acme/big"
_ROOT = Path(__file__).parents[2]


def download(server: Server, port: int, folder: Path, runs: int) -> None:
    """Both write to the same disk; ours is verified, and its peak memory is printed."""
    curl = shutil.which("curl")
    if curl is None:
        print("  downloadlayer: not measured, curl is not installed")
        return
    fetching = _Fetching(server, curl, port, folder)
    print("  downloadlayer of 1 GiB, whole processes")
    table(alternate({"curl -o": fetching.theirs, "regbrowse downloadlayer, verified": fetching.ours}, runs), ALLOWED)
    print(f"  peak memory of regbrowse: {fetching.peak / 2**20:.0f} MiB")


class _Fetching:
    """The same layer by each program; every method gives seconds."""

    def __init__(self, server: Server, curl: str, port: int, folder: Path) -> None:
        self.peak = 0
        """Bytes of memory that ours had at most."""
        assert server.tokens is not None
        assert server.ca_file is not None
        self._folder, self._target = folder, folder / "layer"
        digest = _pushed(server)
        token = server.tokens.issue([f"repository:{_PATH}:pull"])
        ca_file, host, target = str(server.ca_file), f"127.0.0.1:{port}", str(self._target)
        url = f"https://{host}/v2/{_PATH}/blobs/{digest}"
        self._theirs = [curl, "-sS", "--cacert", ca_file, "-H", f"Authorization: Bearer {token}", "-o", target, url]
        login = ["--cacert", ca_file, "-u", f"{USER}:{PASSWORD}"]
        self._ours = [*REGBROWSE, *login, "downloadlayer", f"{host}/{_PATH}@{digest}", "-o", target]

    def theirs(self) -> float:
        return self._fetch(self._theirs)[0]

    def ours(self) -> float:
        took, memory = self._fetch(self._ours)
        self.peak = max(self.peak, memory)
        return took

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


def _pushed(server: Server) -> str:
    """Pushes the layer from a process of its own, whose memory would else count as that of what is measured."""

    def push(said: Connection) -> None:
        with server.pusher(_PATH) as pusher:
            said.send(pusher.blob(TYPE_LAYER, _content()).digest)

    fork = multiprocessing.get_context("fork")
    heard, said = fork.Pipe(duplex=False)
    process = fork.Process(target=push, args=(said,))
    process.start()
    digest = str(heard.recv())
    process.join()
    return digest


def _content() -> bytes:
    """What cannot be compressed, the same in every run."""
    block = random.Random(1).randbytes(_BLOCK - 8)
    return b"".join(number.to_bytes(8, "big") + block for number in range(SIZE // _BLOCK))


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
