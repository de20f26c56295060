"""Completion in shells: what the program offers, and what a real bash makes of it."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from regbrowse.cli.arguments import OPTIONS
from regbrowse.cli.begun import Ask, question
from regbrowse.cli.complete import wanted
from regbrowse.cli.verbs.completion import SCRIPTS
from regbrowse.cli.verbs.table import VERBS, find

TAGS = ["1.0", "1.1", "2.0-rc1", "latest"]
BASH = shutil.which("bash")


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who opened two images, with the program in the path."""
    program = tmp_path / "bin" / "regbrowse"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m regbrowse "$@"\n')
    program.chmod(0o755)
    recent = [
        {"reference": "ghcr.io/acme/app:1.2", "at": "2024-01-01T00:00:00+00:00", "digest": ""},
        {"reference": "localhost:5000/", "at": "2024-01-01T00:00:00+00:00", "digest": ""},
        {"reference": "oci:/tmp/$(touch canary)", "at": "2024-01-01T00:00:00+00:00", "digest": ""},
    ]
    # Where platformdirs looks on Linux, and on a Mac.
    for state in (tmp_path / "state/regbrowse", tmp_path / "Library/Application Support/regbrowse"):
        state.mkdir(parents=True)
        (state / "memory.json").write_text(json.dumps({"recent": recent}))
    return {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


class _Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = {"/v2/": {}, "/v2/acme/app/tags/list": {"name": "acme/app", "tags": TAGS}}
        path = self.path.partition("?")[0]
        body = json.dumps(known.get(path, {})).encode()
        self.send_response(200 if path in known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def registry() -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Registry)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def asked(machine: dict[str, str], line: str, shell: str = "bash") -> tuple[int, list[str]]:
    """The exit code and the words for the end of a line; fails when anything stands on stderr."""
    done = subprocess.run(
        ["regbrowse", "completion", shell, f"--line={line}"],
        env=machine,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


# What the tables tell


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("regbrowse manifestl", ["manifestlist"]),
        ("regbrowse -r -u a:b manifestl", ["manifestlist"]),
        ("regbrowse completion ", ["bash", "zsh", "fish"]),
        ("regbrowse completion f", ["fish"]),
        ("regbrowse completion bash ", []),
        ("regbrowse identify alpine sha256:", []),
        ("regbrowse tags --format ", ["json", "table"]),
        ("regbrowse tags --format t", ["table"]),
        ("regbrowse tags --format=t", ["--format=table"]),
        ("regbrowse config --platform linux/arm/", ["linux/arm/v7", "linux/arm/v6"]),
        ("regbrowse --user ", []),
        ("regbrowse --raw=", []),
        ("regbrowse verifytool --r", []),
        ("regbrowse manifest --r", ["--raw"]),
        ("regbrowse alpine --r", []),
        ("regbrowse --r", ["--raw"]),
        ("regbrowse downloadlayer --fo", ["--force"]),
    ],
)
def test_words_of_the_tables(line: str, words: list[str]) -> None:
    assert [word for word, _ in wanted(line).words] == words


def test_every_verb_and_every_option_is_offered() -> None:
    assert [word for word, _ in wanted("regbrowse ").words] == [verb.name for verb in VERBS]
    assert {word for word, _ in wanted("regbrowse -").words} == {flag for option in OPTIONS for flag in option.flags}
    for verb in VERBS:
        flags = {word for word, _ in wanted(f"regbrowse {verb.name} -").words}
        meant = [option for option in OPTIONS if option.everywhere or option.name in verb.options]
        assert flags == {flag for option in meant for flag in option.flags}, verb.name


@pytest.mark.parametrize(
    ("line", "reference"),
    [
        ("regbrowse ", True),
        ("regbrowse alp", True),
        ("regbrowse config alp", True),
        ("regbrowse config --os linux alp", True),
        ("regbrowse config alpine ", False),
        ("regbrowse alpine ", False),
        ("regbrowse identify alpine ", False),
        ("regbrowse completion ", False),
        ("regbrowse --os ", False),
        ("regbrowse pick ", True),
    ],
)
def test_where_a_reference_may_stand(line: str, reference: bool) -> None:
    assert wanted(line).reference is reference


@pytest.mark.parametrize("line", ["regbrowse --cacert ", "regbrowse --cacert=/e", "regbrowse downloadlayer x@y -o "])
def test_where_a_file_may_stand(line: str) -> None:
    assert wanted(line).file


@pytest.mark.parametrize(
    ("begun", "ask"),
    [
        ("alp", None),
        ("alpine:", Ask("alpine", "alpine:", "")),
        ("alpine:3.", Ask("alpine", "alpine:", "3.")),
        ("ghcr.io/org/app:1", Ask("ghcr.io/org/app", "ghcr.io/org/app:", "1")),
        ("localhost:5000/app:1", Ask("localhost:5000/app", "localhost:5000/app:", "1")),
        ("localhost:5000/ap", Ask("localhost:5000/", "localhost:5000/", "ap")),
        ("localhost:50", None),
        ("registry.example.com:50", None),
        ("org/ap", None),
        ("demo/ap", Ask("demo/", "demo/", "ap")),
        ("alpine@sha256:", None),
        ("oci:im", None),
        ("oci:images/app:1", Ask("oci:images/app", "oci:images/app:", "1")),
    ],
)
def test_which_list_is_asked_for(begun: str, ask: Ask | None) -> None:
    assert question(begun) == ask


