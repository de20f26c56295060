"""Read the folders of the `dir:` transport: one image, as `skopeo copy … dir:DIR` and `podman save --format docker-dir`
write it (containers/image, directory).

`manifest.json` is its manifest or index, `HEX.manifest.json` one that the index lists, and a blob is called by the
hexadecimal digits of its digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regbrowse.errors import ConfigError, RegbrowseError
from regbrowse.oci.document import DOCUMENT_LIMIT
from regbrowse.oci.manifest import Index, Unknown, parse_manifest
from regbrowse.reference import LIST_FILES, UNNAMED, Digest
from regbrowse.registry.local.byte_range import ByteRange, Files
from regbrowse.registry.local.image_names import ImageNames
from regbrowse.registry.local.layout import own_media_type, without_registry
from regbrowse.text import visible

MANIFEST_FILE = LIST_FILES[1]
TAG = "latest"
"""The tag of the image, which has none in its folder."""
_VERSION_FILE = "version"
_VERSION = "Directory Transport Version: 1."
_VERSION_LIMIT = 1024


def is_dir_layout(files: Files) -> bool:
    """Tell whether `manifest.json` is a single manifest, not the list of an archive of docker save. Raises OSError."""
    content = files.find(MANIFEST_FILE)
    return content is not None and content.read(_VERSION_LIMIT).lstrip()[:1] == b"{"


class DirLayout:
    """Implements ImageStore. The manifest is read once, everything else whenever it is requested."""

    def __init__(self, files: Files) -> None:
        """Raises ConfigError when there is no usable manifest.json, OSError."""
        self._files = files
        content = files.find(MANIFEST_FILE)
        if content is None:
            raise ConfigError(f"It has no {MANIFEST_FILE}.")
        self._raw = content.read(DOCUMENT_LIMIT + 1)
        try:
            manifest = parse_manifest(self._raw)
        except RegbrowseError as error:
            raise ConfigError(f"Its {MANIFEST_FILE} cannot be used. {without_registry(error.why)}") from None
        if isinstance(manifest, Unknown) and b'"schemaVersion"' not in self._raw:
            raise ConfigError(f"Its {MANIFEST_FILE} is not a manifest.")
        self._digest = Digest.of(self._raw)
        self._media_types = {self._digest: manifest.media_type}
        if isinstance(manifest, Index):
            self._media_types |= {each.digest: each.media_type for each in manifest.manifests if each.digest}
        self.names = ImageNames(MANIFEST_FILE, {UNNAMED: {TAG: 0}})
        _check_version(files, self.names)

    def entry_digest(self, number: int) -> Digest:  # noqa: ARG002 - there is one image
        return self._digest

    def manifest(self, digest: Digest) -> tuple[str, ByteRange] | None:
        if digest == self._digest:
            content: ByteRange | None = ByteRange.of_bytes(self._raw)
        else:
            content = self._files.find(f"{digest.encoded}.manifest.json")
        if content is None:
            return None
        return own_media_type(content, self._media_types.get(digest, "")), content

    def blob(self, digest: Digest) -> ByteRange | None:
        # Version 1.0 had an ending for layers.
        return self._files.find(digest.encoded) or self._files.find(f"{digest.encoded}.tar")

    def referrers(self, digest: Digest) -> Sequence[Mapping[str, object]]:  # noqa: ARG002 - only the image is kept
        return ()


def _check_version(files: Files, names: ImageNames) -> None:
    """Add a notice when `version` is missing or not of version 1: such folders are read all the same."""
    content = files.find(_VERSION_FILE)
    said = content.read(_VERSION_LIMIT).decode("utf-8", "replace").strip() if content else ""
    if not said:
        names.add_notice(f"It has no file {_VERSION_FILE}; it was read as version 1.1 of the dir transport.")
    elif not said.startswith(_VERSION):
        names.add_notice(f'Its version is "{visible(said, 60)}"; it was read as version 1.1 of the dir transport.')
