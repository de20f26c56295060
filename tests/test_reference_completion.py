"""Which list completes what was typed."""

from __future__ import annotations

import pytest

from regbrowse.reference_completion import Listing, listing_for


@pytest.mark.parametrize(
    ("typed", "listing"),
    [
        ("alp", None),
        ("alpine:", Listing("alpine", "alpine:", "")),
        ("alpine:3.", Listing("alpine", "alpine:", "3.")),
        ("ghcr.io/org/app:1", Listing("ghcr.io/org/app", "ghcr.io/org/app:", "1")),
        ("localhost:5000/app:1", Listing("localhost:5000/app", "localhost:5000/app:", "1")),
        ("localhost:5000/ap", Listing("localhost:5000/", "localhost:5000/", "ap")),
        ("localhost:50", None),
        ("registry.example.com:50", None),
        ("org/ap", None),
        ("demo/ap", Listing("demo/", "demo/", "ap")),
        ("alpine@sha256:", None),
        ("oci:im", None),
        ("oci:images/app:1", Listing("oci:images/app", "oci:images/app:", "1")),
    ],
)
def test_which_list_is_asked_for(typed: str, listing: Listing | None) -> None:
    assert listing_for(typed, ("demo",), ("oci:",)) == listing
