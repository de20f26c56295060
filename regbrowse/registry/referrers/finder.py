"""Find what is attached to a manifest, in every source there is.

The registry is asked (distribution-spec, Listing Referrers), or where it has no such API the tag that stands for it;
the tags of cosign are looked at in either case. What is attached inside of an index is there already. Nothing is
opened here, and nothing is verified.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from regbrowse.errors import RegbrowseError
from regbrowse.oci.manifest import Manifest
from regbrowse.reference import Digest, Registry, Repository
from regbrowse.registry.auth.authenticator import Authenticator
from regbrowse.registry.content.manifest_fetcher import ManifestFetcher
from regbrowse.registry.content.manifests import Manifests
from regbrowse.registry.models import Referrer, Referrers
from regbrowse.registry.referrers.api import MAX_ENTRIES, ApiAnswer, could_not, list_referrers
from regbrowse.registry.referrers.cosign import cosign_tags, find_tagged
from regbrowse.registry.referrers.tag_schema import list_tagged, referrers_tag
from regbrowse.text import visible

API, TAG, SIGNATURE_TAG = "API", "tag", "signature tag"


def belongs(manifest: Manifest, subject: Digest) -> bool:
    """Whether an opened entry may be about this subject: it names it, or none at all, as those of cosign do."""
    named = manifest.subject.digest if manifest.subject else None
    return named is None or named == subject


class _Source(NamedTuple):
    """What one source answered."""

    entries: Sequence[Referrer] = ()
    looked_at: bool = True
    note: str = ""
    minor_note: str = ""
    """Shown only when there is no other note."""


class ReferrerFinder:
    """Look for attachments, and remember which registries and repositories have the API."""

    def __init__(self, auth: Authenticator, fetcher: ManifestFetcher, manifests: Manifests) -> None:
        self._auth = auth
        self._fetcher = fetcher
        self._manifests = manifests
        self._offered: dict[str, bool] = {}
        """Key of a registry, or a repository -> whether the API is offered there."""
        self._first_requests: dict[str, asyncio.Lock] = {}
        """Key of a registry -> held while it is found out."""

    def forget(self, registry: Registry) -> None:
        """Forget what a registry offers, because another login may be offered more."""
        prefix = f"{registry.key}/"
        self._offered = {key: offered for key, offered in self._offered.items() if not f"{key}/".startswith(prefix)}

    async def find(self, repository: Repository, subject: Digest, *, background: bool = False) -> Referrers:
        """Return everything attached to a manifest, each digest once. Never raises RegbrowseError."""
        async with asyncio.TaskGroup() as group:
            standard = group.create_task(self._standard(repository, subject, background))
            tagged = [group.create_task(self._cosign(repository, tag, background)) for tag in cosign_tags(subject)]
        return _merged(subject, [task.result() for task in (standard, *tagged)])

    async def _standard(self, repository: Repository, subject: Digest, background: bool) -> _Source:
        """Look at the API, or at the tag that stands for it where there is none."""
        answer = await self._api(repository, subject, background)
        if answer.offered:
            return _Source([Referrer(entry, (API,)) for entry in answer.descriptors], note=answer.note)
        if answer.final:
            return _Source(looked_at=False, note=answer.note)
        try:
            entries = await list_tagged(self._manifests, repository, subject, background=background)
        except RegbrowseError as error:
            return _Source(looked_at=False, note=answer.note or could_not(error))
        tag = referrers_tag(subject)
        no_api = f"{visible(repository.registry.name)} has no referrers API; looked at tags instead."
        return _Source([Referrer(entry, (TAG,), tag) for entry in entries], note=answer.note, minor_note=no_api)

    async def _cosign(self, repository: Repository, tag: str, background: bool) -> _Source:
        try:
            descriptor = await find_tagged(
                self._auth, self._fetcher, self._manifests, repository, tag, background=background
            )
        except RegbrowseError as error:
            return _Source(looked_at=False, note=could_not(error))
        return _Source([Referrer(descriptor, (SIGNATURE_TAG,), tag)] if descriptor else ())

    async def _api(self, repository: Repository, subject: Digest, background: bool) -> ApiAnswer:
        """Ask the API, but not where it is known that there is none."""
        if self._is_offered(repository) is None:
            # Requests at the same time wait for the first one, instead of being refused as well.
            async with self._first_requests.setdefault(repository.registry.key, asyncio.Lock()):
                if self._is_offered(repository) is None:
                    return await self._ask(repository, subject, background)
        if self._is_offered(repository) is False:
            return ApiAnswer(offered=False)
        return await self._ask(repository, subject, background)

    async def _ask(self, repository: Repository, subject: Digest, background: bool) -> ApiAnswer:
        answer = await list_referrers(self._auth, repository, subject, background=background)
        registry = repository.registry.key
        if answer.offered:
            self._offered[registry] = True
        elif not answer.note:
            # A registry that answered once has the API, whatever it says of one repository.
            everywhere = answer.everywhere and registry not in self._offered
            self._offered[registry if everywhere else _key(repository)] = False
        return answer

    def _is_offered(self, repository: Repository) -> bool | None:
        return self._offered.get(_key(repository), self._offered.get(repository.registry.key))


def _key(repository: Repository) -> str:
    return f"{repository.registry.key}/{repository.path}"


def _merged(subject: Digest, sources: Sequence[_Source]) -> Referrers:
    """Merge the sources into one entry per digest; the subject is never attached to itself."""
    found: dict[Digest, Referrer] = {}
    left_out = False
    for entry in (entry for source in sources for entry in source.entries):
        digest = entry.descriptor.digest
        if digest is None or digest == subject:
            continue
        if digest in found:
            found[digest] = _merged_entry(found[digest], entry)
        elif len(found) < MAX_ENTRIES:
            found[digest] = entry
        else:
            left_out = True
    limit = f"Only the first {MAX_ENTRIES:,} entries are shown." if left_out else ""
    notes = [*(source.note for source in sources), limit, *(source.minor_note for source in sources)]
    looked_at = sum(source.looked_at for source in sources)
    return Referrers(subject, tuple(found.values()), looked_at, next(filter(None, notes), ""))


def _merged_entry(one: Referrer, other: Referrer) -> Referrer:
    # A tag alone does not tell the artifact type.
    says_more = other.descriptor.artifact_type and not one.descriptor.artifact_type
    found_by = tuple(dict.fromkeys(one.found_by + other.found_by))
    return Referrer(other.descriptor if says_more else one.descriptor, found_by, one.tag or other.tag)
