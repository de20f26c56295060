"""The releases of a repository that has hundreds: only the newest is committed, the others are derived from it."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

_KEPT = 64
"""Releases in memory, about 150 KB each."""
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z"
_HEX = "[0-9a-f]{32,64}"
"""A digest, or the half of one by which SBOMs and provenance name their subjects, or the revision."""
_SIZE = r'(?<="size": )\d+'


class Releases:
    """Derives each release from the documents of the newest one: with its version, its times and its layers.

    A document names others by their digests and sizes, so children are derived before their parents. The signature of
    a release is derived in the same way. `releases.json` holds (digests are without `sha256:`):

    - `newest`, `created`: the tag of the committed release and its time;
    - `documents`, `signature`: the digests of its documents and of those of its signature, children first;
    - `releases`: for each tag its time, and which `changes` it has: texts to replace in the documents;
    - `sizes`: the sizes of layers that the changes bring in;
    - `aliases`: for each further tag the release that it points to;
    - `signatures`: digests that are signed; a tag is made of each (cosign, SIGNATURE_SPEC.md).
    """

    def __init__(self, folder: Path) -> None:
        blobs = folder / "blobs" / "sha256"
        value = json.loads((folder / "releases.json").read_bytes())
        self._newest: str = value["newest"]
        self._created: str = value["created"]
        self._documents: list[str] = value["documents"]
        self._signature: list[str] = value["signature"]
        self._changes: dict[str, dict[str, str]] = value["changes"]
        self._sizes: dict[str, int] = value["sizes"]
        self._releases: dict[str, list[str]] = value["releases"]
        self._aliases: dict[str, str] = value["aliases"]
        self._signed = {f"sha256-{encoded}.sig": encoded for encoded in value["signatures"]}
        self.tags = [*self._releases, *self._aliases, *self._signed]
        self.documents = lru_cache(_KEPT)(self._derive)
        """The documents of a tag by their digests without `sha256:`; the one that the tag points to is the last."""
        self.derived: set[str] = set()
        """The tags that were derived at least once."""
        self._named_by: dict[str, str] = {}
        """For each digest in their descriptors the tag where it was met first; not all that is named exists."""
        changed = {word for words in self._changes.values() for word in words if not re.fullmatch(_HEX, word)}
        words = "|".join((_TIME, _HEX, _SIZE, *map(re.escape, sorted({f'"{self._newest}"', *changed}))))
        self._split = {
            original: re.split(f"({words})", (blobs / original).read_bytes().decode())
            for original in (*self._documents, *self._signature)
        }
        """The documents of the newest release, and its signature: every second piece is a word that may change."""

    def digest(self, tag: str) -> str | None:
        """The digest that a derived tag points to."""
        tag = self._aliases.get(tag, tag)
        if tag not in self._releases and tag not in self._signed:
            return None
        return f"sha256:{list(self.documents(tag))[-1]}"

    def find(self, encoded: str) -> bytes | None:
        """A derived document by its digest without `sha256:`. Unless it was met before, every release is derived."""
        for tag in (self._newest, *self._releases, *self._signed):
            if encoded in self._named_by:
                break
            if tag not in self.derived:
                self.documents(tag)
        named_by = self._named_by.get(encoded)
        return None if named_by is None else self.documents(named_by).get(encoded)

    def _derive(self, tag: str) -> dict[str, bytes]:
        originals, changed, moved = self._documents, dict[str, str](), timedelta()
        if tag in self._signed:
            originals, changed = self._signature, {self._documents[-1]: self._signed[tag]}
        elif tag != self._newest:
            created, *changes = self._releases[tag]
            moved = datetime.fromisoformat(created) - datetime.fromisoformat(self._created)
            changed = {old: new for change in changes for old, new in self._changes[change].items()}
            changed |= {f'"{self._newest}"': f'"{tag}"', revision_of(self._newest): revision_of(tag)}
        sizes = dict(self._sizes)
        documents: dict[str, bytes] = {}
        for original in originals:
            pieces = list(self._split[original])
            for at in range(1, len(pieces), 2):
                word = pieces[at]
                if word.isdigit():  # the size in a descriptor, behind its digest
                    pieces[at] = str(sizes.get(pieces[at - 2], word))
                    self._named_by.setdefault(pieces[at - 2], tag)
                elif word.endswith("Z"):
                    pieces[at] = _moved(word, moved)
                else:
                    pieces[at] = changed.get(word, word)
            document = "".join(pieces).encode()
            encoded = hashlib.sha256(document).hexdigest()
            changed |= {original: encoded, original[:32]: encoded[:32]}
            sizes[encoded] = len(document)
            documents[encoded] = document
            self._named_by.setdefault(encoded, tag)
        self.derived.add(tag)
        return documents


def revision_of(version: str) -> str:
    """The commit that a release was built from."""
    return hashlib.sha1(f"acme/shop {version}".encode(), usedforsecurity=False).hexdigest()


@lru_cache(128)
def _moved(time: str, by: timedelta) -> str:
    """A time as RFC 3339 writes it, moved; it keeps its precision."""
    moved = datetime.fromisoformat(time) + by
    return moved.isoformat(timespec="microseconds" if "." in time else "seconds").replace("+00:00", "Z")
