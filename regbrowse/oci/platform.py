"""Platforms: how they are written, compared and chosen."""

from __future__ import annotations

import functools
import platform as machine
import re
from typing import TYPE_CHECKING, NamedTuple

from regbrowse.errors import BadReference
from regbrowse.text import CELL_LIMIT, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regbrowse.oci.document import Reader

_ARCHITECTURES = {
    "aarch64": ("arm64", ""),
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "i386": ("386", ""),
    "i486": ("386", ""),
    "i586": ("386", ""),
    "i686": ("386", ""),
    "x86": ("386", ""),
    "armhf": ("arm", "v7"),
    "armv7l": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv6l": ("arm", "v6"),
    "armv8l": ("arm", "v8"),
    "loongarch64": ("loong64", ""),
}
_DEFAULT_VARIANTS = {"arm64": "v8", "amd64": "v1", "arm": "v7"}
_KEPT_DEFAULTS = frozenset({"arm"})
"""32-bit ARM is the one architecture whose usual variant is written out."""
_FALLBACKS = {
    "arm": ("v8", "v7", "v6", "v5"),
    "amd64": ("v4", "v3", "v2", "v1"),
    "arm64": ("v9", "v8"),
}
_WORD = re.compile(r"[A-Za-z0-9_.-]+")


class Platform(NamedTuple):
    """What an image runs on (image-spec, image-index.md; spelling as in the document)."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()

    @classmethod
    def read(cls, reader: Reader) -> Platform:
        return cls(
            reader.text("os", limit=CELL_LIMIT),
            reader.text("architecture", limit=CELL_LIMIT),
            reader.text("variant", limit=CELL_LIMIT),
            reader.text("os.version", limit=CELL_LIMIT),
            tuple(visible(feature) for feature in reader.texts("os.features")),
        )

    @classmethod
    def parse(cls, text: str) -> Platform:
        """`os/architecture[/variant][:osversion]`, as other tools take it. Raises BadReference."""
        name, colon, version = text.strip().partition(":")
        parts = name.split("/")
        words = [*parts, version] if colon else parts
        if len(parts) not in (2, 3) or not all(_WORD.fullmatch(word) for word in words):
            raise BadReference(
                f'"{visible(text, 64)}" is not a platform.', hint='Write for example "linux/arm64" or "linux/arm/v7".'
            )
        return cls(parts[0], parts[1], parts[2] if len(parts) == 3 else "", version)

    @classmethod
    def host(cls) -> Platform:
        """What containers on this machine run on: Linux, also where a virtual machine provides it."""
        return _host()

    @property
    def known(self) -> bool:
        """Whether this names something to run on; attestations stand under unknown/unknown."""
        return self.os not in ("", "unknown") and self.architecture not in ("", "unknown")

    @property
    def typed(self) -> str:
        """As `parse` takes it, and --platform."""
        return str(self._replace(os_version="")) + (f":{self.os_version}" if self.os_version else "")

    def normalised(self) -> Platform:
        """One spelling for one platform: `aarch64` and `arm64/v8` are `arm64`, `armhf` is `arm/v7`."""
        os = self.os.lower()
        architecture, variant = self.architecture.lower(), self.variant.lower()
        architecture, usual = _ARCHITECTURES.get(architecture, (architecture, ""))
        variant = variant or usual
        if variant.isdecimal():
            variant = f"v{variant}"
        default = _DEFAULT_VARIANTS.get(architecture, "")
        if architecture in _KEPT_DEFAULTS:
            variant = variant or default
        elif variant == default:
            variant = ""
        return self._replace(os="darwin" if os == "macos" else os, architecture=architecture, variant=variant)

    def is_same(self, other: Platform) -> bool:
        """Whether they differ at most in the version of the system, and in spelling."""
        one, two = self.normalised(), other.normalised()
        return (one.os, one.architecture, one.variant) == (two.os, two.architecture, two.variant)

    def __str__(self) -> str:
        name = f"{self.os or 'unknown'}/{self.architecture or 'unknown'}"
        if self.variant:
            name += f"/{self.variant}"
        return f"{name} {self.os_version}" if self.os_version else name


@functools.cache
def _host() -> Platform:
    return Platform("linux", machine.machine().lower() or "amd64").normalised()


def choose(candidates: Sequence[Platform | None], wanted: Platform | None = None) -> int | None:
    """The index of the candidate to take, None when nothing suits.

    A wanted platform must be met, perhaps by a lower variant of its architecture (containerd, platforms).
    Without one it is this machine's, else linux/amd64, else the first that is known, else the first
    that names no platform at all.
    """
    if wanted is not None:
        return _best(candidates, wanted)
    for guess in (Platform.host(), Platform("linux", "amd64")):
        found = _best(candidates, guess)
        if found is not None:
            return found
    for index, candidate in enumerate(candidates):
        if candidate is not None and candidate.known:
            return index
    return next((index for index, candidate in enumerate(candidates) if candidate is None), None)


def _best(candidates: Sequence[Platform | None], wanted: Platform) -> int | None:
    request = wanted.normalised()
    best: tuple[int, int] | None = None
    for index, candidate in enumerate(candidates):
        if candidate is None or not candidate.known:
            continue
        rank = _rank(candidate.normalised(), request)
        if rank is not None and (best is None or (rank, index) < best):
            best = (rank, index)
    return best[1] if best else None


def _rank(candidate: Platform, wanted: Platform) -> int | None:
    """0 for the same platform, more for a lower variant, None for one that does not suit."""
    if (candidate.os, candidate.architecture) != (wanted.os, wanted.architecture):
        return None
    if wanted.os_version and not f"{candidate.os_version}.".startswith(f"{wanted.os_version}."):
        return None
    if candidate.variant == wanted.variant:
        return 0
    order = _FALLBACKS.get(wanted.architecture, ())
    default = _DEFAULT_VARIANTS.get(wanted.architecture, "")
    have, want = candidate.variant or default, wanted.variant or default
    if have in order and want in order and order.index(have) > order.index(want):
        return order.index(have) - order.index(want)
    return None
