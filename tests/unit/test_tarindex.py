"""Tar archives by their headers: what tarfile writes is found, and what is hostile is survived."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archives import base256, header, link, octal, tar_of
from regbrowse.registry.local.tarindex import EXTENSION_LIMIT, FileTape, Member, TarIndex, TarReader

END = bytes(1024)


class Watched(io.BytesIO):
    """Remembers the largest read."""

    most = 0

    def read(self, count: int | None = -1, /) -> bytes:
        self.most = max(self.most, 1 << 60 if count is None or count < 0 else count)
        return super().read(count)


def read(data: bytes, entries: int = 1_000_000) -> tuple[list[Member], str]:
    watched = Watched(data)
    reader = TarReader(FileTape(watched, len(data)), entries)
    members = list(reader)
    assert watched.most <= EXTENSION_LIMIT
    assert reader.count == len(members)
    return members, reader.note


def contents(data: bytes) -> dict[str, bytes]:
    members, note = read(data)
    assert note == ""
    return {each.name: data[each.offset : each.offset + each.size] for each in members}


NAMES = ["short", "a/" + "long/" * 60 + "end", "ünïcode", "x" * 99, "d/" + "y" * 98, "p" * 150 + "/" + "q" * 90]


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_tarfile_writes(format: int) -> None:
    names = [name for name in NAMES if format != tarfile.USTAR_FORMAT or len(name) < 255]
    files = {name: name.encode() * count for count, name in enumerate(names)}
    assert contents(tar_of(files, format=format)) == files


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=300).filter(
            lambda name: name not in (".", "..")
        ),
        st.binary(max_size=1500),
        max_size=5,
    )
)
def test_every_name_and_content(files: dict[str, bytes]) -> None:
    assert contents(tar_of(files)) == files
    assert contents(tar_of(files, format=tarfile.GNU_FORMAT)) == files


def test_names_that_are_no_utf8() -> None:
    members, _ = read(header(b"caf\xe9") + END)
    assert members[0].name.encode("utf-8", "surrogateescape") == b"caf\xe9"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("./a", "a"), ("/abs", "abs"), ("../../x", "../../x"), ("a//b/./c", "a/b/c"), ("./", ""), (".", "")],
)
def test_names_are_made_plain(written: str, read_as: str) -> None:
    assert [each.name for each in read(header(written.encode()) + END)[0]] == [read_as]


def test_the_last_of_a_name_counts() -> None:
    data = tar_of({"a": b"old"}).rstrip(b"\0").ljust(1024, b"\0") + tar_of({"./a": b"newer"})
    found = TarIndex(read(data)[0]).find("a")
    assert found is not None
    assert data[found.offset : found.offset + found.size] == b"newer"


def test_links_inside_the_archive() -> None:
    index = TarIndex(
        read(
            tar_of(
                {
                    "one/layer.tar": b"layer",
                    "two": link("two/layer.tar", "../one/layer.tar"),
                    "three": link("three", "one/layer.tar", hard=True),
                    "four": link("four", "/three"),
                    "out": link("out", "../../etc/passwd"),
                    "self": link("self", "self"),
                    "ping": link("ping", "pong"),
                    "pong": link("pong", "ping"),
                    "lost": link("lost", "nowhere", hard=True),
                }
            )
        )[0]
    )
    there = index.find("one/layer.tar")
    assert there is not None
    assert [index.find(name) for name in ("two/layer.tar", "three", "four")] == [there] * 3
    assert [index.find(name) for name in ("out", "self", "ping", "lost", "missing")] == [None] * 5


def test_only_files_are_found() -> None:
    folder, pipe, device = tarfile.TarInfo("d"), tarfile.TarInfo("p"), tarfile.TarInfo("c")
    folder.type, pipe.type, device.type = tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE
    data = tar_of({"d": folder, "p": pipe, "c": device, "after": b"1"})
    index = TarIndex(read(data)[0])
    assert [index.find(name) for name in "dpc"] == [None, None, None]
    assert index.find("after") is not None


def test_an_old_folder_by_its_slash() -> None:
    assert read(header(b"d/", kind=b"\0") + END)[0][0].kind == "folder"


def test_a_prefix_belongs_to_ustar_only() -> None:
    block = bytearray(header(b"name"))
    block[345:351] = b"prefix"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert read(bytes(block) + END)[0][0].name == "prefix/name"


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
@pytest.mark.parametrize("size", [EXTENSION_LIMIT + 1, 8 * 2**30, 100 * 2**20])
def test_extensions_that_claim_too_large_are_not_read(kind: bytes, size: int) -> None:
    data = tar_of({"a": b"1"})[:1024] + header(b"big", base256(size), kind) + bytes(4096)
    members, note = read(data)
    assert [each.name for each in members] == ["a"]
    assert note == "The archive claims a name that is too long, and was not read further after 1 entry."


def test_an_extension_at_the_limit_is_read() -> None:
    name = b"n" * (EXTENSION_LIMIT - 1) + b"\0"
    data = header(b"@LongLink", octal(len(name)), b"L") + name + header(b"short") + END
    assert len(read(data)[0][0].name) == EXTENSION_LIMIT - 1


@pytest.mark.parametrize(
    "bad",
    [
        header(size=base256(-1)),
        header(size=base256(-(2**60))),
        header(size=base256(2**80)),
        header(size=b"99999999999\0"),
        header(checksum=b"000000\0 "),
        header(b"x", octal(20), b"x") + b"20 size=-00000000001".ljust(512, b"\0"),
        header(b"x", octal(9), b"x") + b"9999 a=b\n".ljust(512, b"\0"),
        header(b"x", octal(6), b"x") + b"0 a=b\n".ljust(512, b"\0"),
        header(b"x", octal(12), b"x") + b"12 size=one\n".ljust(512, b"\0") + header(),
        b"not a header at all".ljust(512, b"."),
    ],
)
def test_damage_ends_the_reading(bad: bytes) -> None:
    members, note = read(tar_of({"a": b"1"})[:1024] + bad + header(b"later") + END)
    assert [each.name for each in members] == ["a"]
    assert note == "The archive is damaged after 1 entry."


@pytest.mark.parametrize("length", [1030, 1500, 1536 + 200, 1536 + 999])
def test_what_is_cut_off(length: int) -> None:
    data = tar_of({"a": b"1", "b": b"2" * 1000})
    members, note = read(data[:length])
    assert note == f"The archive is cut off after {'1 entry' if length < 1536 else '2 entries'}."
    assert members[0].name == "a"


def test_an_archive_without_an_end_is_whole() -> None:
    assert read(tar_of({"a": b"1"})[:1024]) == ([Member("a", "file", 512, 1)], "")


def test_too_many_entries() -> None:
    members, note = read(tar_of({str(number): b"" for number in range(9)}), 5)
    assert len(members) == 5
    assert note == "The archive has more than 5 entries; the rest was not read."


def test_endless_extensions() -> None:
    assert read(header(b"x", kind=b"g") * 2000)[1] == "The archive is damaged after 0 entries."


def test_sparse_files_are_no_files() -> None:
    old = bytearray(header(b"old", octal(512), b"S", tail=b"ustar  \0"))
    old[482] = 1
    old[148:156] = b" " * 8
    old[148:156] = b"%06o\0 " % sum(old)
    record = b"22 GNU.sparse.major=1\n29 GNU.sparse.name=real/name\n"
    pax = header(b"x", octal(len(record)), b"x") + record.ljust(512, b"\0") + header(b"GNUSparseFile.0/n", octal(3))
    data = bytes(old) + bytes(512) + b"o" * 512 + pax + b"abc".ljust(512, b"\0") + header(b"next") + END
    members, note = read(data)
    assert note == ""
    kinds = [(each.name, each.kind) for each in members]
    assert kinds == [("old", "sparse"), ("real/name", "sparse"), ("next", "file")]
    assert TarIndex(members).find("old") is None


def test_global_headers_hold_until_told_otherwise() -> None:
    def record(kind: bytes, text: bytes) -> bytes:
        return header(b"x", octal(len(text)), kind) + text.ljust(512, b"\0")

    data = record(b"g", b"9 path=g\n") + header(b"a") + record(b"x", b"9 path=x\n") + header(b"b") + header(b"c") + END
    assert [each.name for each in read(data)[0]] == ["g", "x", "g"]


@given(st.data())
def test_nothing_but_a_note_comes_of_any_bytes(data: st.DataObject) -> None:
    whole = bytearray(tar_of({"a": b"1", "n" * 120: b"2" * 700, "l": link("l", "a")}))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + 1] = data.draw(st.binary(min_size=0, max_size=12))
    members, note = read(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    assert note.isprintable()
    index = TarIndex(members)
    for name in index.names():
        index.find(name)
