"""The names and tags of the images in a folder or archive, and which of them a reference means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from regbrowse.errors import BadReference, NotInFile
from regbrowse.reference import (
    PATH_LIMIT,
    UNNAMED,
    Digest,
    Reference,
    Registry,
    Repository,
    is_repository_path,
    is_tag,
    parse_reference,
    split_tag,
)
from regbrowse.text import visible

NOTICE_LIMIT = 20
_LISTED = 3
"""Names listed in an error."""
_TAG_LIMIT = 128
"""Characters of a tag (distribution-spec, Pulling manifests)."""


class WrittenName(NamedTuple):
    """A name as a file spells it, which may be more than a URL can hold."""

    path: str
    """Empty when a tag stands alone."""
    tag: str

    @property
    def shown(self) -> tuple[str, str]:
        """The repository path and the tag under which it is served: spelled the same way as far as possible."""
        return _spelled_path(self.path), _spelled_tag(self.tag)


def split_name(text: str, *, bare: bool) -> WrittenName | None:
    """Split a name, as it stands in a file, into path and tag; None when it names no tag.

    With `bare`, a tag may stand alone, as in `org.opencontainers.image.ref.name` (image-spec, annotations.md).
    Builders write there what no grammar holds, such as `host:5000/Team/app:v2+build`.
    """
    if bare and is_tag(text):
        return WrittenName("", text)
    name, at, _ = text.partition("@")
    path, tag = split_tag(name)
    if not name or (at and not tag):
        return None
    if tag is None and bare and "/" not in name and not is_repository_path(name):
        return WrittenName("", name)
    return WrittenName(path, tag or "latest")


def _spelled_path(path: str) -> str:
    if not is_repository_path(path):
        parts = (re.sub(r"[^a-z0-9._-]+|[._-]{2,}", "-", part).strip("-._") for part in path.lower().split("/"))
        path = "/".join(filter(None, parts))[-PATH_LIMIT:].lstrip("-._/")
        path = path if is_repository_path(path) else re.sub(r"[^a-z0-9/]+", "-", path).replace("-/", "/").strip("-/")
    if not path:
        return UNNAMED
    return f"library/{UNNAMED}" if path == UNNAMED else path


def _spelled_tag(tag: str) -> str:
    spelled = re.sub(r"[^A-Za-z0-9_.-]", "_", tag)
    return (f"_{spelled}" if spelled.startswith((".", "-")) else spelled)[:_TAG_LIMIT]


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
    _shown: dict[WrittenName, tuple[str, str]] = field(default_factory=dict)
    """Under which path and tag the name of a file is served."""
    _paths: dict[str, str] = field(default_factory=dict)
    """The same for the path alone."""
    _taken: dict[tuple[str, str], int] = field(default_factory=dict)
    """How many entries would have the same path and tag."""

    def add(self, number: int, texts: Iterable[str], *, bare: bool = False) -> None:
        """Add an entry with its names; `bare` as in `split_name`. A tag belongs to the first entry that has it."""
        tagged = False
        for text in texts:
            written = split_name(text, bare=bare)
            if written is None:
                self.add_notice(f'"{visible(text, 100)}" in {self.list_file} names no tag.')
            elif written not in self._shown:
                self._show(written, number)
                tagged = True
            else:
                path, tag = self._shown[written]
                if self.tags[path][tag] == number:
                    tagged = True
                    continue
                self.add_notice(
                    f'{self.list_file} names "{visible(text, 100)}" more than once; the first one is shown.'
                )
        if not tagged:
            self.untagged.append(number)

    def _show(self, written: WrittenName, number: int) -> None:
        """Choose the path and tag under which an entry is served; those of another one get a number behind."""
        path, tag = written.shown
        tags, wanted = self.tags.setdefault(path, {}), tag
        while tag in tags:
            self._taken[path, wanted] = count = self._taken.get((path, wanted), 1) + 1
            tag = f"{wanted[: _TAG_LIMIT - 8]}-{count}"
        tags[tag] = number
        self._shown[written] = path, tag
        self._paths.setdefault(written.path, path)
        if (written.path or UNNAMED, written.tag) != (path, tag):
            name = visible(f"{written.path}:{written.tag}".removeprefix(":"), 100)
            self.add_notice(f'"{name}" in {self.list_file} is shown as "{_joined(path, tag)}".')

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
        written = split_name(wanted, bare=True)
        if written is not None and written in self._shown:
            return self._shown[written]
        if wanted in self.tags.get(UNNAMED, {}):
            return UNNAMED, wanted
        path, colon, tag = wanted.rpartition(":")
        if colon and tag in self.tags.get(path, {}):
            return path, tag
        if wanted in self.tags:
            return wanted, None
        if wanted in self._paths:
            return self._paths[wanted], None
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
        names = [_joined(path, tag) for path, tags in self.tags.items() for tag in tags]
        more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
        return ", ".join(f'"{visible(name, 100)}"' for name in names[:_LISTED]) + more


def _joined(path: str, tag: str) -> str:
    return tag if path == UNNAMED else f"{path}:{tag}"


def _repository(path: str) -> Repository | None:
    try:
        return parse_reference(path).repository
    except BadReference:
        return None
