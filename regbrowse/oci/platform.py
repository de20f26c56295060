"""Platforms: how they are written, compared and chosen."""

from __future__ import annotations

import functools
import platform as machine
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

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
_VARIANTS = {"arm": ("v8", "v7", "v6", "v5"), "amd64": ("v4", "v3", "v2", "v1")}
"""Of which each runs what the following ones run."""
_ARM64_MINORS = 10
"""Of v8 and of v9: v8.0 to v8.9."""
_V9_IS_V8 = 5
"""Armv9.0 runs what Armv8.5 runs, v9.1 what v8.6 runs, and so on (containerd, platforms, compare.go)."""
_SYSTEMS = frozenset({
    "aix", "android", "darwin", "dragonfly", "freebsd", "illumos", "ios", "js", "linux", "macos", "netbsd", "openbsd",
    "plan9", "solaris", "wasip1", "windows",
})  # fmt: skip
_MACHINES = frozenset({
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64",
    "s390x", "wasm",
})  # fmt: skip
_WORD = r"[A-Za-z0-9_.~%-]+"
_TYPED = re.compile(rf"({_WORD})(?:\(([^()]+)\))?/({_WORD})(?:/({_WORD}))?(?:(?::|\s+)(\S.*))?")
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")


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
        """`os/architecture[/variant][:osversion]`, with `%20` for a space and so on. Raises BadReference.

        Also `os(osversion)/architecture[/variant]`, and an operating system or an architecture alone, which this
        machine completes (containerd, platforms, Parse); and `os/architecture osversion`, as it is shown.
        """
        bare = text.strip()
        if "/" not in bare and (found := _complete(bare.lower())) is not None:
            return found
        match = _TYPED.fullmatch(bare)
        if match is None or not bare.isprintable() or (match.group(2) and match.group(5)):
            raise BadReference(
                f'"{visible(text, 64)}" is not a platform.', hint='Write for example "linux/arm64" or "linux/arm/v7".'
            )
        os, before, architecture, variant, behind = match.groups("")
        return cls(unquote(os), unquote(architecture), unquote(variant), unquote(before or behind))

    @classmethod
    def host(cls) -> Platform:
        """What containers on this machine run on: Linux, also where a virtual machine provides it."""
        return _host()

    def agrees(self, other: Platform) -> bool:
        """Tell whether both name the same, as far as both say it: few configs have a variant."""
        one, two = self.normalised(), other.normalised()
        return (
            (one.os, one.architecture) == (two.os, two.architecture)
            and (one.variant == two.variant or not self.variant or not other.variant)
            and (one.os_version == two.os_version or not one.os_version or not two.os_version)
        )

    @property
    def known(self) -> bool:
        """Whether this names something to run on; attestations stand under unknown/unknown."""
        return self.os not in ("", "unknown") and self.architecture not in ("", "unknown")

    @property
    def typed(self) -> str:
        """As `parse` takes it, and --platform; one word of plain characters, whatever an index says."""
        os, architecture = self.os or "unknown", self.architecture or "unknown"
        name = "/".join(quote(word, safe="") for word in (os, architecture, self.variant) if word)
        return f"{name}:{quote(self.os_version, safe='')}" if self.os_version else name

    def normalised(self) -> Platform:
        """One spelling for one platform: `aarch64` and `arm64/v8.0` are `arm64`, `armhf` is `arm/v7`."""
        os = self.os.lower()
        architecture, variant = self.architecture.lower(), self.variant.lower()
        architecture, usual = _ARCHITECTURES.get(architecture, (architecture, ""))
        variant = variant or usual
        if _DIGITS.fullmatch(variant):
            variant = f"v{variant}"
        if architecture == "arm64" and variant in ("v8.0", "v9.0"):
            variant = variant[:2]
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


def _complete(word: str) -> Platform | None:
    """Read an operating system or an architecture alone; None for another word."""
    if word in _SYSTEMS:
        return Platform.host()._replace(os=word)
    return Platform(Platform.host().os, word) if word in _MACHINES or word in _ARCHITECTURES else None


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
    best: tuple[int, bool, int] | None = None
    for index, candidate in enumerate(candidates):
        if candidate is None or not candidate.known:
            continue
        rank = _rank(candidate.normalised(), request)
        if rank is None:
            continue
        found = rank, candidate.os_version != wanted.os_version, index
        if best is None or found < best:
            best = found
    return best[2] if best else None


def _rank(candidate: Platform, wanted: Platform) -> int | None:
    """0 for the same platform, more for a lower variant, None for one that does not suit."""
    if (candidate.os, candidate.architecture) != (wanted.os, wanted.architecture):
        return None
    if wanted.os_version and not f"{candidate.os_version}.".startswith(f"{wanted.os_version}."):
        return None
    if candidate.variant == wanted.variant:
        return 0
    default = _DEFAULT_VARIANTS.get(wanted.architecture, "")
    order = _runs(wanted.architecture, wanted.variant or default)
    have = candidate.variant or default
    return order.index(have) if have in order else None


def _runs(architecture: str, variant: str) -> Sequence[str]:
    """List the variants that run on one, the best first; empty when it is not known."""
    if architecture == "arm64":
        return _arm64_runs(variant)
    order = _VARIANTS.get(architecture, ())
    return order[order.index(variant) :] if variant in order else ()


def _arm64_runs(variant: str) -> Sequence[str]:
    major, _, digits = variant.partition(".")
    minor = int(digits) if len(digits) == 1 and digits.isdecimal() else 0 if variant == major else _ARM64_MINORS
    if major not in ("v8", "v9") or minor >= _ARM64_MINORS:
        return ()
    order = [f"{major}.{each}" if each else major for each in range(minor, -1, -1)]
    if major == "v9":
        order += _arm64_runs(f"v8.{min(minor + _V9_IS_V8, _ARM64_MINORS - 1)}")
    return order
