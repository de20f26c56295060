from __future__ import annotations

import httpx
import pytest

from regbrowse.reference import Registry
from regbrowse.registry.content.blobs import served_range
from regbrowse.registry.headers import ContentRange, content_range
from regbrowse.registry.requests import Request, Response

QUESTION = Request(Registry.parse("registry.example.com"), "blob", "/v2/a/blobs/x", "Reading a", "a")


def part(body: bytes, *ranges: str, **headers: str) -> Response:
    sent = [("Content-Range", each) for each in ranges]
    sent += [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Response(QUESTION, 206, httpx.Headers(sent), body, "https://registry.example.com/v2/a/blobs/x", 0.1)


@pytest.mark.parametrize(
    ("line", "span"),
    [
        ("bytes 0-1/2", ContentRange(0, 1, 2)),
        ("bytes 0-1/*", ContentRange(0, 1, None)),
        ("BYTES 0-1/2", ContentRange(0, 1, 2)),
        (" bytes 7-7/8 ", ContentRange(7, 7, 8)),
    ],
)
def test_ranges_that_can_be_true(line: str, span: ContentRange) -> None:
    assert content_range([line]) == span


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        ["bytes 5-1/9"],
        ["bytes */9"],
        ["bytes 0-9/5"],
        ["bytes 0-9/9"],
        ["bytes=0-1/2"],
        ["bytes 0-1"],
        ["bytes -1/2"],
        ["items 0-1/2"],
        ["bytes 0-1/2, bytes 0-1/2"],
        ["bytes 0-1/2", "bytes 0-1/2"],
        ["bytes 0-" + "9" * 5000 + "/*"],
        ["bytes ٠-١/٢"],
    ],
)
def test_ranges_that_cannot(lines: list[str]) -> None:
    assert content_range(lines) is None


def test_a_part_may_be_shorter_than_asked_for() -> None:
    assert served_range(part(b"abc", "bytes 4-6/9", content_encoding="identity"), 4, 8) == ContentRange(4, 6, 9)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (part(b"abc", "bytes 3-5/9"), "another part"),
        (part(b"abcdef", "bytes 4-9/20"), "another part"),
        (part(b"abc"), "another part"),
        (part(b"ab", "bytes 4-6/9"), "not as long"),
        (part(b"abcd", "bytes 4-6/9"), "not as long"),
        (part(b"abc", "bytes 4-6/9", content_encoding="gzip"), "a form"),
        (part(b"abc", "bytes 4-6/9", content_type="Multipart/ByteRanges; boundary=a:b"), "a form"),
    ],
)
def test_parts_that_are_of_no_use(reply: Response, words: str) -> None:
    found = served_range(reply, 4, 8)
    assert isinstance(found, str)
    assert words in found
