"""The command line: what it takes, what it says, what it exits with."""

from __future__ import annotations

import sys

import pytest

from regbrowse import __version__
from regbrowse.cli.arguments import Arguments, parse
from regbrowse.cli.connect import Connector
from regbrowse.cli.main import main


@pytest.mark.parametrize("words", [["-o", ""], ["--output="], ["--platform", ""], ["--os="], ["--cacert", ""]])
def test_nothing_is_no_value(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A variable that is not set must not change what is done."""
    with pytest.raises(SystemExit) as ended:
        main([*(["downloadlayer"] if words[0] in ("-o", "--output=") else ["digest"]), "demo", *words])
    assert ended.value.code == 2
    assert " needs " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["Foo Bar"], "is not an image or registry"),
        (["ghcr.io/Acme/app"], "must be lower case"),
        (["repo@sha256:ffff"], "64 lower-case hex digits"),
        (["-u", "nobody", "alpine"], "USER:PASSWORD"),
        (["-u", "ann:", "alpine"], "USER:PASSWORD"),
        (["-u", ":s3cr3t-canary:b", "alpine"], "USER:PASSWORD"),
        (["-u", "", "alpine"], "USER:PASSWORD"),
        (["-u", "ann:s3cr3t-canary\udcff", "alpine"], "-u is not written in UTF-8."),
        (["--cacert", "/nowhere/ca.pem", "alpine"], "--cacert: /nowhere/ca.pem does not exist."),
        (["--cacert", __file__, "alpine"], "holds no certificate in PEM form."),
        (["--cacert", "/", "alpine"], "--cacert: / is not a file."),
        (["--platform", "linus", "alpine"], '"linus" is not a platform'),
        (["--arch", "linux/arm64", "alpine"], "is too much for --arch"),
    ],
)
def test_wrong_words_get_a_sentence(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    assert "canary" not in said.err


@pytest.mark.parametrize(("given", "says"), [("ann:s3cr3t-canary", ""), ("ann::", ""), (":", "USER"), ("ann", "USER")])
def test_a_login_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: str, says: str
) -> None:
    monkeypatch.setenv("DOCKER_REGISTRY_CREDENTIALS", given)
    assert main(["alpine"]) == 2
    told = capsys.readouterr().err
    assert ("DOCKER_REGISTRY_CREDENTIALS is not of the form USER:PASSWORD." in told) is bool(says)
    assert "canary" not in told


def test_a_login_may_be_an_identity_token() -> None:
    login = Connector(Arguments(reference="alpine", user="<token>:s3cr3t-canary:x")).login
    assert login is not None
    assert (login.user, login.kind, login.password.reveal()) == ("", "identity", "s3cr3t-canary:x")


@pytest.mark.parametrize(("words", "platform"), [(["--arch", "s390x"], "linux/s390x"), ([], "None")])
async def test_the_browser_shows_the_platform_of_the_options(words: list[str], platform: str) -> None:
    browser = await Connector(parse(["demo", *words])).browser()
    assert str(browser.platform) == platform
    await browser.aclose()


def test_without_a_terminal_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alpine"]) == 2
    assert "draws on a terminal" in capsys.readouterr().err


def test_a_terminal_that_cannot_move_its_cursor_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    assert main(["demo"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "cannot (dumb)" in said.err


def test_unknown_option_exits_with_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--bogus"])
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"regbrowse {__version__}\n"


def test_password_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    main(["-u", "ann:s3cr3t-canary-9", "Foo Bar"])
    assert "canary" not in capsys.readouterr().err
