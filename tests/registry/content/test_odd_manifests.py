"""Manifests of the old kind, and answers that are none."""

from __future__ import annotations

import gzip

import pytest

from regbrowse.demo.registry import DemoRegistry
from regbrowse.errors import BadResponse, TooLarge
from regbrowse.oci.manifest import Schema1
from regbrowse.reference import Digest
from regbrowse.registry.client import Client
from support import images
from support.asking import here
from support.demo_tools import body_of, get
from support.fake_registry import FakeRegistry, Fault

MANIFESTS = "/v2/acme/app/manifests/"


async def test_a_signed_legacy_manifest_is_verified_by_what_was_signed(registry: FakeRegistry, client: Client) -> None:
    signed = await get(DemoRegistry(), "acme/legacy/app/manifests/1.0")
    raw, digest = await body_of(signed), signed.headers["Docker-Content-Digest"]
    headers = [("Docker-Content-Digest", digest)]
    targets: tuple[str | Digest, ...] = ("1.0", Digest.parse(digest))
    for target in targets:
        registry.fault(f"{MANIFESTS}{target}", Fault(200, raw, headers))
    for target in reversed(targets):
        manifest = await client.manifest(here(registry), target)
        assert isinstance(manifest, Schema1)
        assert str(manifest.digest) == digest
        assert (manifest.verified, manifest.anomalies) == (True, ())
    assert digest != str(Digest.of(raw))


async def test_an_unsigned_legacy_manifest_of_another_digest_is_no_mismatch(
    registry: FakeRegistry, client: Client
) -> None:
    headers = [("Docker-Content-Digest", f"sha256:{'0' * 64}")]
    registry.fault(f"{MANIFESTS}1.0", Fault(200, images.schema1().raw, headers))
    manifest = await client.manifest(here(registry), "1.0")
    assert manifest.anomalies == ("The digest is as the server reports it; it was not verified.",)


async def test_a_manifest_that_unpacks_beyond_the_limit(registry: FakeRegistry, client: Client) -> None:
    raw = b'{"x":"' + b"x" * (4 * 2**20 - 8) + b'"}'
    for extra in (0, 1):
        body = gzip.compress(raw[:-2] + b"x" * extra + raw[-2:])
        registry.fault(f"{MANIFESTS}{extra}", Fault(200, body, [("Content-Encoding", "gzip")]))
    assert (await client.manifest(here(registry), "0")).size == 4 * 2**20
    with pytest.raises(TooLarge, match=r"The manifest is larger than 4\.0 MiB") as caught:
        await client.manifest(here(registry), "1")
    assert caught.value.evidence.host == registry.name


async def test_an_answer_without_a_manifest(registry: FakeRegistry, client: Client) -> None:
    registry.fault(f"{MANIFESTS}1.0", Fault(204))
    with pytest.raises(BadResponse, match="not with what was asked for"):
        await client.manifest(here(registry), "1.0")
