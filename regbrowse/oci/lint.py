"""What is wrong with an image or an index, as far as manifests and configs tell; layers are never looked into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from regbrowse.errors import Integrity, NotFound, RegbrowseError
from regbrowse.oci import mediatype
from regbrowse.oci.config import Config
from regbrowse.oci.index_walk import Entry, Kind, entries, repeated, walk
from regbrowse.oci.manifest import Image, Index, Manifest, Schema1
from regbrowse.oci.platform import Platform
from regbrowse.reference import Digest
from regbrowse.text import exact, plural, visible

ERROR, WARNING, NOTE = "error", "warning", "note"
MISSING, DIGEST = "missing-child", "digest"
_SAID = "The size is wrong", "The server reports the digest"
"""How anomalies begin that are findings of their own."""
_LAYERS = 100
"""Layers of one image of which something is said."""

ManifestOutcome = Manifest | RegbrowseError
ConfigOutcome = Config | RegbrowseError


class Finding(NamedTuple):
    """One thing that is wrong."""

    severity: str
    """`error`: some tool fails; `warning`: tools differ, or show something else; `note`: odd, and harmless."""
    rule: str
    """A name for scripts; stable."""
    digest: Digest | None
    """Of the manifest that it is about."""
    platform: str
    """Of that manifest; empty for an index, and where it is not told."""
    what: str
    why: str
    path: tuple[int, ...] = ()
    """Its position in the index, as in `index_walk.Entry`; empty for what was opened."""

    def as_json(self) -> dict[str, object]:
        """Give it for scripts."""
        return {
            "severity": self.severity,
            "rule": self.rule,
            "digest": str(self.digest) if self.digest else None,
            "platform": self.platform or None,
            "what": self.what,
            "why": self.why,
        }


class _Found(NamedTuple):
    """A finding without its place."""

    severity: str
    rule: str
    what: str
    why: str


def lint(
    root: Manifest, children: Mapping[Digest, ManifestOutcome], configs: Mapping[Digest, ConfigOutcome]
) -> Iterator[Finding]:
    """Give everything that is wrong with what was read.

    `children` are what was read of the index, and `configs` those of images by the digests of their manifests; what is
    in neither is not judged.
    """
    yield from lint_root(root, configs.get(root.digest))
    if isinstance(root, Index):
        for level in walk(root, children):
            for entry in level:
                outcome = children.get(entry.digest) if entry.digest else None
                config = configs.get(entry.digest) if entry.digest else None
                yield from lint_entry(entry, outcome, config)
                if isinstance(outcome, Index) and not entry.refusal:
                    yield from lint_index(outcome, entry.path)


def lint_root(root: Manifest, config: ConfigOutcome | None = None) -> Iterator[Finding]:
    """Judge what was opened by itself; of an index also its entries, as far as it tells of them."""
    platform = str(config.platform) if isinstance(config, Config) and config.platform.known else ""
    for found in (*_of_manifest(root), *_of_config(root, config, None)):
        yield Finding(found.severity, found.rule, root.digest, platform, found.what, found.why)
    if isinstance(root, Index):
        yield from lint_index(root)


def lint_index(index: Index, path: tuple[int, ...] = ()) -> Iterator[Finding]:
    """Judge what an index says of its entries; `path` leads to it."""
    if not index.manifests:
        why = "Nothing can be pulled by its name."
        yield Finding(WARNING, "empty-index", index.digest, "", "The index lists nothing.", why, path)
    listed = entries(index, path)
    again = repeated(listed)
    digests = {entry.digest for entry in listed}
    for entry in listed:
        for found in _of_descriptor(entry, digests):
            yield _at(entry, found)
        if entry.path in again:
            what = f"{visible(str(entry.platform))} is listed before."
            why = "Tools take the first of them: this one cannot be pulled by its platform."
            yield _at(entry, _Found(WARNING, "duplicate-platform", what, why))


def lint_entry(entry: Entry, outcome: ManifestOutcome | None, config: ConfigOutcome | None = None) -> Iterator[Finding]:
    """Judge what an index lists by what was read for it; the index itself is judged by `lint_index`."""
    if isinstance(outcome, NotFound):
        why = "Whoever pulls it gets an error, and so does who copies the whole index."
        yield _at(
            entry, _Found(ERROR, MISSING, "The index lists this manifest, but the registry does not hold it.", why)
        )
    elif isinstance(outcome, Integrity):
        yield _at(entry, _Found(ERROR, DIGEST, visible(outcome.why, 512), "No tool will use what is served here."))
    elif isinstance(outcome, Manifest):
        told = (*_of_size(entry, outcome), *_of_type(entry, outcome), *_of_manifest(outcome))
        for found in (*told, *_of_config(outcome, config, entry.platform)):
            yield _at(entry, found)


def _at(entry: Entry, found: _Found) -> Finding:
    platform = entry.descriptor.platform
    name = visible(str(platform)) if platform is not None and platform.known else ""
    return Finding(found.severity, found.rule, entry.digest, name, found.what, found.why, entry.path)


def _of_descriptor(entry: Entry, listed: set[Digest | None]) -> Iterator[_Found]:
    """Judge one entry by its descriptor alone."""
    descriptor, kind = entry.descriptor, mediatype.essence(entry.descriptor.media_type)
    if descriptor.digest is None:
        yield _Found(ERROR, "no-digest", "The index names no usable digest for this entry.", "Nobody can ask for it.")
    if descriptor.size is None:
        yield _Found(ERROR, "size", "The index names no size for this entry.", "Many tools refuse it.")
    if kind not in mediatype.MANIFESTS:
        what = f"The index names the type {visible(kind)} for it." if kind else "The index names no type for it."
        yield _Found(WARNING, "media-type", what, "Tools that go by the type do not read it as a manifest.")
    if entry.kind is Kind.UNSAID:
        what = "The index does not say what platform this entry is for."
        yield _Found(WARNING, "no-platform", what, "Tools cannot choose it, or take it for every platform.")
    if entry.kind is Kind.ATTESTATION and entry.subject not in listed:
        what = "This attestation describes something that the index does not list."
        yield _Found(WARNING, "attestation", what, "Tools that look for what belongs to an image do not find it.")


def _of_size(entry: Entry, manifest: Manifest) -> Iterator[_Found]:
    told = entry.descriptor.size
    if told is not None and told != manifest.size:
        what = f"The index says {exact(told)}, the manifest has {exact(manifest.size)}."
        yield _Found(ERROR, "size", what, "Tools that compare them, as containerd does, refuse to pull it.")


def _of_type(entry: Entry, manifest: Manifest) -> Iterator[_Found]:
    told, found = mediatype.essence(entry.descriptor.media_type), mediatype.essence(manifest.media_type)
    if told and found and told != found and {told, found} != mediatype.SCHEMA1:
        what = f"The index calls it {mediatype.plain(told)}, it is {mediatype.plain(found)}."
        yield _Found(ERROR, "media-type", what, "Tools read it as what the index says, and fail.")


def _of_manifest(manifest: Manifest) -> Iterator[_Found]:
    """Judge a manifest by itself."""
    if manifest.reported is not None:
        what = f"The registry reports {manifest.reported} for it, the content has {manifest.digest}."
        yield _Found(ERROR, DIGEST, what, "Tools that believe the header pin what nobody can pull.")
    for sentence in manifest.anomalies:
        if not sentence.startswith(_SAID):
            is_typed = "type" in sentence.lower()
            why = "Other tools may read it differently."
            yield _Found(WARNING if is_typed else NOTE, "media-type" if is_typed else "odd", sentence, why)
    if isinstance(manifest, Schema1):
        what = "This is a manifest of Docker's old schema 1."
        yield _Found(WARNING, "schema-1", what, "Docker and containerd no longer pull it.")
    if isinstance(manifest, Image):
        yield from _of_layers(manifest)


def _of_layers(image: Image) -> Iterator[_Found]:
    """Judge the descriptors of layers and config."""
    is_docker = mediatype.essence(image.media_type) == mediatype.DOCKER_MANIFEST
    if image.config.digest is None:
        yield _Found(ERROR, "no-digest", "The manifest names no usable digest for its config.", "It cannot be run.")
    for number, layer in enumerate(image.layers[:_LAYERS], 1):
        kind, packed = mediatype.essence(layer.media_type), mediatype.layer_kind(layer.media_type)
        if layer.digest is None:
            yield _Found(ERROR, "no-digest", f"Layer {number} has no usable digest.", "It cannot be pulled.")
        if layer.size is None:
            yield _Found(ERROR, "size", f"Layer {number} has no size.", "Many tools refuse it.")
        if is_docker and packed == "zstd":
            what = f"Layer {number} is packed with zstd, in a manifest of Docker's type."
            yield _Found(WARNING, "zstd-in-docker", what, "That type has no zstd: older tools cannot unpack it.")
        elif not mediatype.is_layer(kind):
            what = f"Layer {number} has the type {visible(kind)}." if kind else f"Layer {number} has no type."
            yield _Found(WARNING, "media-type", what, "That is none of a layer of an image: tools may leave it out.")
        elif is_docker is kind.startswith("application/vnd.oci."):
            name = "Docker's" if is_docker else "OCI's"
            what = f"Layer {number} has the type {visible(kind)}, in a manifest of {name} type."
            yield _Found(NOTE, "media-type", what, "Strict tools refuse a mix of both.")


def _of_config(manifest: Manifest, config: ConfigOutcome | None, told: Platform | None) -> Iterator[_Found]:
    """Compare a config with the manifest that names it, and with the platform that the index tells."""
    if config is None or not isinstance(manifest, Image):
        return
    if isinstance(config, NotFound):
        what = "The manifest names a config that the registry does not hold."
        yield _Found(ERROR, "missing-config", what, "The image cannot be pulled.")
    elif isinstance(config, Integrity):
        yield _Found(ERROR, DIGEST, visible(config.why, 512), "No tool will use what is served here.")
    elif isinstance(config, RegbrowseError):
        yield _Found(WARNING, "config", visible(config.why, 512), "The image may not run.")
    else:
        yield from _of_values(manifest, config, told)


def _of_values(image: Image, config: Config, told: Platform | None) -> Iterator[_Found]:
    layers = len(image.layers)
    if len(config.diff_ids) != layers:
        what = f"The config has {plural(len(config.diff_ids), 'diffID')}, the manifest {plural(layers, 'layer')}."
        yield _Found(ERROR, "layers", what, "Tools cannot tell which layer is which, and refuse to unpack them.")
    steps = sum(not entry.empty for entry in config.history)
    if config.history and steps != layers:
        what = f"The history speaks of {plural(steps, 'layer')}, the manifest has {layers:,}."
        yield _Found(WARNING, "history", what, "It cannot be told which command made which layer.")
    if told is not None and not told.agrees(config.platform):
        what = f"The index says {visible(str(told))}, the config {visible(str(config.platform))}."
        yield _Found(ERROR, "platform", what, "It is pulled for a machine on which it does not run.")
    elif not config.platform.known:
        what = "The config does not say what platform the image is for."
        yield _Found(WARNING, "no-platform", what, "Tools guess, or refuse it.")
    for sentence in config.anomalies:
        yield _Found(NOTE, "odd", sentence, "Other tools may read it differently.")
