"""Completion in shells: what the program offers, and what bash, zsh and fish make of it."""

from __future__ import annotations

import http.server
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argcomplete.finders import CompletionFinder
from argcomplete.shell_integration import shellcode

from bench.terminal import Terminal
from regbrowse.cli import completion
from regbrowse.cli.completion import complete
from regbrowse.cli.verb_table import OPTIONS, SHELLS, VERBS, find

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


def asked_by(shell: str, line: str) -> dict[str, str]:
    """The variables by which argcomplete's code asks for the end of a line."""
    return {
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_SHELL": shell,
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
    }


def asked(machine: dict[str, str], line: str) -> list[str]:
    """The words for the end of a line; fails when anything is printed."""
    answer = Path(machine["HOME"]) / "answer"
    done = subprocess.run(
        ["regbrowse"],
        env=machine | asked_by("bash", line) | {"_ARGCOMPLETE_STDOUT_FILENAME": str(answer)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
    return answer.read_text().splitlines()


# What the table tells

REFERENCE = "some.example/reference"


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """The words for the end of a line with what they mean; one stands for every reference."""
    monkeypatch.setattr(CompletionFinder, "_init_debug_stream", lambda _: None)  # it would take descriptor 9
    monkeypatch.setattr(completion, "references", lambda *_, **__: [REFERENCE])

    def words(line: str, shell: str = "fish") -> dict[str, str]:
        for name, value in (asked_by(shell, line) | {"_ARGCOMPLETE_DFS": "\t"}).items():
            monkeypatch.setenv(name, value)
        answer = io.StringIO()
        complete(answer, lambda _: None)
        pairs = [line.partition("\t") for line in answer.getvalue().splitlines()]
        return {word: means for word, _, means in pairs}

    return words


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
        ("regbrowse tags --raw --form", []),
        ("regbrowse alpine --r", []),
        ("regbrowse --r", ["--raw"]),
        ("regbrowse downloadlayer --fo", ["--force"]),
        ("sudo regbrowse manifestl", ["manifestlist"]),
    ],
)
def test_words_of_the_table(offered: Callable[..., dict[str, str]], line: str, words: list[str]) -> None:
    assert list(offered(line)) == words


@pytest.mark.parametrize("before", ["cd x && ", "docker pull $(", "regbrowse tags a; FOO=1 ", "a | sudo "])
def test_the_command_before_is_another(offered: Callable[..., dict[str, str]], before: str) -> None:
    """The code for zsh gives the whole line."""
    assert list(offered(f"{before}regbrowse manifestl", "zsh")) == ["manifestlist"]


def test_every_verb_and_every_option_is_offered(offered: Callable[..., dict[str, str]]) -> None:
    assert offered("regbrowse ") == {verb.name: verb.help for verb in VERBS} | {REFERENCE: ""}
    assert offered("regbrowse -") == {flag: option.help for option in OPTIONS for flag in option.flags}
    for verb in VERBS:
        flags = set(offered(f"regbrowse {verb.name} -"))
        meant = [option for option in OPTIONS if option.everywhere or option.name in verb.options]
        assert flags == {flag for option in meant for flag in option.flags}, verb.name


@pytest.mark.parametrize(
    ("line", "reference"),
    [
        ("regbrowse ", True),
        ("regbrowse som", True),
        ("regbrowse config som", True),
        ("regbrowse config --os linux som", True),
        ("regbrowse config alpine ", False),
        ("regbrowse alpine ", False),
        ("regbrowse identify alpine ", False),
        ("regbrowse completion ", False),
        ("regbrowse --os ", False),
        ("regbrowse pick ", True),
    ],
)
def test_where_a_reference_may_stand(offered: Callable[..., dict[str, str]], line: str, reference: bool) -> None:
    assert (REFERENCE in offered(line)) is reference


