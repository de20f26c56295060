"""The command line: what it takes, what it says, what it exits with."""

from __future__ import annotations

import pytest

from regbrowse import __version__
from regbrowse.cli.main import main


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["Foo Bar"], "is not an image or registry"),
        (["ghcr.io/Acme/app"], "must be lower case"),
        (["repo@sha256:ffff"], "64 lower-case hex digits"),
        (["-u", "nobody", "alpine"], "USER:PASSWORD"),
        (["--cacert", "/nowhere/ca.pem", "alpine"], "there is no such file"),
    ],
)
def test_wrong_words_get_a_sentence(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_without_a_terminal_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alpine"]) == 2
    assert "draws on a terminal" in capsys.readouterr().err


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
