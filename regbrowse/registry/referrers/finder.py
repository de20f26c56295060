"""What is attached to a manifest: signatures, attestations, SBOMs, from every place they hang in.

The registry is asked (distribution-spec, Listing Referrers); one that has no such API is asked for the tag
that stands for it; and cosign's own tags are asked for in either case. What is attached inside of an index
is there already. Nothing is opened here, and nothing is verified.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from regbrowse.errors import RegbrowseError
from regbrowse.oci.descriptor import Descriptor
from regbrowse.oci.manifest import Manifest
from regbrowse.oci.mediatype import essence
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.manifests import Manifests
from regbrowse.registry.models import Referrer, Referrers
from regbrowse.registry.referrers.api import MOST, Answer, ask_api, could_not
from regbrowse.registry.referrers.tags import ask_fallback, ask_signature, fallback_tag, signature_tags
from regbrowse.text import visible

API, TAG, SIGNATURE_TAG = "API", "tag", "signature tag"


def belongs(manifest: Manifest, subject: Digest) -> bool:
    """Whether an opened entry may be about this subject: it names it, or none at all, as cosign's do."""
    named = manifest.subject.digest if manifest.subject else None
    return named is None or named == subject


class _Heard(NamedTuple):
    """What one place said."""

    entries: Sequence[Referrer] = ()
    places: int = 1
    note: str = ""
    aside: str = ""
    """Said only when there is nothing more important to say."""


class ReferrerFinder:
    """Looks for attachments and remembers which registries and repositories have the API."""

    def __init__(self, desk: Authenticator, manifests: Manifests) -> None:
        self._desk = desk
        self._manifests = manifests
        self._offered: dict[str, bool] = {}
        """Key of a registry, or a repository -> whether the API answers there."""
        self._first: dict[str, asyncio.Lock] = {}

    def forget(self, registry: Registry) -> None:
        """Somebody else is asking now: what was refused before may be answered."""
        prefix = f"{registry.key}/"
        self._offered = {key: known for key, known in self._offered.items() if not f"{key}/".startswith(prefix)}

    async def find(self, repository: Repository, digest: Digest, artifact_type: str = "") -> Referrers:
        """Everything attached to the manifest, each digest once. Never raises RegbrowseError.

        With an artifact type only entries of that type, and cosign's tags, which say none, are not asked for.
        """
        tags = () if artifact_type else signature_tags(digest)
        async with asyncio.TaskGroup() as group:
            standard = group.create_task(self._standard(repository, digest, artifact_type))
            hung = [group.create_task(self._signature(repository, tag)) for tag in tags]
        return merged(digest, [standard.result(), *(task.result() for task in hung)])

    async def _standard(self, repository: Repository, digest: Digest, artifact_type: str) -> _Heard:
        """The API, or the tag that stands for it where there is none."""
        answer = await self._api(repository, digest, artifact_type)
        if answer.offered:
            return _Heard([Referrer(entry, (API,)) for entry in answer.descriptors], note=answer.note)
        if answer.hopeless:
            return _Heard(places=0, note=answer.note)
        tag = fallback_tag(digest)
        try:
            entries = await ask_fallback(self._manifests, repository, digest)
        except RegbrowseError as error:
            return _Heard(places=0, note=answer.note or could_not(error))
        if artifact_type:
            entries = tuple(each for each in entries if essence(each.artifact_type) == essence(artifact_type))
        aside = f"{visible(repository.registry.name)} has no referrers API; looked at tags instead."
        return _Heard([Referrer(entry, (TAG,), tag) for entry in entries], note=answer.note, aside=aside)

    async def _api(self, repository: Repository, digest: Digest, artifact_type: str) -> Answer:
        """The API's answer, without asking where it is known that there is none."""
        registry, name = repository.registry.key, _name(repository)
        if self._known(registry, name) is None:
            # Whoever asks at the same time waits, instead of being told the same.
            async with self._first.setdefault(registry, asyncio.Lock()):
                if self._known(registry, name) is None:
                    return await self._ask(repository, digest, artifact_type)
        if self._known(registry, name) is False:
            return Answer(offered=False)
        return await self._ask(repository, digest, artifact_type)

    def _known(self, registry: str, name: str) -> bool | None:
        return self._offered.get(name, self._offered.get(registry))

    async def _ask(self, repository: Repository, digest: Digest, artifact_type: str) -> Answer:
        answer = await ask_api(self._desk, repository, digest, artifact_type)
        if answer.offered:
            self._offered[repository.registry.key] = True
        elif not answer.note:
            # A registry that answered once has the API, whatever it says of one repository.
            everywhere = answer.everywhere and repository.registry.key not in self._offered
            self._offered[repository.registry.key if everywhere else _name(repository)] = False
        return answer

    async def _signature(self, repository: Repository, tag: str) -> _Heard:
        try:
            descriptor = await ask_signature(self._desk, self._manifests, repository, tag)
        except RegbrowseError as error:
            return _Heard(places=0, note=could_not(error))
        return _Heard([Referrer(descriptor, (SIGNATURE_TAG,), tag)] if descriptor else ())


def merged(subject: Digest, places: Iterable[_Heard]) -> Referrers:
    """Every entry once, with all the places that named it; the subject is never attached to itself."""
    found: dict[Digest, Referrer] = {}
    heard = list(places)
    left_out = False
    for entry in (entry for place in heard for entry in place.entries):
        digest = entry.descriptor.digest
        if digest is None or digest == subject:
            continue
        before = found.get(digest)
        if before is not None:
            found[digest] = _together(before, entry)
        elif len(found) < MOST:
            found[digest] = entry
        else:
            left_out = True
    limit = f"Only the first {MOST:,} entries are shown." if left_out else ""
    said = [*(place.note for place in heard), limit, *(place.aside for place in heard)]
    note = next((sentence for sentence in said if sentence), "")
    return Referrers(subject, tuple(found.values()), sum(place.places for place in heard), note)


def _together(one: Referrer, other: Referrer) -> Referrer:
    ways = tuple(dict.fromkeys(one.found_by + other.found_by))
    return one._replace(descriptor=_fuller(one.descriptor, other.descriptor), found_by=ways, tag=one.tag or other.tag)


def _fuller(one: Descriptor, other: Descriptor) -> Descriptor:
    """The one that says more: a tag alone tells no artifact type."""
    return other if other.artifact_type and not one.artifact_type else one


def _name(repository: Repository) -> str:
    return f"{repository.registry.key}/{repository.path}"
