"""What the images in a folder or archive are called, and which of them was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from regbrowse.errors import BadReference, NotInFile
from regbrowse.reference import (
    UNNAMED,
    Digest,
    Reference,
    Registry,
    Repository,
    is_repository_path,
    is_tag,
    parse_reference,
)
from regbrowse.text import visible

NOTICES = 20
_SHOWN = 3


def split_name(text: str, *, bare: bool) -> tuple[str, str] | None:
    """Path and tag of a name as it stands in a file; None when it names no tag.

    Where `bare`, a tag may stand alone, as in `org.opencontainers.image.ref.name` (image-spec, annotations.md).
    Paths are spelled as the file spells them, as far as a URL can hold them.
    """
    if bare and is_tag(text):
        return UNNAMED, text
    try:
        reference = parse_reference(text)
    except BadReference:
        return None
    if reference.digest and not reference.tag:
        return None
    name = text.partition("@")[0]
    path = name.removesuffix(f":{reference.tag}") if reference.tag else name
    if not is_repository_path(path):
        path = re.sub(r"[^a-z0-9._/-]+", "-", path.lower()).strip("-")
    if not is_repository_path(path) or path == UNNAMED:
        path = reference.repository.path
    return path, reference.tag or "latest"


@dataclass(slots=True)
class Names:
    """The tags of every repository in a folder or archive; numbers are those of the entries in its list of images."""

    listed_in: str
    """`index.json` or `manifest.json`; also the tag under which that list itself is found, when not all of it has
    names."""
    tags: dict[str, dict[str, int]] = field(default_factory=dict)
    """Path -> tag -> entry."""
    hidden: list[int] = field(default_factory=list)
    """Entries that no tag leads to."""
    notices: list[str] = field(default_factory=list)

    def add(self, number: int, texts: Iterable[str], *, bare: bool = False) -> None:
        """Gives an entry every name of it that can be used."""
        found = False
        for text in texts:
            name = split_name(text, bare=bare)
            if name is None:
                self.note(f'"{visible(text, 100)}" in {self.listed_in} names no tag.')
                continue
            path, tag = name
            other = self.tags.setdefault(path, {}).setdefault(tag, number)
            if other == number:
                found = True
            else:
                self.note(f'{self.listed_in} names "{visible(text, 100)}" more than once; the first one is shown.')
        if not found:
            self.hidden.append(number)

    def note(self, sentence: str) -> None:
        if len(self.notices) < NOTICES and sentence not in self.notices:
            self.notices.append(sentence)

    def finish(self, count: int) -> None:
        """Makes what has no name reachable: under a tag that is called like the list; `count` entries are listed."""
        if self.hidden or not count:
            self.tags.setdefault(UNNAMED, {}).setdefault(self.listed_in, -1)

    def place(self, registry: Registry, wanted: str, digest: Digest | None) -> Registry | Reference:
        """What to open: what was asked for behind the path, else the only repository, else all of them.

        Raises BadReference when nothing here can be meant.
        """
        paths = list(self.tags)
        first = Reference(Repository(registry, UNNAMED if UNNAMED in self.tags else paths[0]))
        if wanted:
            found = self._meant(wanted)
            if found is None:
                raise NotInFile(
                    f'"{visible(wanted, 100)}" is not in {visible(registry.name)}.', hint=f"It holds {self._some()}."
                )
            path, tag = found
            return Reference(Repository(registry, path), tag, digest)
        if digest is not None:
            return Reference(first.repository, None, digest)
        return first if len(paths) == 1 else registry

    def _meant(self, wanted: str) -> tuple[str, str | None] | None:
        if wanted in self.tags.get(UNNAMED, {}):
            return UNNAMED, wanted
        path, colon, tag = wanted.rpartition(":")
        if colon and tag in self.tags.get(path, {}):
            return path, tag
        if wanted in self.tags:
            return wanted, None
        homes = [path for path, tags in self.tags.items() if wanted in tags]
        if len(homes) == 1:
            return homes[0], wanted
        try:
            meant = parse_reference(wanted)
        except BadReference:
            return None
        for path, tags in self.tags.items():
            repository = _whole(path)
            if path != UNNAMED and repository == meant.repository and (meant.tag is None or meant.tag in tags):
                return path, meant.tag
        return None

    def _some(self) -> str:
        """A few of the names, for a sentence."""
        names = [tag if path == UNNAMED else f"{path}:{tag}" for path, tags in self.tags.items() for tag in tags]
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        return ", ".join(f'"{visible(name, 100)}"' for name in names[:_SHOWN]) + more


def _whole(path: str) -> Repository | None:
    try:
        return parse_reference(path).repository
    except BadReference:
        return None
