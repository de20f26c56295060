"""Platforms: spelling, and which one is taken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from regbrowse.errors import BadReference
from regbrowse.oci.document import Reader
from regbrowse.oci.platform import Platform, choose


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
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
    "text", ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/amd64:", "linux/a b", "linux/\x1b"]
)
def test_refuses(text: str) -> None:
    with pytest.raises(BadReference) as caught:
        Platform.parse(text)
    assert str(caught.value).isprintable()


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
