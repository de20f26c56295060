"""Blobs that are cut, altered, too long, or served in parts nobody asked for."""

from __future__ import annotations

import pytest

from faults.answers import CHUNKED, Headers, chunks, http, problem
from faults.asking import BLOB, BLOB_PATH, TAG, WHAT, blob, here, sent, start
from faults.internet import Internet
from faults.rows import row
from faults.server import TRUTH, End, Endless, Gate, Misbehaving, Part, Script
from faults.trial import MIB, trial
from regbrowse.errors import BadResponse, Integrity, NetError, NotFound, RegbrowseError, TooLarge
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Image
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from regbrowse.registry.models import Settings
from support import images
from support.fake_registry import lie

AREA = "Blobs"
RAW = BLOB.raw
SIZE = len(RAW)
COUNT = 64


def cut(raw: bytes, at: int) -> list[Part]:
    return [http(200, b"", [("Content-Length", str(len(raw)))], length=False) + raw[:at], End.CLOSE]


def part(body: bytes, ranges: list[str], more: Headers = ()) -> bytes:
    return http(206, body, [*(("Content-Range", each) for each in ranges), *more])


@row(AREA, server="ignores a range and sends 4 GB", client="reads what it asked for and closes the connection")
async def test_ignored_ranges(server: Misbehaving) -> None:
    huge = Descriptor("", WHAT.digest, 4 * 2**30)
    server.on(BLOB_PATH, [http(200, b"", [("Content-Length", str(2**32))], length=False), RAW, Endless(b"x" * 65_536)])
    seen = await trial(server, start(server, 1000, huge), at_most=2, memory=20 * MIB)
    assert seen.answer == RAW[:1000]
    await server.gone.wait()
    assert next(one for one in server.asked if one.path == BLOB_PATH).header("range") == "bytes=0-999"


@row(
    AREA,
    server="206 with a missing, doubled, shifted, too long or impossible `Content-Range`, or another total",
    client="refuses the part",
)
@pytest.mark.parametrize(
    "ranges",
    [
        [],
        [f"bytes 5-68/{SIZE}"],
        [f"bytes */{SIZE}"],
        ["bytes 5-1/9"],
        ["bytes=0-63/*"],
        ["items 0-63/*"],
        [f"bytes 0-63/{SIZE}", f"bytes 0-63/{SIZE}"],
        [f"bytes 0-99/{SIZE}"],
        ["bytes 0-63/9"],
        [f"bytes 0-63/{SIZE + 1}"],
        ["bytes 0-" + "9" * 5000 + "/*"],
    ],
)
async def test_strange_parts(server: Misbehaving, ranges: list[str]) -> None:
    server.on(BLOB_PATH, part(RAW[:COUNT], ranges))
    seen = await trial(server, start(server, COUNT), at_most=3)
    assert isinstance(seen.error, BadResponse | Integrity), seen.answer


@row(AREA, server="206 with `*` as total, in any case, without a type", client="uses the part")
@pytest.mark.parametrize("ranges", [["bytes 0-63/*"], [f"BYTES 0-63/{SIZE}"]])
async def test_legal_parts(server: Misbehaving, ranges: list[str]) -> None:
    server.on(BLOB_PATH, part(RAW[:COUNT], ranges))
    seen = await trial(server, start(server, COUNT), at_most=2)
    assert seen.answer == RAW[:COUNT]


@row(AREA, server="206 as multipart, or with a `Content-Encoding`", client="refuses the part")
@pytest.mark.parametrize(
    "headers", [[("Content-Type", "multipart/byteranges; boundary=a:b")], [("Content-Encoding", "gzip")]]
)
async def test_parts_in_wrappings(server: Misbehaving, headers: Headers) -> None:
    server.on(BLOB_PATH, part(RAW[:COUNT], [f"bytes 0-63/{SIZE}"], headers))
    seen = await trial(server, start(server, COUNT), at_most=3)
    assert isinstance(seen.error, BadResponse), seen.answer


