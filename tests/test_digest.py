"""How content relates to what named it."""

from __future__ import annotations

import pytest

from regbrowse.digest import Digest, Verification

CONTENT = b"content"
DIGEST = Digest.of(CONTENT)


@pytest.mark.parametrize(
    ("digest", "size", "digest_matches", "size_matches"),
    [
        (DIGEST, 7, True, True),
        (DIGEST, 8, True, False),
        (DIGEST, None, True, None),
        (Digest.of(CONTENT, "sha512"), 7, True, True),
        (Digest.of(b"other"), 7, False, True),
        (Digest("blake3", DIGEST.encoded), 7, None, True),
    ],
)
def test_content_against_what_named_it(
    digest: Digest, size: int | None, digest_matches: bool | None, size_matches: bool | None
) -> None:
    found = Verification.of(CONTENT, digest, size)
    assert (found.digest_matches, found.size_matches) == (digest_matches, size_matches)
    assert (found.digest, found.size, found.length) == (digest, size, 7)
    assert found.computed == (Digest.of(CONTENT, digest.algorithm) if digest_matches is not None else None)


def test_a_digest_over_a_part_of_the_content() -> None:
    found = Verification.of(b"content and signature", DIGEST, 21, signed=CONTENT)
    assert (found.digest_matches, found.size_matches) == (True, True)
