"""The help and the README say the same as the tables, and all of it."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from regbrowse.cli.arguments import parse
from regbrowse.cli.diagnostics import ExitCode
from regbrowse.cli.help import EXIT_CODES
from regbrowse.cli.verb_table import BROWSER, OPTIONS, VERBS, Option, Verb

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
_, _, _REST = README.partition("\n## From scripts\n")
SCRIPTS = _REST.partition("\n## ")[0]
EXAMPLES: list[str] = re.findall(r"^```sh\n(.*?)^```$", SCRIPTS, re.DOTALL | re.MULTILINE)
COMMANDS = [line for block in EXAMPLES for line in block.replace("\\\n", "").splitlines() if line]


def spellings(option: Option) -> list[str]:
    """Its flags, with the value behind the last."""
    *others, last = option.flags
    return [*others, f"{last} {option.value}" if option.value else last]


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        parse(words)
    assert ended.value.code == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_every_verb_and_every_option(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, flag)
    for verb in VERBS:
        assert re.search(rf"^  {re.escape(f'{verb.name} {verb.takes}')}  +{re.escape(verb.help)}$", text, re.MULTILINE)
    for option in OPTIONS:
        spelled = ", ".join(spellings(option))
        assert re.search(rf"^  {re.escape(spelled)}  +{re.escape(option.help)}$", text, re.MULTILINE)
    for code, means in EXIT_CODES:
        assert re.search(rf"^  {code} +{re.escape(means)}$", text, re.MULTILINE)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_help_of_a_verb_is_about_that_verb(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, verb.name, "--help")
    assert text == shown(capsys, "-h", verb.name), "options stand anywhere"
    assert f"regbrowse [options] {verb.name} {verb.takes}\n" in text
    assert verb.help[1:] in text
    for line in verb.more:
        assert line in text
    for option in OPTIONS:
        means_something = option.everywhere or option.name in verb.options
        assert (re.search(rf"^  {re.escape(', '.join(option.flags))}\b", text, re.MULTILINE) is not None) is (
            means_something
        ), option.name


def test_help_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], *([verb.name, "--help"] for verb in VERBS)):
        long = [line for line in shown(capsys, *words).splitlines() if len(line) > 110]
        assert long == [], words


def test_every_verb_is_there() -> None:
    folder = ROOT / "regbrowse" / "cli" / "verbs"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {verb.run.partition(".")[0] for verb in (*VERBS, BROWSER)} == modules


@pytest.mark.parametrize("verb", [*VERBS, BROWSER], ids=lambda verb: verb.name or "browser")
def test_every_function_of_a_verb_exists(verb: Verb) -> None:
    for name in filter(None, (verb.run, verb.check)):
        module, _, function = name.partition(".")
        found = getattr(importlib.import_module(f"regbrowse.cli.verbs.{module}"), function)
        assert inspect.iscoroutinefunction(found) is (verb.asks and name == verb.run)


def test_exit_codes_are_those_of_the_program() -> None:
    assert [code for code, _ in EXIT_CODES] == [code.value for code in ExitCode]


# The README


def markdown(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    return "\n".join(f"| {left} | {right} |" for left, right in (head, ("---", "---"), *rows))


def test_readme_has_the_tables() -> None:
    """Where one differs, the message holds what belongs there."""
    verbs = markdown(("verb", "prints"), [(f"`{verb.name} {verb.takes}`", verb.help) for verb in VERBS])
    spelled = [(", ".join(f"`{word}`" for word in spellings(option)), option.help) for option in OPTIONS]
    options = markdown(("option", "does"), spelled)
    codes = markdown(("code", "means"), [(str(code), means) for code, means in EXIT_CODES])
    assert verbs in SCRIPTS, verbs
    assert options in README, options
    assert codes in SCRIPTS, codes


def test_readme_shows_verbs_that_exist() -> None:
    names = {verb.name for verb in VERBS} | {"VERB"}
    blocks = re.findall(r"^```(?:sh|text)\n(.*?)^```$", SCRIPTS, re.DOTALL | re.MULTILINE)
    used = [line.split("regbrowse ", 1)[1] for block in blocks for line in block.splitlines() if "regbrowse " in line]
    assert used
    for line in used:
        assert names & set(re.split(r"[\s()\"']+", line)), line


def test_readme_has_examples_of_most_verbs() -> None:
    assert len(COMMANDS) > 10
    assert all("demo/" in command for command in COMMANDS), "what would ask a registry cannot be tried"


@pytest.mark.skipif(os.name != "posix", reason="the examples are written for a shell")
@pytest.mark.parametrize("command", COMMANDS)
def test_readme_examples_run(command: str, tmp_path: Path) -> None:
    program = tmp_path / "regbrowse"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m regbrowse "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or command.startswith("test "), "it prints something"
    assert "Traceback" not in done.stderr


def test_each_verb_is_listed_once() -> None:
    names = [verb.name for verb in VERBS]
    assert len(set(names)) == len(names)