@row(
    AREA,
    server="206 with fewer bytes than its `Content-Range` announces",
    client="does not use it as if complete",
)
async def test_short_parts(server: Misbehaving) -> None:
    server.on(BLOB_PATH, part(RAW[:10], [f"bytes 0-63/{SIZE}"]))
    seen = await trial(server, start(server, COUNT), at_most=5)
    assert isinstance(seen.error, BadResponse | Integrity | NetError), seen.answer


@row(
    AREA,
    server="206 with a shorter part than asked for, as is legal",
    client="asks again for the rest",
)
async def test_parts_in_pieces(server: Misbehaving) -> None:
    def answer(request: object) -> bytes:
        first = int(str(getattr(request, "header")("range")).removeprefix("bytes=").partition("-")[0])  # noqa: B009
        end = min(first + 20, COUNT) - 1
        return part(RAW[first : end + 1], [f"bytes {first}-{end}/{SIZE}"])

    server.on(BLOB_PATH, answer)
    seen = await trial(server, start(server, COUNT), at_most=6)
    assert seen.answer == RAW[:COUNT]


@row(AREA, server="416 for content that is there", client="says that there is less of it than its size says")
async def test_refused_ranges(server: Misbehaving) -> None:
    server.on(BLOB_PATH, http(416, b"", [("Content-Range", "bytes */10")]))
    seen = await trial(server, start(server, COUNT), at_most=2)
    assert isinstance(seen.error, Integrity)


@row(
    AREA,
    server="more or less content than the descriptor's size, announced or not",
    client="refuses it, before reading where it is announced",
)
@pytest.mark.parametrize("size", [SIZE - 1, SIZE + 1, 1, 0])
@pytest.mark.parametrize("announced", [True, False])
async def test_wrong_sizes(server: Misbehaving, size: int, announced: bool) -> None:
    server.on(BLOB_PATH, http(200, RAW) if announced else [http(200, RAW, length=False), End.CLOSE])
    seen = await trial(server, blob(server, Descriptor("", WHAT.digest, size)), at_most=3)
    assert isinstance(seen.error, Integrity)


@row(AREA, server="a descriptor says that the content is 20 MB", client="does not ask for it unless told to")
async def test_announced_as_too_large(server: Misbehaving) -> None:
    seen = await trial(server, blob(server, Descriptor("", WHAT.digest, 20 * MIB)), at_most=0, cancel=False)
    assert isinstance(seen.error, TooLarge)


@row(AREA, server="a blob without a named size and without end", client="stops at the limit")
async def test_blobs_without_end(server: Misbehaving) -> None:
    server.on(BLOB_PATH, [http(200, b"", [CHUNKED], length=False), Endless(chunks(b"x" * 65_536, end=False))])
    seen = await trial(server, blob(server, Descriptor("", WHAT.digest, None)), at_most=2, memory=50 * MIB)
    assert isinstance(seen.error, TooLarge)
    await server.gone.wait()