@pytest.mark.skipif(BASH is None, reason="argcomplete asks bash for the names of files")
@pytest.mark.parametrize("line", ["regbrowse --cacert ", "regbrowse --cacert=", "regbrowse downloadlayer x@y -o "])
def test_where_a_file_may_stand(
    offered: Callable[..., dict[str, str]], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one").touch()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    assert {word.removeprefix("--cacert=") for word in offered(f"{line}o")} == {"one", "other/"}


# What the program answers


def test_recent_places_and_their_repositories(machine: dict[str, str]) -> None:
    assert asked(machine, "regbrowse config gh") == ["ghcr.io/acme/app:1.2", "ghcr.io/acme/app"]
    words = asked(machine, "regbrowse config ")
    assert "localhost:5000/" in words
    assert not [word for word in words if "canary" in word], "nothing that a shell would run"


def test_demo_repositories_and_tags(machine: dict[str, str]) -> None:
    assert asked(machine, "regbrowse tags demo/acme/base/al") == ["demo/acme/base/alpine"]
    words = asked(machine, "regbrowse config demo/acme/base/alpine:3.20")
    assert "demo/acme/base/alpine:3.20.3" in words
    assert all(word.startswith("demo/acme/base/alpine:3.20") for word in words)


def test_tags_of_a_registry_and_those_kept_when_it_is_gone(
    machine: dict[str, str], registry: http.server.ThreadingHTTPServer
) -> None:
    name = f"127.0.0.1:{registry.server_port}/acme/app"
    expected = [f"{name}:1.0", f"{name}:1.1"]
    assert asked(machine, f"regbrowse config {name}:1") == expected
    registry.shutdown()
    registry.server_close()
    assert sorted(asked(machine, f"regbrowse config {name}:1")) == expected
    assert asked(machine, f"regbrowse --no-cache config {name}:1") == []


def test_registry_that_never_answers_costs_two_seconds(machine: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        assert asked(machine, f"regbrowse config 127.0.0.1:{silent.getsockname()[1]}/acme/app:1") == []
        assert time.monotonic() - begun < 2 + 3, "two seconds, and the start of a process on a busy machine"


def test_unknown_shell(machine: dict[str, str]) -> None:
    done = subprocess.run(
        ["regbrowse", "completion", "tcsh"], env=machine, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert all(shell in done.stderr.splitlines()[0] for shell in SHELLS)
    assert done.stdout == ""


# What shells make of it

_DRIVER = r"""
compopt() { :; }  # works while bash completes, alone
source <("$1" completion bash)
[[ -z $4 ]] || COMP_WORDBREAKS=$4
COMP_LINE=$2 COMP_POINT=${#2} COMPREPLY=()
_python_argcomplete "$3" "" ""
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
    assert done.stderr == ""
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
        ("regbrowse --cacert /etc/hostna", ["/etc/hostname"]),
        ("regbrowse config --raw /etc/host", []),
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


_START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(regbrowse completion bash)"),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -u -D; source <(regbrowse completion zsh)"),
    "fish": (["fish", "--no-config", "-i"], "regbrowse completion fish | source"),
}
"""How each is started, and what the README says to load."""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_what_is_typed(machine: dict[str, str], tmp_path: Path, shell: str) -> None:
    command, load = _START[shell]
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "some ca.pem").touch()
    with Terminal(command, env=machine) as terminal:
        terminal.press(f"cd '{tmp_path}'; {load}; echo is' 'loaded\r")
        terminal.until(r"(?m)^is loaded")
        for typed, rest in (
            ("regbrowse manifestl", "ist "),
            ("true; regbrowse --offline config ghcr.io/acme/app:", "1.2 "),
            ("regbrowse config demo/acme/base/alpine:3.20.3-t", "ools "),
            ("regbrowse --offline tags localhost:5", "000/"),
            ("regbrowse --cacert some", r"\ ca.pem "),
        ):
            terminal.press("\x15\x0c")  # ctrl+u, ctrl+l: an empty line on an empty screen
            terminal.quiet()
            terminal.press(typed, "tab", "x")
            terminal.until(re.escape(f"{typed}{rest}x"))


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_printed_is_the_code_of_argcomplete(machine: dict[str, str], shell: str) -> None:
    done = subprocess.run(
        ["regbrowse", "completion", shell], env=machine, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == shellcode(["regbrowse"], shell=shell, complete_arguments=["-o", "nospace"])
    assert done.stderr == ""


def test_the_help_says_how_it_is_loaded() -> None:
    verb = find("completion")
    assert verb is not None
    for shell in SHELLS:
        assert any(line.startswith(f"{shell}:") and line.split(maxsplit=1)[1] in _START[shell][1] for line in verb.more)
