"""Platforms: spelling, and which one is taken."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from regbrowse.errors import BadReference
from regbrowse.oci.document import Reader
from regbrowse.oci.platform import Platform, choose


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/arm64/v8.0", "linux/arm64"),
        ("linux/arm64/8.0", "linux/arm64"),
        ("linux/arm64/v8.1", "linux/arm64/v8.1"),
        ("linux/arm64/9", "linux/arm64/v9"),
        ("linux/arm64/9.0", "linux/arm64/v9"),
        ("linux/arm64/v9.0", "linux/arm64/v9"),
        ("linux/aarch64/9.2", "linux/arm64/v9.2"),
        ("linux/arm64/v9", "linux/arm64/v9"),
        ("linux/x86_64", "linux/amd64"),
        ("Linux/x86-64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v3", "linux/amd64/v3"),
        ("linux/i386", "linux/386"),
        ("linux/i686", "linux/386"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/6", "linux/arm/v6"),
        ("macos/arm64", "darwin/arm64"),
        ("linux/s390x", "linux/s390x"),
    ],
)
def test_one_spelling(text: str, normal: str) -> None:
    assert str(Platform.parse(text).normalised()) == normal


def test_writing() -> None:
    assert str(Platform("linux", "arm64", "v8")) == "linux/arm64/v8"
    assert str(Platform("windows", "amd64", os_version="10.0.20348")) == "windows/amd64 10.0.20348"
    assert str(Platform("", "")) == "unknown/unknown"
    assert Platform.parse("windows/amd64:10.0.20348").os_version == "10.0.20348"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "linus",
        "lin ux",
        "linux:6",
        "linux/",
        "/amd64",
        "a/b/c/d",
        "linux/amd64:",
        "linux/\x1b",
        "linux/a:\x1b",
        "a/b/",
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(BadReference) as caught:
        Platform.parse(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("word", "here", "meant"),
    [
        ("arm64", "linux/amd64", "linux/arm64"),
        ("aarch64", "linux/amd64", "linux/arm64"),
        ("arm", "linux/amd64", "linux/arm/v7"),
        ("armel", "linux/amd64", "linux/arm/v6"),
        ("s390x", "linux/arm/v6", "linux/s390x"),
        ("linux", "linux/arm64", "linux/arm64"),
        ("linux", "linux/arm/v6", "linux/arm/v6"),
        ("windows", "linux/amd64", "windows/amd64"),
        ("macos", "linux/arm64", "darwin/arm64"),
        ("Linux", "linux/amd64", "linux/amd64"),
    ],
)
def test_one_word(host: Callable[[str], None], word: str, here: str, meant: str) -> None:
    host(here)
    assert str(Platform.parse(word).normalised()) == meant


@pytest.mark.parametrize(
    "text",
    [
        "darwin/arm64:macOS 13",
        "darwin/arm64:macOS%2013",
        "darwin/arm64 macOS 13",
        "darwin(macOS%2013)/arm64",
        "darwin(macOS 13)/arm64",
        "macos/aarch64:macOS 13",
    ],
)
def test_ways_to_write_a_version(text: str) -> None:
    found = Platform.parse(text)
    assert found.normalised() == Platform("darwin", "arm64", os_version="macOS 13")
    assert found.normalised().typed == "darwin/arm64:macOS%2013"


_TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "linux",
        "windows",
        "arm64",
        "arm",
        "amd64",
        "v8",
        "v8.1",
        "10.0",
        "10.0.1",
        "macOS 13",
        "unknown",
        "%41",
        "a/b",
        ":",
    ]
)
_ENTRIES = st.fixed_dictionaries(
    {}, optional={"os": _TEXTS, "architecture": _TEXTS, "variant": _TEXTS, "os.version": _TEXTS}
)


@given(st.lists(_ENTRIES, max_size=6))
@example([{"os": "windows", "architecture": "amd64", "os.version": version} for version in ("10.0.1", "10.0", "")])
@example([{"os": "darwin", "architecture": "arm64", "os.version": 'macOS 13, "Ventura" (Ä)\n' + "v" * 300}])
@example([{"os": "a/b", "architecture": " ", "variant": "x:y%2f"}])
def test_what_is_printed_selects_its_entry_when_it_is_given_back(values: list[dict[str, str]]) -> None:
    """One word of a shell, of which nothing has to be quoted."""
    candidates = [Platform.read(Reader(value)) for value in values]
    for candidate in candidates:
        if candidate.known:
            assert candidate.typed.isascii()
            assert not set(candidate.typed) & set(" \t\n\"'$&;|<>()*?[]{}#\\`!")
            at = choose(candidates, Platform.parse(candidate.typed))
            assert at is not None
            assert candidates[at].is_same(candidate)
            assert candidates[at].os_version == candidate.os_version


def test_known() -> None:
    assert Platform("linux", "amd64").known
    assert not Platform("unknown", "unknown").known
    assert not Platform("", "").known


def test_host_is_linux() -> None:
    host = Platform.host()
    assert host.os == "linux"
    assert host == host.normalised()


def test_reading_what_is_hostile() -> None:
    reader = Reader({"os": "lin\x1bux", "architecture": 5, "os.features": "win32k", "variant": "v" * 1000})
    found = Platform.read(reader)
    assert found.os == "lin\\x1bux"
    assert found.architecture == ""
    assert found.os_features == ("win32k",)
    assert len(found.variant) == 256
    assert len(reader.anomalies) == 1


def _platforms(*texts: str) -> list[Platform | None]:
    return [Platform.parse(text) if text else None for text in texts]


@pytest.mark.parametrize(
    ("candidates", "wanted", "index"),
    [
        (["linux/amd64", "linux/arm64/v8"], "linux/aarch64", 1),
        (["linux/arm/v5", "linux/arm/v6"], "linux/arm/v7", 1),
        (["linux/arm/v7"], "linux/arm/v6", None),
        (["linux/arm/v6", "linux/arm/v7"], "linux/arm", 1),
        (["linux/amd64", "linux/amd64/v2"], "linux/amd64/v3", 1),
        (["linux/amd64/v2", "linux/amd64"], "linux/amd64", 1),
        (["linux/amd64", "linux/amd64"], "linux/amd64", 0),
        (["", "linux/amd64"], "linux/s390x", None),
        (["unknown/unknown"], "unknown/unknown", None),
        (["windows/amd64:10.0.17763.1", "windows/amd64:10.0.20348.2527"], "windows/amd64:10.0.20348", 1),
        (["windows/amd64:10.0.203480"], "windows/amd64:10.0.20348", None),
        (["windows/amd64:10.0.17763.1"], "windows/amd64", 0),
        (["windows/amd64:10.0.20348.1", "windows/amd64:10.0.20348"], "windows/amd64:10.0.20348", 1),
        (["windows/amd64:10.0.20348.1", "windows/amd64"], "windows/amd64", 1),
        (["linux/amd64", "linux/arm64"], "linux/arm64/v8.1", 1),
        (["linux/amd64", "linux/arm64"], "linux/arm64/v9.6", 1),
        (["linux/arm64", "linux/arm64/v8.2", "linux/arm64/v8.9"], "linux/arm64/v8.4", 1),
        (["linux/arm64/v8", "linux/arm64/v8.5", "linux/arm64/v8.6"], "linux/arm64/v9", 1),
        (["linux/arm64/v8.9", "linux/arm64/v9.1", "linux/arm64/v9.7"], "linux/arm64/v9.6", 1),
        (["linux/arm64/v8.7"], "linux/arm64/v9.1", None),
        (["linux/arm64/v8.1"], "linux/arm64", None),
        (["linux/arm64"], "linux/arm64/v8.x", None),
        (["linux/arm64"], "linux/arm64/v99999999999999999999", None),
        ([], "linux/amd64", None),
    ],
)
def test_a_wanted_platform(candidates: list[str], wanted: str, index: int | None) -> None:
    assert choose(_platforms(*candidates), Platform.parse(wanted)) == index


def test_without_a_request(host: Callable[[str], None]) -> None:
    host("linux/arm64")
    assert choose(_platforms("linux/amd64", "linux/arm64/v8")) == 1
    assert choose(_platforms("linux/s390x", "linux/amd64")) == 1
    assert choose(_platforms("unknown/unknown", "linux/s390x", "linux/386")) == 1
    assert choose(_platforms("unknown/unknown", "", "")) == 1
    assert choose(_platforms("unknown/unknown")) is None
    assert choose([]) is None
