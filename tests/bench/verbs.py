"""Verbs by https with a Bearer token over a round trip of 50 ms, against bare httpx, skopeo and curl; `--help`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from bench.download import download
from bench.figures import alternate, table
from bench.startup import REGBROWSE
from bench.wire import wire
from real.content import APP, MANY, Content, fill, fill_tags
from real.server import PASSWORD, PROGRAM, USER, Server, running

COUNT = 20_000
ROUND_TRIP = 0.05
PLATFORM = "linux/arm64"
_ROOT = Path(__file__).parents[2]
_SKOPEO = shutil.which("skopeo")
_BARE = r"""
import json, re, ssl, sys, time
import httpx
kind, base, name, tag, ca, digest, login = sys.argv[1:8]
start = time.perf_counter()
types = ["application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"]
trusted = ssl.create_default_context()  # the system's CAs and one more, as `--cacert` means it
trusted.load_verify_locations(ca)
with httpx.Client(base_url=base, verify=trusted, trust_env=False) as http:
    def get(path, **headers):
        return http.get(path, headers=headers).raise_for_status().json()
    challenge = dict(re.findall(r'(\w+)="([^"]*)"', http.get("/v2/").headers["www-authenticate"]))
    asked = {"service": challenge["service"], "scope": f"repository:{name}:pull"}
    token = http.get(challenge["realm"], params=asked, auth=tuple(login.split(":"))).raise_for_status().json()["token"]
    http.headers["authorization"] = f"Bearer {token}"
    if kind == "tags":
        out, path = [], f"/v2/{name}/tags/list?n=1000"
        while path:
            answer = http.get(path).raise_for_status()
            out += answer.json()["tags"]
            path = answer.links.get("next", {}).get("url")
    else:
        index = get(f"/v2/{name}/manifests/{tag}", accept=", ".join(types))
        manifest = get(f"/v2/{name}/manifests/{digest}", accept=types[1])
        out = get(f"/v2/{name}/blobs/{manifest['config']['digest']}")
print(json.dumps(out, indent=2))
sys.stdout.flush()
print(time.perf_counter() - start, file=sys.stderr)
"""
_OURS = """
import sys, time
import asyncio, httpx, regbrowse.cli.dispatch, regbrowse.cli.connect, regbrowse.registry.client
import regbrowse.cli.verbs.lists, regbrowse.cli.verbs.config
import platformdirs, regbrowse.settings.keychain, regbrowse.settings.network
from regbrowse.cli.main import main
start = time.perf_counter()
code = main(sys.argv[1:])
sys.stdout.flush()
print(time.perf_counter() - start, file=sys.stderr)
raise SystemExit(code)
"""


def run(runs: int) -> None:
    """Each side by side; where Python's start dominates, also without it."""
    _plain(runs)
    if PROGRAM is None:
        print("  the rest is not measured: docker-registry is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "registry").mkdir()
        between = partial(wire, round_trip=ROUND_TRIP)
        with running(home / "registry", "token", tls=True, between=between) as server:
            content = fill(server)
            fill_tags(server, _MANY, COUNT)
            with between(server.port) as port:
                asking = _Asking(server, content, f"127.0.0.1:{port}", home)
                asking.tags(runs)
                asking.config(runs)
                download(server, port, home, max(3, runs // 2))


_MANY = f"{MANY}-more"


def _plain(runs: int) -> None:
    """Answers that need no registry."""
    subjects = {
        "python -c 'import argparse'": [sys.executable, "-c", "import argparse"],
        "regbrowse --version": [*REGBROWSE, "--version"],
        "regbrowse --help": [*REGBROWSE, "--help"],
        "regbrowse tags --help": [*REGBROWSE, "tags", "--help"],
    }
    timed = {name: partial(_seconds, command, _environment(None)) for name, command in subjects.items()}
    table(alternate(timed, runs * 3), 2)


class _Asking:
    """The same questions by each program, of a registry with TLS behind the wire."""

    def __init__(self, server: Server, content: Content, host: str, home: Path) -> None:
        assert server.ca_file is not None
        self._host = host
        self._ca = server.ca_file
        self._child = content.images[1].manifest.digest
        self._env = _environment(home)
        self._trusted = home / "trusted"
        self._trusted.mkdir()
        shutil.copy(server.ca_file, self._trusted / "ca.crt")

    def tags(self, runs: int) -> None:
        listed = f"{self._host}/{_MANY}"
        self._compare(
            f"tags ({COUNT:,})",
            ["tags", listed],
            ["list-tags", *self._skopeo(), f"docker://{listed}"],
            self._bare("tags", _MANY, ""),
            runs,
            1.3,
        )

    def config(self, runs: int) -> None:
        image = f"{self._host}/{APP}:1.2.3"
        chosen = ["--override-os", "linux", "--override-arch", "arm64"]
        self._compare(
            "config of a platform",
            ["--platform", PLATFORM, "config", image],
            [*chosen, "inspect", "--config", *self._skopeo(), f"docker://{image}"],
            self._bare("config", APP, "1.2.3"),
            runs,
            1,
        )

    def _compare(
        self, title: str, verb: list[str], theirs: list[str], bare: list[str], runs: int, allowed: float
    ) -> None:
        options = ["--cacert", str(self._ca), "-u", f"{USER}:{PASSWORD}", "--no-cache", *verb]
        self._check(options, bare)
        print(f"  {title}, from the first line of the program to the last, imports done")
        inside = [sys.executable, "-c", _OURS, *options]
        table(alternate({"bare httpx": lambda: self._told(bare), "regbrowse": lambda: self._told(inside)}, runs), 1.15)
        print(f"  {title}, whole processes")
        ours = [*REGBROWSE, *options]
        table(alternate({"bare httpx": lambda: self._whole(bare), "regbrowse": lambda: self._whole(ours)}, runs), 1.15)
        if _SKOPEO is None:
            print("  skopeo: not measured, it is not installed")
            return
        skopeo = [_SKOPEO, *theirs]
        table(alternate({"skopeo": lambda: self._whole(skopeo), "regbrowse": lambda: self._whole(ours)}, runs), allowed)

    def _bare(self, kind: str, path: str, tag: str) -> list[str]:
        base, login = f"https://{self._host}", f"{USER}:{PASSWORD}"
        return [sys.executable, "-c", _BARE, kind, base, path, tag, str(self._ca), self._child, login]

    def _skopeo(self) -> list[str]:
        return ["--cert-dir", str(self._trusted), "--creds", f"{USER}:{PASSWORD}"]

    def _check(self, options: list[str], bare: list[str]) -> None:
        """What is compared must be the same answer."""
        answers = [
            json.loads(subprocess.run(command, check=True, capture_output=True, env=self._env, cwd=_ROOT).stdout)
            for command in ([*REGBROWSE, *options], bare)
        ]
        if answers[0] != answers[1]:
            raise RuntimeError("the programs do not print the same")

    def _whole(self, command: list[str]) -> float:
        return _seconds(command, self._env)

    def _told(self, command: list[str]) -> float:
        """What the process itself measured, the last line of its stderr."""
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=self._env, cwd=_ROOT)
        return float(done.stderr.splitlines()[-1])


def _environment(home: Path | None) -> dict[str, str]:
    """Without this machine's settings, proxies and logins."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
    return kept | {"HOME": str(home or tempfile.gettempdir()), "PYTHONPATH": str(_ROOT)}


def _seconds(command: list[str], environment: Mapping[str, str]) -> float:
    """Of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, cwd=_ROOT)
    return time.perf_counter() - start
