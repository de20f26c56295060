"""The order of tags, the order of aliases, and what a filter finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

_NUMBER = re.compile(r"([0-9]+)")
_VERSION = re.compile(r"[vV]?([0-9]++(?:\.[0-9]++)*+)(?![A-Za-z])(.*)", re.DOTALL)
_GLUED = re.compile(r"[vV]?([0-9]++(?:\.[0-9]++)++)(.*)", re.DOTALL)
"""A suffix without a separator, as in `3.13.0rc2`: only where dots show that this is a version."""
_PRE_WORDS = "rc|cr|pre|preview|ea|m|beta|b|alpha|a|dev|snapshot|canary|next|nightly"
_PRE = re.compile(rf"[-._]?({_PRE_WORDS})(?![a-z])([-._0-9]*)", re.IGNORECASE)
_MAJOR_PRE = re.compile(
    rf"[vV]?([0-9]++)((?![abm](?![a-z0-9]))(?:{_PRE_WORDS})[0-9]*+(?![a-z0-9]).*)", re.DOTALL | re.IGNORECASE
)
"""A pre-release of a version that has one number, as in `18beta1`; `8b` may be anything."""
_PRE_RANKS = {
    "rc": "1", "cr": "1", "pre": "2", "preview": "2", "ea": "2", "m": "2",
    "beta": "3", "b": "3", "alpha": "4", "a": "4",
}  # fmt: skip
_OTHER_PRE = "5"
_INNER_VERSION = re.compile(r"[0-9]+\.[0-9]+|[-_.]v?[0-9]+(?=$|[-_.])")
_HASH = re.compile(r"(?:[A-Za-z]+[-_])?(?=[a-f0-9]*[0-9])(?=[0-9]*[a-f])[a-f0-9]{7,64}")
_SIGNATURE = re.compile(
    r"[a-z0-9]+-[0-9a-f]{32,64}(?:\.(?:sig|att|sbom|base)|-esgztoc)"
    r"|(?:sha[0-9]+|blake[0-9][a-z]?)-[0-9a-f]{32,64}"
    r"|.+-esgztoc"
)
_NAMES, _VERSIONS, _NUMBERED, _HASHES = "0123"
_LAST, _NUMBER_NEXT = "\x00", "\x01"
"""In a key, behind a text that nothing follows, or a number: smaller than any character of a tag."""
_END = "\xff"
"""In a key, behind the numbers of a version or pre-release; larger than what a number begins with."""
_COMPLEMENT = str.maketrans("0123456789", "9876543210")


def newest_first(tags: Iterable[str]) -> list[str]:
    """Names, then versions with the newest first, then numbered names, at last commit hashes."""
    return sorted(tags, key=sort_key)


def sort_key(tag: str) -> str:
    """Give a text that ends with the tag; the ascending order of these texts is the order of the list.

    `latest` stands before all; `2.14` stands below `2.14.0`, `3.0.0-rc.2` below `3.0.0`, `3.0.0-rc` below
    `3.0.0-rc.2` (semver.org, 11), `18rc1` below `18`, `3.20-alpine` below `3.20`. Names that carry a number
    behind a separator (`pr-12`, `bookworm-20240612`) come after
    the versions, since there are often hundreds of them.

    One flat text and no tuple: 100,000 of them are compared fast, and give the garbage collector nothing to visit.
    """
    version = _version(tag)
    if version:
        numbers, suffix = version
        rank, pre, rest = _pre_release(suffix) if suffix else ("0", (), "")
        ordered = "".join(map(_descending, numbers))
        early = "".join(map(_descending, pre))
        body = f"{_VERSIONS}{ordered}{_END}{rank}{early}{_END}{_natural(rest)}"
    elif _HASH.fullmatch(tag) or is_signature_tag(tag):
        body = _HASHES
    elif _INNER_VERSION.search(tag):
        body = _NUMBERED + _natural(tag)
    else:
        body = f"{_NAMES}{'0' if tag == 'latest' else '1'}{_natural(tag)}"
    return f"{body}{_LAST}{tag}"


def tag_of(key: str) -> str:
    """Give the tag that a sort key ends with; a text that is no key is given back."""
    return key.rpartition(_LAST)[2]


def _version(tag: str) -> tuple[list[str], str] | None:
    match = _VERSION.fullmatch(tag) or _GLUED.fullmatch(tag)
    if match is None and not _HASH.fullmatch(tag):
        match = _MAJOR_PRE.fullmatch(tag)
    if match is None:
        return None
    return match.group(1).split("."), match.group(2)


def _pre_release(suffix: str) -> tuple[str, Iterable[str], str]:
    """How far before the release (0: it is the release), its numbers, and what follows."""
    match = _PRE.match(suffix)
    if match is None:
        return "0", (), suffix
    word, numbers = match.groups()
    rank = _PRE_RANKS.get(word.lower(), _OTHER_PRE)
    return rank, _NUMBER.findall(numbers), suffix[match.end() :]


def _natural(text: str) -> str:
    """Order texts by their characters, and numbers in them by their value, larger ones first."""
    return _NUMBER.sub(_number_next, text.casefold())


def _number_next(match: re.Match[str]) -> str:
    return _NUMBER_NEXT + _descending(match.group())


@lru_cache(4096)
def _descending(digits: str) -> str:
    """Write a number so that the larger one is the smaller text: how long it is first, then each digit inverted."""
    value = digits.lstrip("0") or "0"
    return chr(0xFE - min(len(value), 200)) + value.translate(_COMPLEMENT)


def is_signature_tag(tag: str) -> bool:
    """Whether a tag holds a signature or attestation of another image and is not meant for people.

    Those of cosign and of the referrers tag schema (distribution-spec, Referrers Tag Schema) name the
    digest; `main-` and the hash of a commit is a tag like others.
    """
    return _SIGNATURE.fullmatch(tag) is not None


def alias_order(aliases: Iterable[str], of: str) -> tuple[str, ...]:
    """The other tags of the same image: the most exact version first, unless `of` is that; then names, then the rest.

    `2.14.1` is also `latest 2.14 2`; `2.14` is also `2.14.1 latest 2`.
    """
    ordered = sorted({alias for alias in aliases if alias != of}, key=_exactness)
    first = ordered[:1] if ordered and _exactness(ordered[0]) < _exactness(of) else []
    if first and _version(first[0]) is None:
        first = []
    rest = ordered[len(first) :]
    names = sorted((alias for alias in rest if _version(alias) is None), key=sort_key)
    return (*first, *names, *(alias for alias in rest if _version(alias) is not None))


def _exactness(tag: str) -> tuple[object, ...]:
    """The most exact version is the smallest: more numbers, then less behind them."""
    version = _version(tag)
    if version is None:
        return (1, 0, 0, sort_key(tag))
    return (0, -len(version[0]), len(version[1]), sort_key(tag))


def matches(query: str, name: str, fuzzy: bool = False) -> tuple[int, ...] | None:
    """Positions of the characters that match, without regard to case; None when the name does not match.

    A fuzzy query needs its characters in order, and takes the tightest group that ends first.
    """
    folded, text = _fold(query), _fold(name)
    start = text.find(folded)
    if start >= 0:
        return tuple(range(start, start + len(folded)))
    if not fuzzy:
        return None
    position = -1
    for char in folded:
        position = text.find(char, position + 1)
        if position < 0:
            return None
    found = []
    position += 1
    for char in reversed(folded):
        position = text.rfind(char, 0, position)
        found.append(position)
    return tuple(reversed(found))


def finder(query: str, fuzzy: bool = False) -> Callable[[str], bool]:
    """Whether `matches` finds something, for many names: one search each and no positions."""
    folded = _fold(query)
    if not fuzzy:
        return lambda name: folded in _fold(name)
    # Each step takes the first place there is and never another, so that no name costs more than its length.
    search = re.compile("".join(f"(?>.*?{re.escape(char)})" for char in folded), re.DOTALL).match
    return lambda name: search(_fold(name)) is not None


def _fold(text: str) -> str:
    """Lower case of the same length, so that positions stay."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
