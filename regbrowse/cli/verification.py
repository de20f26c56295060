"""Verify one image: compare what headers and descriptors name with what is computed from what is served."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from regbrowse.concurrency import for_each
from regbrowse.digest import Verification
from regbrowse.errors import BadResponse, NotFound, TooLarge
from regbrowse.oci.config import OtherConfig, parse_config
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Artifact, Image, Index, Manifest, Schema1, Unknown, parse_manifest
from regbrowse.oci.platform import Platform
from regbrowse.oci.schema1 import signed_payload
from regbrowse.reference import Digest
from regbrowse.registry.content.uncached import ServedContent, UncachedReader
from regbrowse.text import exact, plural, visible


@dataclass(slots=True)
class Report:
    """One line for every check, written when it is done."""

    write: Callable[[str], None]
    checks: int = 0
    failed: int = 0

    def digest(self, what: str, found: Verification) -> None:
        """Write whether content has the digest that named it."""
        match found.digest_matches:
            case None:
                self.skipped(what, f"{found.digest.algorithm} cannot be computed here")
            case True:
                self.good(what, str(found.computed))
            case False:
                self.bad(what, f"told {found.digest} computed {found.computed}")

    def size(self, what: str, found: Verification) -> None:
        """Write whether content has the size that its descriptor names."""
        computed = exact(found.length)
        match found.size_matches:
            case None:
                self.bad(what, f"no size told computed {computed}")
            case True:
                self.good(what, computed)
            case False:
                self.bad(what, f"told {exact(found.size or 0)} computed {computed}")

    def good(self, what: str, said: str) -> None:
        self.checks += 1
        self.write(f"OK  {visible(what)}  {said}")

    def bad(self, what: str, said: str) -> None:
        self.checks += 1
        self.failed += 1
        self.write(f"FAILED  {visible(what)}  {said}")

    def no_digest(self, what: str, owner: str) -> None:
        """Write that a descriptor of an index or manifest, `owner`, has no usable digest."""
        self.bad(what, f"the {owner} names no usable digest")

    def missing(self, what: str, digest: Digest, error: NotFound) -> None:
        """Write that the registry does not hold what a descriptor names."""
        self.bad(what, f"told {digest} but {error.evidence.host} does not hold it")

    def skipped(self, what: str, said: str) -> None:
        """Nothing was told, or it cannot be computed here."""
        self.write(f"SKIPPED  {visible(what)}  {said}")


@dataclass(slots=True)
class ImageVerifier:
    """Verifies manifests of one repository and what they name; asks for each layer once."""

    reader: UncachedReader
    report: Report
    _held: dict[Digest, int | NotFound | None] = field(default_factory=dict)

    async def root(self, target: str | Digest) -> Manifest:
        """Read and verify what a reference names. Raises RegistryError when that cannot be read at all."""
        told = await self.reader.manifest(target)
        asked = target if isinstance(target, Digest) else None
        manifest = parse_manifest(told.raw, content_type=told.content_type, digest=asked)
        if asked is None and told.header is not None:
            # What it is attached to is known by the algorithm that the registry uses.
            computed = _verify(told, told.header, manifest).computed
            manifest = replace(manifest, digest=computed or manifest.digest)
        noun = "index" if isinstance(manifest, Index) else "manifest"
        if asked is not None:
            self.report.digest(noun, _verify(told, asked, manifest))
        self._header(noun, told, manifest)
        return manifest

    async def child(self, descriptor: Descriptor, name: str) -> Manifest | None:
        """Read and verify what an index lists; None when there is nothing to look further into."""
        what = f"manifest {name}"
        if descriptor.digest is None:
            self.report.no_digest(what, "index")
            return None
        try:
            told = await self.reader.manifest(descriptor.digest)
        except NotFound as error:
            self.report.missing(what, descriptor.digest, error)
            return None
        try:
            manifest = parse_manifest(
                told.raw, content_type=told.content_type, expected=descriptor.media_type, digest=descriptor.digest
            )
        except (BadResponse, TooLarge) as error:
            self.report.digest(what, _verify(told, descriptor.digest, None))
            self.report.bad(what, error.why)
            return None
        self._content(what, told, descriptor.digest, descriptor.size, manifest)
        return manifest

    async def inside(self, manifest: Manifest, name: str, platform: Platform | None) -> None:
        """Verify config and layers; `platform` is what the index says the image is for."""
        behind = f" {name}" if name else ""
        layers: tuple[Descriptor, ...] = ()
        match manifest:
            case Image():
                layers = manifest.layers
                raw = await self._config(manifest.config, behind)
                if raw is not None:
                    self._agree(raw, manifest, behind, platform)
            case Artifact():
                layers = manifest.blobs
                if manifest.config is not None:
                    await self._config(manifest.config, behind)
            case Schema1():
                layers = manifest.layers
            case Unknown():
                self.report.skipped(f"manifest{behind}", "this kind of manifest is not known here")
        await for_each(self._look, list(dict.fromkeys(one for one in layers if one.digest not in self._held)))
        for number, layer in enumerate(layers, 1):
            self._layer(f"layer{behind} {number}/{len(layers)}", layer)

    async def _config(self, descriptor: Descriptor, behind: str) -> bytes | None:
        what = f"config{behind}"
        if descriptor.digest is None:
            self.report.no_digest(what, "manifest")
            return None
        try:
            told = await self.reader.blob(descriptor)
        except NotFound as error:
            self.report.missing(what, descriptor.digest, error)
            return None
        except TooLarge as error:
            self.report.skipped(what, error.why)
            return None
        self._content(what, told, descriptor.digest, descriptor.size)
        return told.raw

    def _agree(self, raw: bytes, manifest: Image, behind: str, platform: Platform | None) -> None:
        """Compare the config with the manifest and the index."""
        try:
            config = parse_config(raw, media_type=manifest.config.media_type)
        except OtherConfig as error:
            self.report.skipped(f"diff_ids{behind}", error.why)
            return
        except (BadResponse, TooLarge) as error:
            self.report.bad(f"config{behind}", error.why)
            return
        ids, layers = plural(len(config.diff_ids), "diff_id"), plural(len(manifest.layers), "layer")
        judge = self.report.good if len(config.diff_ids) == len(manifest.layers) else self.report.bad
        judge(f"diff_ids{behind}", f"{ids} in the config, {layers} in the manifest")
        if platform is not None and platform.known:
            if platform.agrees(config.platform):
                self.report.good(f"platform{behind}", visible(str(config.platform)))
            else:
                told, found = visible(str(platform)), visible(str(config.platform))
                self.report.bad(f"platform{behind}", f"told {told} the config says {found}")

    async def _look(self, layer: Descriptor) -> None:
        if layer.digest is None:
            return
        try:
            self._held[layer.digest] = await self.reader.blob_size(layer)
        except NotFound as error:
            self._held[layer.digest] = error

    def _layer(self, what: str, layer: Descriptor) -> None:
        if layer.digest is None:
            self.report.no_digest(what, "manifest")
            return
        held = self._held[layer.digest]
        if isinstance(held, NotFound):
            if layer.urls:
                self.report.skipped(what, f"{layer.digest} is kept at external addresses (urls), not in the registry")
            else:
                self.report.missing(what, layer.digest, held)
        elif held is None or layer.size is None or held == layer.size:
            self.report.good(what, f"{layer.digest} is there")
        else:
            self.report.bad(what, f"told {exact(layer.size)} the registry says {exact(held)}")

    def _content(
        self, what: str, told: ServedContent, digest: Digest, size: int | None, manifest: Manifest | None = None
    ) -> None:
        """Compare content with its descriptor and its header, which only manifests need to have."""
        found = _verify(told, digest, manifest, size)
        self.report.digest(what, found)
        if manifest is not None or told.header is not None:
            self._header(what, told, manifest)
        self.report.size(f"{what} size", found)

    def _header(self, what: str, got: ServedContent, manifest: Manifest | None) -> None:
        if got.header is None:
            named = manifest.digest if manifest is not None and manifest.digest.hasher() else Digest.of(b"")
            computed = _verify(got, named, manifest).computed
            self.report.skipped(f"{what} header", f"no Docker-Content-Digest; computed {computed}")
        else:
            self.report.digest(f"{what} header", _verify(got, got.header, manifest))


def _verify(got: ServedContent, named: Digest, manifest: Manifest | None, size: int | None = None) -> Verification:
    """Compare what was served; the digest of signed schema 1 is that of what was signed (manifest-v2-1.md)."""
    signed = signed_payload(got.raw) if isinstance(manifest, Schema1) else None
    return Verification.of(got.raw, named, size, signed=signed)
