"""Each limit at its value, and one beyond."""

from __future__ import annotations

import json
from typing import get_args, get_type_hints

import pytest

from regbrowse.errors import BadReference, BadResponse, TooLarge
from regbrowse.oci.config import CONFIG_LIMIT, parse_config
from regbrowse.oci.document import CONTAINER_LIMIT, DEPTH_LIMIT, DOCUMENT_LIMIT, parse_json
from regbrowse.oci.index_walk import MAX_DEPTH
from regbrowse.oci.manifest import DESCRIPTOR_LIMIT, Index, parse_manifest
from regbrowse.reference import (
    INPUT_LIMIT,
    PATH_LIMIT,
    Digest,
    Registry,
    is_repository_path,
    is_tag,
    parse_reference,
)
from regbrowse.reference_input import PASTE_LIMIT, read_typed
from regbrowse.registry.auth.challenge import MAX_LINE, MAX_LINES, parse_challenges
from regbrowse.registry.models import Settings
from regbrowse.registry.referrers.api import MAX_ENTRIES, read_page
from regbrowse.registry.requests import Kind, Request
from regbrowse.registry.transport.transport import Transport
from regbrowse.tui.manifest_tree import Tree
from support import images


@pytest.mark.parametrize(
    ("fits", "beyond", "word"),
    [
        ("[" * DEPTH_LIMIT + "]" * DEPTH_LIMIT, "[" * (DEPTH_LIMIT + 1) + "]" * (DEPTH_LIMIT + 1), "nested too deeply"),
        ("[" + "{}," * (CONTAINER_LIMIT - 2) + "{}]", "[" + "{}," * (CONTAINER_LIMIT - 1) + "{}]", "500,000 objects"),
        ("9" * 308, "9" * 309, "309 digits"),
        ("-" + "9" * 308, "-" + "9" * 309, "309 digits"),
        ("0." + "1" * 62, "0." + "1" * 63, "out of range"),
        ("1e308", "1e309", "out of range"),
    ],
)
def test_json(fits: str, beyond: str, word: str) -> None:
    assert parse_json(fits.encode()).anomalies == ()
    with pytest.raises(BadResponse, match=word):
        parse_json(beyond.encode())


@pytest.mark.parametrize("limit", [DOCUMENT_LIMIT, CONFIG_LIMIT])
def test_documents(limit: int) -> None:
    raw = b'{"created":"x"}'.ljust(limit)
    assert parse_config(raw, limit=limit).created == "x"
    with pytest.raises(TooLarge):
        parse_config(raw + b" ", limit=limit)


def test_entries_of_an_index() -> None:
    entry = {"digest": str(Digest.of(b"")), "size": 0}
    for count in (DESCRIPTOR_LIMIT, DESCRIPTOR_LIMIT + 1):
        index = parse_manifest(json.dumps({"schemaVersion": 2, "manifests": [entry] * count}).encode())
        assert isinstance(index, Index)
        assert len(index.manifests) == DESCRIPTOR_LIMIT
        said = f"manifests has {count:,} entries; the first {DESCRIPTOR_LIMIT:,} are shown."
        assert (said in index.anomalies) is (count > DESCRIPTOR_LIMIT)


def test_entries_of_a_page_of_attachments() -> None:
    for count in (MAX_ENTRIES, MAX_ENTRIES + 1, MAX_ENTRIES + 2):
        page = read_page(json.dumps({"manifests": [{"digest": "x"}] * count}).encode())
        assert page is not None
        # One more than is shown, so that whoever counts sees that there is more.
        assert len(page) == min(count, MAX_ENTRIES + 1)


@pytest.mark.parametrize("levels", [MAX_DEPTH, MAX_DEPTH + 1])
def test_nested_indexes(levels: int) -> None:
    made = images.image()
    chain = []
    for _ in range(1 + levels):
        made = images.index(made)
        chain.append(made)
    tree = Tree(parse_manifest(made.raw))
    for each in chain[:-1]:
        tree.children[Digest.parse(each.digest)] = parse_manifest(each.raw)
    rows = tree.rows()
    assert (rows[-1].kind == "image") is (levels == MAX_DEPTH)
    assert (rows[-1].note == "nested too deeply") is (levels > MAX_DEPTH)


def test_what_is_typed() -> None:
    assert is_tag("a" * 128)
    assert not is_tag("a" * 129)
    assert is_repository_path("a" * PATH_LIMIT)
    assert not is_repository_path("a" * (PATH_LIMIT + 1))
    assert parse_reference(f"example.com/{'a' * PATH_LIMIT}").repository.path
    with pytest.raises(BadReference, match="256 characters long; registries allow 255"):
        parse_reference(f"example.com/{'a' * (PATH_LIMIT + 1)}")
    with pytest.raises(BadReference, match="1,025 characters"):
        parse_reference("a" * (INPUT_LIMIT + 1))
    read_typed(f"alpine{' ' * (PASTE_LIMIT - 6)}")
    with pytest.raises(BadReference, match="4,097 characters"):
        read_typed(f"alpine{' ' * (PASTE_LIMIT - 5)}")


def test_challenges() -> None:
    found = parse_challenges([*["Negotiate"] * (MAX_LINES - 1), "Basic realm=x", "Bearer realm=y"])
    assert [each.scheme for each in found] == ["negotiate"] * (MAX_LINES - 1) + ["basic"]
    line = "Basic realm=x".rjust(MAX_LINE)
    assert parse_challenges([line])[0].get("realm") == "x"
    assert parse_challenges([f" {line}"])[0].get("realm") == ""


def test_nothing_can_be_asked_with_a_method_that_changes_anything() -> None:
    assert set(get_args(get_type_hints(Request)["method"])) == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize("kind", [kind for kind in get_args(Kind) if kind != "token"])
async def test_only_tokens_are_asked_for_with_post(kind: Kind) -> None:
    registry = Registry.parse("registry.example.com")
    transport = Transport(Settings())
    with pytest.raises(ValueError, match="Nothing but a token"):
        await transport.send(Request(registry, kind, "/v2/", "Reading", "x", method="POST"), "https://x.invalid/v2/")
    await transport.aclose()