@row(AREA, server="the body is cut at half, or reset, once or twice", client="gets the rest and verifies the whole")
@pytest.mark.parametrize("how", [End.CLOSE, End.RESET])
@pytest.mark.parametrize("times", [1, 2])
async def test_cut_bodies(server: Misbehaving, how: End, times: int) -> None:
    server.truth.repository("acme/app").blobs[BLOB.digest] = RAW
    broken: Script = [*cut(RAW, SIZE // 2)[:1], how]
    server.on(BLOB_PATH, *[broken] * times, TRUTH)
    seen = await trial(server, blob(server), at_most=5)
    assert seen.answer == RAW


@row(AREA, server="the body is always cut", client="gives up after a bounded number of tries")
async def test_always_cut_bodies(server: Misbehaving) -> None:
    server.on(BLOB_PATH, cut(RAW, SIZE // 2))
    seen = await trial(server, blob(server), at_most=5)
    assert isinstance(seen.error, NetError)
    assert "broke off" in seen.why


@row(
    AREA,
    server="two lengths that differ, a negative one, garbage in chunks, chunks that end early",
    client="does not use the body",
)
@pytest.mark.parametrize(
    "script",
    [
        http(200, RAW, [("Content-Length", "5")]),
        http(200, RAW, [("Content-Length", "-1")], length=False),
        http(200, RAW, [("Content-Length", "0x10")], length=False),
        http(200, RAW, [("Content-Length", "9" * 40)], length=False),
        http(200, b"zzz\r\n", [CHUNKED], length=False),
        http(200, b"5\r\nabcdeXX", [CHUNKED], length=False),
        http(200, b"f" * 40 + b"\r\n", [CHUNKED], length=False),
        [http(200, chunks(RAW[:50], end=False), [CHUNKED], length=False), End.CLOSE],
    ],
)
async def test_broken_framing(server: Misbehaving, script: Script) -> None:
    server.on(BLOB_PATH, script)
    seen = await trial(server, blob(server), at_most=5)
    assert isinstance(seen.error, NetError | Integrity | BadResponse | TooLarge)


@row(AREA, server="more bytes than `Content-Length` says", client="uses what was announced when its digest is right")
async def test_bytes_behind_the_end(server: Misbehaving) -> None:
    server.on(BLOB_PATH, http(200, RAW, [("Content-Length", str(SIZE))], length=False) + b"more" * 100)
    seen = await trial(server, blob(server), at_most=2)
    assert seen.answer == RAW


@row(AREA, server="stalls at 90 % of the body", client="stops at its deadline and closes the connection")
async def test_stalled_bodies(server: Misbehaving) -> None:
    gate = Gate()
    server.on(BLOB_PATH, [*cut(RAW, SIZE * 9 // 10)[:1], gate])
    seen = await trial(server, blob(server), at_most=4, settings=Settings(pause=0, deadline=0.2))
    assert isinstance(seen.error, NetError)
    assert "too slowly" in seen.why
    assert seen.seconds < 2


@row(AREA, server="altered bytes, a web page, nothing", client="says that it does not match; it is not used or kept")
@pytest.mark.parametrize("body", [lie(RAW), b"<html>Log in</html>", b"", b"\x00" * SIZE])
async def test_altered_bytes(server: Misbehaving, body: bytes) -> None:
    server.on(BLOB_PATH, http(200, body))
    digest = WHAT.digest
    assert digest is not None

    async def ask(client: Client) -> bytes:
        try:
            return await client.blob(here(server), Descriptor("", digest, None))
        finally:
            assert client.cached(digest) is None

    seen = await trial(server, ask, at_most=3)
    assert isinstance(seen.error, Integrity)
    assert ("web page" in seen.why) is body.startswith(b"<")


@row(AREA, server="holds a manifest, but not the content it names", client="says so")
@pytest.mark.parametrize("status", [404, 410])
async def test_missing_blobs(server: Misbehaving, status: int) -> None:
    server.on(BLOB_PATH, problem(status, "BLOB_UNKNOWN"))
    seen = await trial(server, blob(server), at_most=2)
    assert isinstance(seen.error, NotFound)
    assert "does not hold it" in seen.why


@row(AREA, server="a blob of zero bytes", client="reads it")
async def test_empty_blobs(server: Misbehaving) -> None:
    digest = Digest.of(b"")
    server.on(f"/v2/acme/app/blobs/{digest}", http(200, b""))
    seen = await trial(server, blob(server, Descriptor("", digest, 0)), at_most=2)
    assert seen.answer == b""


@row(
    AREA,
    server="a layer names other places it could be had: a private host, one that wants a login, a file",
    client="never contacts them by itself",
)
async def test_foreign_layers(server: Misbehaving, other: Misbehaving, net: Internet) -> None:
    urls = [f"{other.url}/layer", "http://10.0.0.5/layer", "https://evil.example/x", "file:///etc/passwd"]
    value = {
        "schemaVersion": 2,
        "mediaType": images.OCI_MANIFEST,
        "config": images.config().descriptor(),
        "layers": [BLOB.descriptor(urls=urls)],
    }
    server.on(TAG, sent(images.dump(value)))

    async def ask(client: Client) -> RegbrowseError:
        image = await client.manifest(here(server), "1")
        assert isinstance(image, Image)
        assert len(image.layers[0].urls) == 4
        with pytest.raises(NotFound) as caught:
            await client.blob(here(server), image.layers[0])
        return caught.value

    await trial([server, other], ask, at_most=3)
    assert not other.asked
    assert not net.looked_up
