"""What people type or paste, and what is understood."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.errors import BadReference
from regbrowse.reference import Reference, Registry
from regbrowse.reference_input import Source, read_typed

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("alpine", "docker.io/library/alpine"),
        (" 'alpine:3.20'\n", "docker.io/library/alpine:3.20"),
        ("`ghcr.io/a/b`", "ghcr.io/a/b"),
        ("postgres:16", "docker.io/library/postgres:16"),
        ("ubuntu:22.04", "docker.io/library/ubuntu:22.04"),
        (f"alpine:3@{DIGEST}", f"docker.io/library/alpine:3@{DIGEST}"),
        ("ghcr.io/acme/", "ghcr.io/acme"),
        ("ghcr.io/acme/app/", "ghcr.io/acme/app"),
        ("my.app:stable", "docker.io/library/my.app:stable"),
        ("docker", "docker.io/library/docker"),
        ("image:latest", "docker.io/library/image:latest"),
        ("github.com/foo/bar", "github.com/foo/bar"),
    ],
)
def test_references(text: str, meant: str) -> None:
    typed = read_typed(text)
    assert isinstance(typed.place, Reference)
    assert str(typed.place) == meant
    assert typed.note == ""
    assert not typed.plain_http


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("localhost", "localhost"),
        ("localhost:5000", "localhost:5000"),
        ("localhost/", "localhost"),
        ("ghcr.io", "ghcr.io"),
        ("registry.example.com:8443", "registry.example.com:8443"),
        ("192.168.1.1:5000", "192.168.1.1:5000"),
        ("index.docker.io", "docker.io"),
        ("myhost:5000/", "myhost:5000"),
        ("myhost/", "myhost"),
        ("[::1]:5000", "[::1]:5000"),
        ("[fd00::1]/", "[fd00::1]"),
    ],
)
def test_registries(text: str, name: str) -> None:
    assert read_typed(text).place == Registry(name)


def test_a_name_with_a_port_is_explained() -> None:
    typed = read_typed("myhost:5000")
    assert str(typed.place) == "docker.io/library/myhost:5000"
    assert typed.note == (
        '"myhost:5000" means the Docker Hub image "myhost" with tag "5000".'
        ' To open the registry at that address type "myhost:5000/".'
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("docker pull nginx:1.27", "nginx:1.27"),
        ("$ docker pull nginx", "nginx"),
        ("docker image pull nginx", "nginx"),
        ("docker run -it --rm -p 80:80 --name x nginx:alpine sh -c ls", "nginx:alpine"),
        ("docker run --name=x -e A=b -v /x:/y nginx", "nginx"),
        (f"sudo podman pull --platform linux/arm64 quay.io/a/b@{DIGEST}", f"quay.io/a/b@{DIGEST}"),
        ("crane manifest ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ("docker buildx imagetools inspect ghcr.io/a/b:1 --raw", "ghcr.io/a/b:1"),
        ("skopeo inspect --raw docker://alpine", "alpine"),
        ("helm pull oci://ghcr.io/a/chart --version 1", "ghcr.io/a/chart"),
        ("helm install name oci://ghcr.io/a/chart", "ghcr.io/a/chart"),
        ("docker pull 'nginx'", "nginx"),
        ("FROM golang:1.22 AS build", "golang:1.22"),
        ("from --platform=$BUILDPLATFORM golang:1.22 as build", "golang:1.22"),
        ("image: ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ('- image: "ghcr.io/a/b:1"', "ghcr.io/a/b:1"),
        ('"image": "ghcr.io/a/b:1",', "ghcr.io/a/b:1"),
        ("docker://alpine:3", "alpine:3"),
        ("oci://ghcr.io/a/chart", "ghcr.io/a/chart"),
        ("docker.io://x/y", "x/y"),
        ("https://ghcr.io/v2/a/b/manifests/1.2", "ghcr.io/a/b:1.2"),
        (f"https://ghcr.io/v2/a/b/manifests/{DIGEST}", f"ghcr.io/a/b@{DIGEST}"),
        (f"https://ghcr.io/v2/a/b/blobs/{DIGEST}", "ghcr.io/a/b"),
        ("https://ghcr.io/v2/a/manifests/tags/list?n=3", "ghcr.io/a/manifests"),
        ("https://registry-1.docker.io/v2/library/alpine/tags/list", "alpine"),
        ("https://reg.example.com/a/b:1", "reg.example.com/a/b:1"),
        ("https://user:secret@reg.example.com/a/b", "reg.example.com/a/b"),
        ("https://hub.docker.com/_/nginx", "nginx"),
        ("https://hub.docker.com/_/nginx/tags", "nginx"),
        ("hub.docker.com/r/bitnami/redis/tags?page=1", "bitnami/redis"),
        ("https://hub.docker.com/layers/library/alpine/3.20/images/sha256-abc?context=explore", "alpine:3.20"),
        ("https://hub.docker.com/repository/docker/acme/app/general", "acme/app"),
        ("https://hub.docker.com/v2/repositories/acme/app/tags", "acme/app"),
        ("https://github.com/Acme/repo/pkgs/container/app", "ghcr.io/acme/app"),
        ("https://github.com/acme/repo/pkgs/container/repo%2Fapp/1234?tag=v1", "ghcr.io/acme/repo/app:v1"),
        ("https://github.com/orgs/acme/packages/container/package/app", "ghcr.io/acme/app"),
        ("https://github.com/orgs/acme/packages/container/app/versions", "ghcr.io/acme/app"),
        ("https://quay.io/repository/a/b?tab=tags", "quay.io/a/b"),
        (f"https://quay.io/repository/a/b/manifest/{DIGEST}", f"quay.io/a/b@{DIGEST}"),
        ("https://gallery.ecr.aws/nginx/nginx", "public.ecr.aws/nginx/nginx"),
        ("https://ghcr.io/v2/", "ghcr.io/"),
        ("https://ghcr.io", "ghcr.io/"),
        ("https://ghcr.io/v2/_catalog?n=5", "ghcr.io/"),
    ],
)
def test_commands_and_pages(text: str, meant: str) -> None:
    typed = read_typed(text)
    assert typed.note == f'understood as "{meant}"'
    assert not typed.plain_http
    assert read_typed(meant).place == typed.place


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        ("oci:build/out", "oci", "build/out"),
        ("oci:build/out:1.0", "oci", "build/out:1.0"),
        (" 'oci:~/my images/out/' ", "oci", "~/my images/out"),
        ("oci:/", "oci", "/"),
        ("oci:latest", "oci", "latest"),
        ("dir:build/out", "dir", "build/out"),
        ("docker-dir:build/out", "dir", "build/out"),
        ("oci-dir:build/out", "oci", "build/out"),
        ("oci-archive:C:\\images\\x.tar:1", "oci-archive", "C:\\images\\x.tar:1"),
        (f"docker-archive:x.tar@{DIGEST}", "docker-archive", f"x.tar@{DIGEST}"),
        ("docker-archive:x.tar:ghcr.io/acme/app:1", "docker-archive", "x.tar:ghcr.io/acme/app:1"),
    ],
)
def test_files(text: str, kind: str, path: str) -> None:
    typed = read_typed(text)
    assert typed.source == Source(kind, path)
    assert str(typed.place) == str(typed.source)
    assert isinstance(typed.place, Registry)
    assert typed.place.key.endswith(".invalid")
    assert typed.note == ""


@pytest.mark.parametrize(
    ("text", "what", "command"),
    [
        (
            "docker-daemon:alpine:1",
            '"docker-daemon:alpine:1" is an image in the store of docker',
            "docker save -o image.tar alpine:1",
        ),
        ("docker-daemon://alpine", '"docker-daemon:alpine" is', "docker save -o image.tar alpine"),
        (f"docker-daemon:{DIGEST}", "store of docker", f"docker save -o image.tar {DIGEST}"),
        ("skopeo inspect docker-daemon:a/b:1", '"docker-daemon:a/b:1" is', "docker save -o image.tar a/b:1"),
        (
            "containers-storage:localhost/app:1",
            "in the store of podman, buildah or CRI-O, which is not read here.",
            "skopeo copy containers-storage:localhost/app:1 oci-archive:image.tar",
        ),
        (
            "containers-storage:[overlay@/var/lib]app",
            "store of podman",
            "skopeo copy 'containers-storage:[overlay@/var/lib]app' oci-archive:image.tar",
        ),
        ("docker-daemon:$(touch x)", "store of docker", "docker save -o image.tar '$(touch x)'"),
    ],
)
def test_stores_of_engines(text: str, what: str, command: str) -> None:
    with pytest.raises(BadReference) as caught:
        read_typed(text)
    assert what in caught.value.why
    assert f'Make a file of it by "{command}", and open "' in str(caught.value)
    assert "IPv6" not in str(caught.value)


def test_a_command_that_makes_a_file_of_a_stored_image_means_the_file() -> None:
    assert read_typed("skopeo copy docker-daemon:alpine:1 oci-archive:x.tar").source == Source("oci-archive", "x.tar")


@pytest.mark.parametrize(
    "text",
    ["skopeo inspect oci:out:1", "skopeo copy oci:out:1 docker://ghcr.io/a/b:1", "$ skopeo inspect --raw oci:out:1"],
)
def test_commands_about_files(text: str) -> None:
    typed = read_typed(text)
    assert typed.source == Source("oci", "out:1")
    assert typed.note == 'understood as "oci:out:1"'


@pytest.mark.parametrize("text", ["http://localhost:5000/a/b", "http://localhost:5000", "HTTP://reg.example.com/a"])
def test_plain_http_is_said(text: str) -> None:
    assert read_typed(text).plain_http


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "Type an image"),
        ("  ''  ", "Type an image"),
        (DIGEST, "without a repository"),
        ("sha256:abc", "64 lower-case"),
        ("a" * 64, "image ID"),
        ("acme/App", "lower case"),
        ("docker pull", "names no image"),
        ("docker run --rm", "names no image"),
        ("ftp://x/y", "not an address"),
        ("oci: ", "not a valid"),
        ("oci-archive:  x\0y", "names no file"),
        ("x y", "not an image"),
        ("http://[::1", "not a web address"),
        ("2.14", "not a valid address"),
        ("fe80::1:5000", "brackets"),
        ("☃.com", "not a valid registry"),
        ("x" * 5000, "characters long"),
        ("https://hub.docker.com/search?q=x\x1b[31m", "shows no image"),
        ("https://github.com/acme/repo", "shows no image"),
    ],
)
def test_refuses(text: str, word: str) -> None:
    with pytest.raises(BadReference, match=word) as caught:
        read_typed(text)
    assert str(caught.value).isprintable()


@given(st.text(max_size=60) | st.text(alphabet="docker pullhttps://[]@:%?#_-.aA09 \"'", max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    with contextlib.suppress(BadReference):
        assert read_typed(text).note.isprintable()


STARTS = ["http://", "https://", "docker pull ", "oci://", "oci:", "docker-archive:", "hub.docker.com/r/"]


@given(st.sampled_from(STARTS), st.text(max_size=30))
def test_anything_behind_a_known_beginning(start: str, text: str) -> None:
    with contextlib.suppress(BadReference):
        read_typed(start + text)
