"""Tar archives by their headers: what tarfile writes is found, and what is hostile is survived."""

from __future__ import annotations

import io
import tarfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.registry.local.archive import EXTENSION_LIMIT, Archive, TarReader, read_archive
from regbrowse.registry.local.byte_range import ByteRange, MemorySource, UnreadableFile
from support.archives import base256, header, link, octal, tar_of

END = bytes(1024)


class Watched(io.BytesIO):
    """Remembers the largest read."""

    most = 0

    def read(self, count: int | None = -1, /) -> bytes:
        self.most = max(self.most, 1 << 60 if count is None or count < 0 else count)
        return super().read(count)


def read(data: bytes, entries: int = 1_000_000) -> tuple[list[tarfile.TarInfo], str]:
    watched = Watched(data)
    reader = TarReader(watched, len(data), entries)
    members = list(reader)
    assert watched.most <= EXTENSION_LIMIT
    assert reader.count == len(members)
    offsets = [each.offset_data for each in members]
    assert offsets == sorted(set(offsets))
    return members, reader.note


def archive(data: bytes) -> Archive:
    return read_archive(io.BytesIO(data), len(data), MemorySource(data))


def contents(data: bytes) -> dict[str, bytes]:
    members, note = read(data)
    assert note == ""
    return {each.name: data[each.offset_data : each.offset_data + each.size] for each in members}


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
    found = archive(data).find("a")
    assert found is not None
    assert found.read(99) == b"newer"


def test_links_inside_the_archive() -> None:
    index = archive(
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
    )
    there = index.find("one/layer.tar")
    assert there is not None
    assert [index.find(name) for name in ("two/layer.tar", "three", "four")] == [there] * 3
    assert index.find("missing") is None
    for name, why in (("out", "not in the archive"), ("self", "itself"), ("ping", "itself"), ("lost", "not in the")):
        with pytest.raises(UnreadableFile, match=why):
            index.find(name)


def test_only_files_are_found() -> None:
    folder, pipe, device = tarfile.TarInfo("d"), tarfile.TarInfo("p"), tarfile.TarInfo("c")
    folder.type, pipe.type, device.type = tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE
    data = tar_of({"d": folder, "p": pipe, "c": device, "after": b"1"})
    index = archive(data)
    assert [index.find(name) for name in "dpc"] == [None, None, None]
    assert index.find("after") is not None


def test_an_old_folder_by_its_slash() -> None:
    assert read(header(b"d/", kind=b"\0") + END)[0][0].isdir()


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
    data = tar_of({"a": b"1"})[:1024]
    assert archive(data) == Archive({"a": ByteRange(MemorySource(data), 512, 1)})


def test_too_many_entries() -> None:
    members, note = read(tar_of({str(number): b"" for number in range(9)}), 5)
    assert len(members) == 5
    assert note == "The archive has more than 5 entries; the rest was not read."


def test_endless_extensions() -> None:
    assert read(header(b"x", kind=b"g") * 2000)[1] == "The archive is damaged after 0 entries."


@contextmanager
def costs_little(seconds: float = 3, memory: int = 16 * 2**20) -> Iterator[None]:
    """Bound the processor time and the new memory of a block."""
    started = time.process_time()
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < memory
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < seconds


def pax(text: bytes, kind: bytes = b"x") -> bytes:
    return header(b"x", octal(len(text)), kind) + text + bytes(-len(text) % 512)


@pytest.mark.parametrize(
    "records", [b"2 " * (2**19 - 2) + b"x=\n", b"1" * 2**20, b"9" * 20 + b" path=" + b"x" * 2**19], ids=len
)
@pytest.mark.parametrize("kind", [b"x", b"g"])
def test_damaged_pax_headers_cost_what_their_size_is(records: bytes, kind: bytes) -> None:
    data = pax(records, kind) + header() + END
    with costs_little():
        assert read(data) == ([], "The archive is damaged after 0 entries.")


def test_many_global_records_cost_nothing_for_every_member() -> None:
    data = pax(b"".join(b"15 key%05d=a\n\n" % number for number in range(20_000)), b"g") + header() * 300 + END
    with costs_little():
        assert len(read(data)[0]) == 300


def test_many_members_cost_little_each() -> None:
    data = b"".join(header(b"blobs/%d" % number) for number in range(4000)) + END
    with costs_little(memory=4000 * 400):
        assert len(archive(data).entries) == 4000


def test_names_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regbrowse.registry.local.archive.NAMES_LIMIT", 1024)
    _, note = read(pax(b"211 path=" + b"n" * 201 + b"\n", b"g") + header() * 9 + END)
    assert note == "The archive has more than 1.0 KiB of names, and was not read further after 5 entries."


def test_an_endless_map_of_a_sparse_file() -> None:
    block = bytearray(header(b"old", kind=b"S", tail=b"ustar  \0"))
    block[482] = 1
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    more = bytes(504) + b"\1" + bytes(7)
    data = bytes(block) + more * 20_000
    with costs_little():
        assert read(data) == ([], "The archive is damaged after 0 entries.")


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
    kinds = [(each.name, each.type) for each in members]
    sparse = tarfile.GNUTYPE_SPARSE
    assert kinds == [("old", sparse), ("real/name", sparse), ("next", tarfile.REGTYPE)]
    assert archive(data).find("old") is archive(data).find("real/name") is None


def test_global_headers_hold_until_told_otherwise() -> None:
    data = pax(b"9 path=g\n", b"g") + header(b"a") + pax(b"9 path=x\n") + header(b"b") + header(b"c") + END
    assert [each.name for each in read(data)[0]] == ["g", "x", "g"]


@given(st.data())
def test_nothing_but_a_note_comes_of_any_bytes(data: st.DataObject) -> None:
    whole = bytearray(tar_of({"a": b"1", "n" * 120: b"2" * 700, "l": link("l", "a")}))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + 1] = data.draw(st.binary(min_size=0, max_size=12))
    members, note = read(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    assert note.isprintable()
    if members:
        index = archive(bytes(whole))
        for name in index.entries:
            index.find(name)
