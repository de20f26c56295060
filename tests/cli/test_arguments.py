"""The command line: options anywhere, and a sentence for what makes no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from regbrowse.cli.arguments import Arguments, parse
from regbrowse.cli.verb_table import BROWSER, OPTIONS, POSITIONALS, VERBS, find

NAMED = {verb.name: verb for verb in VERBS}


@pytest.mark.parametrize(
    "words",
    [
        ["-r", "--arch", "arm64", "config", "alpine:3"],
        ["config", "-r", "alpine:3", "--arch", "arm64"],
        ["config", "alpine:3", "--arch=arm64", "--raw"],
    ],
)
def test_options_stand_anywhere(words: list[str]) -> None:
    found = parse(words)
    assert found.verb is find("config")
    assert (found.reference, found.raw, found.arch) == ("alpine:3", True, "arm64")


def test_values() -> None:
    found = parse(["tags", "x", "-l", "--format", "table", "-vv", "-u", "a:b", "--cacert", "ca.pem", "--no-cache"])
    assert (found.long, found.format, found.verbose, found.user, found.ca_file) == (
        True,
        "table",
        2,
        "a:b",
        Path("ca.pem"),
    )
    assert not found.cache
    assert parse([]) == Arguments(BROWSER)
    assert parse(["alpine"]) == Arguments(BROWSER, "alpine")
    assert parse(["pick", "-v", "alpine"]) == Arguments(NAMED["pick"], "alpine", verbose=1)
    assert parse(["completion", "zsh"]) == Arguments(NAMED["completion"], shell="zsh")
    found = parse(["-v", "identify", "-v", "alpine", "-v", "abc"])
    assert found == Arguments(NAMED["identify"], "alpine", "abc", verbose=3)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["config"], "the following arguments are required: REF\n"),
        (["config", "a", "b"], "unrecognized arguments: b\nusage: regbrowse [options] config REF "),
        (["identify", "a"], "the following arguments are required: DIGEST\n"),
        (["confg", "alpine"], 'there is no verb "confg". Did you mean "config"?'),
        (["alpine", "busybox"], 'there is no verb "alpine".'),
        (["tags", "a", "--arch", "arm64"], '--arch means nothing to "tags".'),
        (["digestlist", "a", "--platform", "linux/arm64"], '--platform means nothing to "digestlist".'),
        (["alpine", "-r"], "--raw means nothing to the browser."),
        (["tags", "a", "--format", "xml"], "argument --format: invalid choice: 'xml' (choose from "),
        (["tags", "a", "-r", "--format", "table"], "argument --format: not allowed with argument -r/--raw\n"),
        (["-r", "tags", "--format", "table", "a"], "argument --format: not allowed with argument -r/--raw\n"),
        (["digest", "a", "--platform", "linux/arm64", "--variant", "v8"], "leave one of them out"),
        (["digest", "a", "--bogus"], "--bogus"),
        (["digest", "a", "--arch"], "--arch"),
        (["digest", "a", "--raw=yes"], "--raw"),
        (["completion", "tcsh"], "argument SHELL: invalid choice: 'tcsh' (choose from "),
    ],
)
def test_what_makes_no_sense(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(words)
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err
    assert said.err.count("\n") == 2, "a sentence, and how it is written"
    assert "usage: " in said.err


@pytest.mark.parametrize("verb", "tags manifestlist digestlist manifest digest config id labels history".split())
def test_raw_means_no_harm_where_the_reference_tool_takes_it(verb: str) -> None:
    assert parse(["-r", verb, "alpine"]).raw


def test_every_option_and_argument_of_a_verb_exists() -> None:
    names = {option.name for option in OPTIONS}
    for verb in (*VERBS, BROWSER):
        assert {word.strip("[]") for word in verb.takes.split()} <= set(POSITIONALS)
        assert set(verb.options) <= names
        assert not set(verb.options) & {option.name for option in OPTIONS if option.everywhere}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("tags --nonsense x/y", 'there is no option "--nonsense".'),
        ("tags x/y --plattform=linux", 'there is no option "--plattform". Did you mean "--platform"?'),
        ("-Z tags x/y", 'there is no option "-Z".'),
        ("digest x/y --arch", "argument --arch: expected one argument"),
        ("digest x/y -u", "argument -u/--user: expected one argument"),
        ("tags x/y --raw=5", "argument -r/--raw: ignored explicit argument '5'"),
    ],
)
def test_options_that_are_wrong_are_named_alone(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(words.split())
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"regbrowse: {says}")
    assert "x/y" not in said.splitlines()[0]
