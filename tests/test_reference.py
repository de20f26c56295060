"""Names: the grammar of distribution/reference, accepted and refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.errors import BadReference
from regbrowse.reference import (
    UNNAMED,
    Digest,
    Reference,
    Registry,
    Repository,
    are_tags,
    is_repository_path,
    is_tag,
    parse_reference,
)

HEX = "a" * 64

VALID = [
    "debian",
    "docker/docker",
    "library/foo/bar",
    "docker.io/foo.bar/x",
    "docker.io/localhost/x",
    "localhost/debian",
    "LOCALDOMAIN/debian",
    "index.docker.io/debian",
    "127.0.0.1:5000/docker/docker",
    "192.168.0.1",
    "192.168.0.1:80",
    "[fc00::1]:5000/docker",
    f"[::1]:5000/repo:tag@sha512:{'a' * 128}",
    f"docker.io/{HEX}",
    "Docker/docker",
    "docker---rules/docker",
    "dock__er/docker",
    "xn--n3h.com/myimage:xn--n3h.com",
    "b.gcr.io/test.example.com/my-app:test.example.com",
    f"example.com/{'a' * 255}:tag",
    "foo/foo_bar.com:8080",
    "host:1/x",
    "host:65535/x",
    f"repo:{'a' * 128}",
    f"repo@blake3:{HEX}",
    "repo@foo+bar:xyz_=-",
]

INVALID = [
    "",
    ":tag",
    f"@sha256:{HEX}",
    "https://github.com/x/y",
    "docker/Docker",
    "-docker",
    "docker-/docker",
    "docker///docker",
    "docker/",
    "dock..er/docker",
    "dock_.er/docker",
    "____/____",
    "[fc00::1]",
    "[fc00::1]:5000",
    "fc00::1:5000/debian",
    "[fe80::1%eth0]:5000/debian",
    "[2001:db8:3:4::192.0.2.33]:5000/debian",
    HEX,
    "repo@sha256:ffff",
    f"repo@sha256:{'F' * 64}",
    f"repo:{'a' * 129}",
    f"domain/{'a' * 256}:tag",
    "host:99999/x",
    "host:0/x",
    "host:65536/x",
    "host:000/x",
    "host:0006553599/x",
    f"host:{'9' * 900}/x",
    "../x",
    "a/../b",
    "repo:á",
    "repo:tag\n",
    "repo@",
    "repo:",
    "a" * 1025,
    f"repo@foo:{'x' * 513}",
    "127.1/x/y",
    "0x7f.1/x/y",
    "256.1.1.1/x",
]


@pytest.mark.parametrize("text", VALID)
def test_accepts(text: str) -> None:
    reference = parse_reference(text)
    assert parse_reference(str(reference)) == reference
    assert parse_reference(reference.familiar) == reference


@pytest.mark.parametrize("text", INVALID)
def test_refuses(text: str) -> None:
    with pytest.raises(BadReference) as caught:
        parse_reference(text)
    assert caught.value.why
    assert caught.value.why.isprintable()


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("ubuntu", "docker.io/library/ubuntu"),
        ("library/foo/bar", "docker.io/library/foo/bar"),
        ("index.docker.io/ubuntu:22.04", "docker.io/library/ubuntu:22.04"),
        ("registry-1.docker.io/acme/app", "docker.io/acme/app"),
        ("FOO/bar", "FOO/bar"),
        ("test:5000/repo:tag", "test:5000/repo:tag"),
        ("192.168.0.1:80", "docker.io/library/192.168.0.1:80"),
    ],
)
def test_normalises(text: str, full: str) -> None:
    assert str(parse_reference(text)) == full


def test_digest_is_what_is_addressed() -> None:
    reference = parse_reference(f"alpine:3.20@sha256:{HEX}")
    assert reference.tag == "3.20"
    assert reference.target == f"sha256:{HEX}"
    assert parse_reference("alpine:3.20").target == "3.20"
    assert parse_reference("alpine").target is None


def test_upper_case_gets_a_suggestion() -> None:
    with pytest.raises(BadReference) as caught:
        parse_reference("ghcr.io/Acme/App")
    assert "lower case" in caught.value.why
    assert "acme/app" in caught.value.hint


def test_registry_keeps_its_spelling_and_compares_by_key() -> None:
    registry = Registry.parse("Registry.Example.COM.:443")
    assert registry.name == "Registry.Example.COM.:443"
    assert registry.key == "registry.example.com:443"
    assert registry.host == "registry.example.com"
    assert registry.port == 443


@pytest.mark.parametrize("name", ["docker.io", "index.docker.io", "REGISTRY-1.docker.io", "registry.hub.docker.com"])
def test_docker_hub_has_one_name(name: str) -> None:
    registry = Registry.parse(name)
    assert registry.name == "docker.io"
    assert registry.authority == "registry-1.docker.io"


@pytest.mark.parametrize(
    ("name", "loopback"),
    [
        ("localhost:5000", True),
        ("app.localhost", True),
        ("127.0.0.2", True),
        ("[::1]:5000", True),
        ("localhost.example.com", False),
        ("10.0.0.1", False),
        ("ghcr.io", False),
    ],
)
def test_loopback(name: str, loopback: bool) -> None:
    assert Registry.parse(name).is_loopback is loopback


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "017700000001", "1.2.3.4.5", "xn--.com", "a" * 64])
def test_hosts_that_are_not_what_they_seem(host: str) -> None:
    with pytest.raises(BadReference):
        Registry.parse(host)


def test_digest_checks_content() -> None:
    digest = Digest.of(b"hello")
    assert digest.matches(b"hello") is True
    assert digest.matches(b"hallo") is False
    assert Digest.parse(f"blake3:{HEX}").matches(b"hello") is None
    assert Digest.of(b"x", "sha512").hasher() is not None
    assert digest.short == f"sha256:{digest.encoded[:12]}"


@pytest.mark.parametrize(
    "text", ["sha256:../../etc", f"sha256:{'A' * 64}", f"sha256:{'a' * 63}", "md5", "", ":", "a:b:c"]
)
def test_bad_digests(text: str) -> None:
    with pytest.raises(BadReference):
        Digest.parse(text)


def test_repository() -> None:
    repository = Repository.parse(Registry.parse("ghcr.io"), "acme/shop/webapp")
    assert repository.last == "webapp"
    assert repository.familiar == str(repository) == "ghcr.io/acme/shop/webapp"
    assert Reference(repository).familiar == "ghcr.io/acme/shop/webapp"
    assert parse_reference("library/alpine").familiar == "alpine"


def test_names_from_the_network_are_held_to_the_same_grammar() -> None:
    assert is_tag("1.2.3-alpine_x")
    assert not is_tag(".hidden")
    assert not is_tag("a" * 129)
    assert not is_tag("tag\n")
    assert is_repository_path("acme/app")
    assert not is_repository_path("acme/../app")
    assert not is_repository_path("a" * 256)


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except BadReference:
        return
    assert parse_reference(reference.familiar) == reference


@given(st.text(alphabet="aZ09._-:/@[]%x", max_size=40))
def test_anything_near_the_grammar(text: str) -> None:
    try:
        reference = parse_reference(text)
    except BadReference:
        return
    assert is_repository_path(reference.repository.path)
    assert reference.tag is None or is_tag(reference.tag)
    assert parse_reference(str(reference)) == reference


def test_files_are_a_registry_that_cannot_be_connected_to() -> None:
    registry = Registry.of_files("oci:build/out", "/home/ann/build/out")
    assert str(registry) == "oci:build/out"
    assert registry.key == registry.authority == registry.host
    assert re.fullmatch(r"oci-[0-9a-f]{12}\.invalid", registry.key)
    assert Registry.parse(registry.key).key == registry.key
    assert not registry.is_loopback
    assert registry.port is None
    assert Registry.of_files("oci:../out", "/home/ann/build/out").key == registry.key
    assert Registry.of_files("oci-archive:build/out", "/home/ann/build/out").key != registry.key
    assert Registry.of_files("oci:\udcff", "\udcff").key != registry.key


def test_images_in_files_are_written_as_they_are_read() -> None:
    registry = Registry.of_files("docker-archive:/tmp/x.tar", "/tmp/x.tar")
    named, unnamed = Repository.parse(registry, "acme/app"), Repository(registry, UNNAMED)
    assert str(named) == named.familiar == "docker-archive:/tmp/x.tar:acme/app"
    assert str(unnamed) == unnamed.familiar == "docker-archive:/tmp/x.tar"
    assert Reference(named, "1").familiar == "docker-archive:/tmp/x.tar:acme/app:1"
    assert Reference(unnamed, "1").familiar == "docker-archive:/tmp/x.tar:1"
    assert (named.last, unnamed.last) == ("app", "x.tar")
    assert not Repository(Registry("ghcr.io"), UNNAMED).unnamed


_ODD = st.text(alphabet="aA0._-/:@% \n\x1b", max_size=6)


@given(texts=st.lists(_ODD | st.sampled_from(["a" * 128, "a" * 129]), max_size=4))
def test_many_tags_at_once_are_what_each_of_them_is(texts: list[str]) -> None:
    assert not texts or are_tags(texts) == all(map(is_tag, texts))
