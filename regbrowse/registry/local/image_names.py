"""The names and tags of the images in a folder or archive, and which of them a reference means."""

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

NOTICE_LIMIT = 20
_LISTED = 3
"""Names listed in an error."""


def split_name(text: str, *, bare: bool) -> tuple[str, str] | None:
    """Split a name, as it stands in a file, into repository path and tag; None when it names no tag.

    With `bare`, a tag may stand alone, as in `org.opencontainers.image.ref.name` (image-spec, annotations.md).
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
class ImageNames:
    """The tags of every repository in a folder or archive, filled entry by entry from its list of images."""

    list_file: str
    """`index.json` or `manifest.json`; also the tag of that list itself, when some of its entries have no tag."""
    tags: dict[str, dict[str, int]] = field(default_factory=dict)
    """Repository path -> tag -> number of the entry in the list; -1 for the list itself."""
    untagged: list[int] = field(default_factory=list)
    """Numbers of the entries without a tag."""
    notices: list[str] = field(default_factory=list)
    """What was strange about the files, one sentence each."""

    def add(self, number: int, texts: Iterable[str], *, bare: bool = False) -> None:
        """Add an entry with its names; `bare` as in `split_name`. A tag belongs to the first entry that has it."""
        tagged = False
        for text in texts:
            name = split_name(text, bare=bare)
            if name is None:
                self.add_notice(f'"{visible(text, 100)}" in {self.list_file} names no tag.')
                continue
            path, tag = name
            first = self.tags.setdefault(path, {}).setdefault(tag, number)
            if first == number:
                tagged = True
            else:
                self.add_notice(
                    f'{self.list_file} names "{visible(text, 100)}" more than once; the first one is shown.'
                )
        if not tagged:
            self.untagged.append(number)

    def add_notice(self, sentence: str) -> None:
        if len(self.notices) < NOTICE_LIMIT and sentence not in self.notices:
            self.notices.append(sentence)

    def add_list(self, count: int) -> None:
        """Add the list itself under its file name, when some of its `count` entries have no tag or it is empty."""
        if self.untagged or not count:
            self.tags.setdefault(UNNAMED, {}).setdefault(self.list_file, -1)

    def resolve(self, registry: Registry, wanted: str, digest: Digest | None) -> Registry | Reference:
        """Find what to open: the image that is named behind the path, else the only repository, else all of them.

        Raises BadReference when no image here has the name.
        """
        paths = list(self.tags)
        first = Reference(Repository(registry, UNNAMED if UNNAMED in self.tags else paths[0]))
        if wanted:
            found = self._find(wanted)
            if found is None:
                hint = f"It holds {self._some_names()}."
                raise NotInFile(f'"{visible(wanted, 100)}" is not in {visible(registry.name)}.', hint=hint)
            path, tag = found
            return Reference(Repository(registry, path), tag, digest)
        if digest is not None:
            return Reference(first.repository, None, digest)
        return first if len(paths) == 1 else registry

    def _find(self, wanted: str) -> tuple[str, str | None] | None:
        """Find the path and tag of a tag, a path, `path:tag`, or a reference in another spelling."""
        if wanted in self.tags.get(UNNAMED, {}):
            return UNNAMED, wanted
        path, colon, tag = wanted.rpartition(":")
        if colon and tag in self.tags.get(path, {}):
            return path, tag
        if wanted in self.tags:
            return wanted, None
        with_tag = [path for path, tags in self.tags.items() if wanted in tags]
        if len(with_tag) == 1:
            return with_tag[0], wanted
        try:
            reference = parse_reference(wanted)
        except BadReference:
            return None
        for path, tags in self.tags.items():
            repository = _repository(path)
            if path != UNNAMED and repository == reference.repository and (not reference.tag or reference.tag in tags):
                return path, reference.tag
        return None

    def _some_names(self) -> str:
        names = [tag if path == UNNAMED else f"{path}:{tag}" for path, tags in self.tags.items() for tag in tags]
        more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
        return ", ".join(f'"{visible(name, 100)}"' for name in names[:_LISTED]) + more


def _repository(path: str) -> Repository | None:
    try:
        return parse_reference(path).repository
    except BadReference:
        return None