# What the program answers


def test_recent_places_and_their_repositories(machine: dict[str, str]) -> None:
    code, words = asked(machine, "regbrowse config gh")
    assert (code, words) == (0, ["ghcr.io/acme/app:1.2", "ghcr.io/acme/app"])
    code, words = asked(machine, "regbrowse config ")
    assert "localhost:5000/" in words
    assert not [word for word in words if "canary" in word], "nothing that a shell would run"


def test_descriptions_where_the_shell_shows_them(machine: dict[str, str]) -> None:
    assert asked(machine, "regbrowse digestl", "fish") == (0, ["digestlist\tthe digest of the manifest list"])
    assert asked(machine, "regbrowse digestl", "bash") == (0, ["digestlist"])


def test_files_are_left_to_the_shell(machine: dict[str, str]) -> None:
    assert asked(machine, "regbrowse --cacert /etc/host") == (1, [])


def test_demo_repositories_and_tags(machine: dict[str, str]) -> None:
    assert asked(machine, "regbrowse tags demo/acme/base/al") == (0, ["demo/acme/base/alpine"])
    code, words = asked(machine, "regbrowse config demo/acme/base/alpine:3.20")
    assert code == 0
    assert "demo/acme/base/alpine:3.20.3" in words
    assert all(word.startswith("demo/acme/base/alpine:3.20") for word in words)


def test_tags_of_a_registry_and_those_kept_when_it_is_gone(
    machine: dict[str, str], registry: http.server.ThreadingHTTPServer
) -> None:
    name = f"127.0.0.1:{registry.server_port}/acme/app"
    expected = (0, [f"{name}:1.0", f"{name}:1.1"])
    assert asked(machine, f"regbrowse config {name}:1") == expected
    registry.shutdown()
    registry.server_close()
    code, words = asked(machine, f"regbrowse config {name}:1")
    assert (code, sorted(words)) == expected
    assert asked(machine, f"regbrowse --no-cache config {name}:1") == (0, [])


def test_registry_that_never_answers_costs_two_seconds(machine: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        assert asked(machine, f"regbrowse config 127.0.0.1:{silent.getsockname()[1]}/acme/app:1") == (0, [])
        assert time.monotonic() - begun < 2 + 3, "two seconds, and the start of a process on a busy machine"


def test_unknown_shell(machine: dict[str, str]) -> None:
    done = subprocess.run(
        ["regbrowse", "completion", "tcsh"], env=machine, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert "There is one for bash, zsh and fish." in done.stderr
    assert done.stdout == ""


# What shells make of it

_DRIVER = r"""
source <("$1" completion bash)
[[ -z $4 ]] || COMP_WORDBREAKS=$4
COMP_LINE=$2 COMP_POINT=${#2} COMPREPLY=()
_regbrowse "$3" "" ""
printf '%s\n' "${COMPREPLY[@]}"
"""


def completed(machine: dict[str, str], line: str, breaks: str = "") -> list[str]:
    """COMPREPLY for the end of a line in a real bash; with other COMP_WORDBREAKS than its own."""
    assert BASH is not None
    done = subprocess.run(
        [BASH, "--norc", "-c", _DRIVER, "bash", "regbrowse", line, line.split(maxsplit=1)[0], breaks],
        env=machine,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert [line for line in done.stderr.splitlines() if "compopt" not in line] == []
    return [word for word in done.stdout.splitlines() if word]


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("regbrowse manifestl", ["manifestlist"]),
        ("regbrowse tags --format ", ["json", "table"]),
        ("regbrowse tags --format=t", ["table"]),
        ("regbrowse config ghcr.io/acme/app:", ["1.2"]),
        ("regbrowse tags localhost:5", ["5000/"]),
        ("regbrowse config demo/acme/base/alpine:3.20.3-t", ["3.20.3-tools"]),
        ("regbrowse --cacert /etc/host", []),
    ],
)
def test_bash_replaces_what_stands_behind_the_last_colon(machine: dict[str, str], line: str, words: list[str]) -> None:
    # The registry of ghcr.io is not asked: nothing is sent.
    assert completed(machine, line.replace("regbrowse ", "regbrowse --offline ", 1)) == words


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
def test_bash_without_colons_among_its_breaks(machine: dict[str, str]) -> None:
    line = "regbrowse config demo/acme/base/alpine:3.20.3-t"
    assert completed(machine, line, " \t\n") == ["demo/acme/base/alpine:3.20.3-tools"]


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
def test_bash_never_runs_what_is_typed(machine: dict[str, str], tmp_path: Path) -> None:
    assert completed(machine, f"regbrowse config $(touch${{IFS}}{tmp_path}/canary)`touch {tmp_path}/canary`:") == []
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("shell", sorted(SCRIPTS))
def test_scripts_are_written_in_their_language(shell: str, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / f"regbrowse.{shell}"
    script.write_text(SCRIPTS[shell])
    subprocess.run([program, "-n", str(script)], check=True, timeout=30)


def test_scripts_are_named_in_the_help() -> None:
    verb = find("completion")
    assert verb is not None
    assert all(any(line.startswith(shell) for line in verb.more) for shell in SCRIPTS)
