"""Content addresses (image-spec, descriptor.md, Digests)."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple, Protocol

from regbrowse.errors import BadReference
from regbrowse.text import visible

_HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128, "blake3": 64}
_DIGEST = re.compile(r"([a-z0-9]+(?:[+._-][a-z0-9]+)*):([A-Za-z0-9=_-]+)")


class Hasher(Protocol):
    """What is used of a hash object."""

    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class Digest(NamedTuple):
    """A content address, `algorithm:encoded` (image-spec, descriptor.md, Digests)."""

    algorithm: str
    encoded: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Raises BadReference when the text is no digest or has the wrong length for its algorithm."""
        match = _DIGEST.fullmatch(text)
        if not match:
            raise BadReference(
                f'"{visible(text)}" is not a valid digest: it has the form "sha256:" and 64 lower-case hex digits.'
            )
        algorithm, encoded = match.groups()
        length = _HEX_LENGTHS.get(algorithm)
        if length and not re.fullmatch(rf"[a-f0-9]{{{length}}}", encoded):
            raise BadReference(
                f'"{visible(text)}" is not a valid digest: {algorithm} needs {length} lower-case hex digits'
                f" (got {len(encoded)})."
            )
        if len(encoded) > 512:
            raise BadReference("A digest of more than 512 characters is not usable.")
        return cls(algorithm, encoded)

    @classmethod
    def read(cls, text: str) -> Digest | None:
        """Parse what a document or a header names as a digest; None when it is none."""
        try:
            return cls.parse(text)
        except BadReference:
            return None

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> Digest:
        return cls(algorithm, hashlib.new(algorithm, content).hexdigest())

    def hasher(self) -> Hasher | None:
        """A fresh hash of this algorithm; None when it is not one that can be checked here."""
        if self.algorithm in ("sha256", "sha384", "sha512"):
            return hashlib.new(self.algorithm)
        return None

    def matches(self, content: bytes) -> bool | None:
        """Whether the content hashes to this digest; None when that cannot be checked here."""
        hasher = self.hasher()
        if hasher is None:
            return None
        hasher.update(content)
        return hasher.hexdigest() == self.encoded

    @property
    def short(self) -> str:
        """The algorithm and the first 12 digits, for lists."""
        return f"{self.algorithm}:{self.encoded[:12]}"

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.encoded}"


class Verification(NamedTuple):
    """How content relates to the digest and the size that named it."""

    digest: Digest
    """The digest that a reference, a descriptor or a header named."""
    computed: Digest | None
    """The digest of the content; None for an algorithm that cannot be computed here."""
    size: int | None
    """The size that was named, in bytes; None when none was."""
    length: int
    """Bytes of the content."""

    @classmethod
    def of(
        cls, content: bytes, digest: Digest, size: int | None = None, *, signed: bytes | None = None
    ) -> Verification:
        """Compare content with what named it; `signed` is the part that the digest is over, if not all of it."""
        can_compute = digest.hasher() is not None
        computed = Digest.of(content if signed is None else signed, digest.algorithm) if can_compute else None
        return cls(digest, computed, size, len(content))

    @property
    def digest_matches(self) -> bool | None:
        """None when it cannot be verified here."""
        return None if self.computed is None else self.computed == self.digest

    @property
    def size_matches(self) -> bool | None:
        """None when no size was named."""
        return None if self.size is None else self.size == self.length
