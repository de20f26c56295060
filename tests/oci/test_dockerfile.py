"""The history as a Dockerfile: what builders write down, and that every line of it is valid."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.oci.config import parse_config
from regbrowse.oci.dockerfile import STEPS, Dockerfile, dockerfile
from regbrowse.oci.layers import join
from regbrowse.oci.manifest import Image, parse_manifest
from regbrowse.oci.mediatype import OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST
from regbrowse.reference import Digest

HEAD = 3
"""Lines before the first step: what it is, the base, and FROM."""
KNOWN = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME"
    " WORKDIR".split()
)


def image(count: int) -> Image:
    layers = [
        {"mediaType": OCI_LAYER_GZIP, "digest": str(Digest.of(bytes([at]))), "size": 1000 + at} for at in range(count)
    ]
    config = {"mediaType": OCI_CONFIG, "digest": str(Digest.of(b"")), "size": 0}
    value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers}
    found = parse_manifest(json.dumps(value).encode())
    assert isinstance(found, Image)
    return found


def written(
    steps: Sequence[str],
    inner: Mapping[str, object] | None = None,
    *,
    os: str = "linux",
    annotations: Mapping[str, str] | None = None,
    layers: int | None = None,
) -> Dockerfile:
    """A Dockerfile of steps, each of which made a layer."""
    history = [{"created_by": each} for each in steps]
    value = {"os": os, "architecture": "amd64", "config": inner or {}, "history": history}
    config = parse_config(json.dumps(value).encode())
    made = image(len(steps) if layers is None else layers)
    return dockerfile(join(made, config), config, annotations or {})


def body(file: Dockerfile) -> list[str]:
    return [line.text for line in file.lines][HEAD:]


@pytest.mark.parametrize(
    ("created_by", "inner", "expected"),
    [
        ("RUN /bin/sh -c apt-get update # buildkit", {}, ["RUN apt-get update"]),
        ("/bin/sh -c apt-get update", {}, ["RUN apt-get update"]),
        ("|1 VERSION=1.2 /bin/sh -c make", {}, ["RUN make"]),
        ("RUN |2 A=1 B=x y /bin/sh -c make # buildkit", {}, ["RUN make"]),
        (
            "RUN --mount=type=cache,target=/x /bin/sh -c pip install . # buildkit",
            {},
            ["RUN --mount=type=cache,target=/x pip install ."],
        ),
        (
            "RUN /bin/sh -c apt-get update && echo 'a && b' && rm -rf /x # buildkit",
            {},
            ["RUN apt-get update \\", "    && echo 'a && b' \\", "    && rm -rf /x"],
        ),
        ("RUN /bin/sh -c echo 'open && x", {}, ["RUN echo 'open && x"]),
        ("RUN /bin/bash -o pipefail -c a | b # buildkit", {}, ['RUN ["/bin/bash", "-o", "pipefail", "-c", "a | b"]']),
        (
            "RUN apk add curl # buildkit",
            {},
            ["# Run without a shell; where its arguments end is not told.", "RUN apk add curl"],
        ),
        ('RUN ["/bin/sh", "-c", "ls"]', {}, ['RUN ["/bin/sh", "-c", "ls"]']),
        ("/bin/sh -c set -e\nls\n# done", {}, ["RUN <<EOF", "set -e", "ls", "# done", "EOF"]),
        ("/bin/sh -c cat\nEOF\nls", {}, ["RUN <<EOF1", "cat", "EOF", "ls", "EOF1"]),
        ("RUN /bin/sh -c ls \\", {}, ["RUN <<EOF", "ls \\", "EOF"]),
        ("RUN <<EOF\napt\n\tls\nEOF", {}, ["RUN <<EOF", "apt", " ls", "EOF"]),
        ("RUN <<EOF\napt", {}, ["# RUN <<EOF", "# apt"]),
        ("COPY /a /b # buildkit", {}, ["COPY /a /b"]),
        ("COPY --from=build /a /b # buildkit", {}, ["# The stage build is not told.", "COPY --from=build /a /b"]),
        ("COPY --from=alpine:3 /a /b # buildkit", {}, ["COPY --from=alpine:3 /a /b"]),
        (
            "/bin/sh -c #(nop) ADD file:0abc in / ",
            {},
            ["# Told by the checksum of what was copied: ADD file:0abc in /"],
        ),
        (
            "/bin/sh -c #(nop) COPY --chown=a:b multi:0abc in /srv",
            {},
            ["# Told by the checksum of what was copied: COPY --chown=a:b multi:0abc in /srv"],
        ),
        ("COPY EOF", {}, ["# COPY EOF"]),
        ("ENV PATH=/usr/bin:/bin", {}, ["ENV PATH=/usr/bin:/bin"]),
        ("ENV A=1 B=2", {"Env": ["A=1", "B=2"]}, ["ENV A=1 B=2"]),
        ("ENV A=hello big world", {"Env": ["A=hello big world"]}, ['ENV A="hello big world"']),
        ("ENV OPTS=-Da=1 b=2 B=3", {"Env": ["OPTS=-Da=1 b=2", "B=3"]}, ['ENV OPTS="-Da=1 b=2" B=3']),
        ('ENV A=say "x" for $5 \\', {"Env": ["A="]}, ['ENV A="say \\"x\\" for \\$5 \\\\"']),
        ("/bin/sh -c #(nop)  ENV A hello", {}, ["ENV A=hello"]),
        ("ENV", {}, ["# ENV"]),
        ("ARG VERSION", {}, ["ARG VERSION"]),
        ("ARG VERSION=1 NAME=two words", {}, ['ARG VERSION=1 NAME="two words"']),
        (
            "LABEL a.b=c d maintainer=Joe <joe@x>",
            {"Labels": {"a.b": "", "maintainer": ""}},
            ['LABEL a.b="c d" maintainer="Joe <joe@x>"'],
        ),
        ('LABEL "a.b"="c d"', {}, ['LABEL a.b="c d"']),
        ('CMD ["bash"]', {}, ['CMD ["bash"]']),
        ('/bin/sh -c #(nop)  CMD ["node" "a b.js"]', {}, ['CMD ["node", "a b.js"]']),
        (
            'ENTRYPOINT ["a\\\\b" "say \\"x\\"" "\\x07\\a"]',
            {},
            ['ENTRYPOINT ["a\\\\b", "say \\"x\\"", "\\u0007\\u0007"]'],
        ),
        ("CMD [/bin/sh -c node]", {"Cmd": ["/bin/sh", "-c", "node"]}, ['CMD ["/bin/sh", "-c", "node"]']),
        ("CMD [/bin/sh -c a b]", {"Cmd": ["/bin/sh", "-c", "a b"]}, ['CMD ["/bin/sh", "-c", "a b"]']),
        ("CMD [node x]", {}, ["# Where its arguments end is not told.", 'CMD ["node", "x"]']),
        ("SHELL [/bin/bash -c]", {"Shell": ["/bin/bash", "-c"]}, ['SHELL ["/bin/bash", "-c"]']),
        ("VOLUME [/data /var/x]", {}, ['VOLUME ["/data", "/var/x"]']),
        ("EXPOSE map[8080/tcp:{} 53/udp:{}]", {}, ["EXPOSE 8080/tcp 53/udp"]),
        ("EXPOSE [80 443/tcp]", {}, ["EXPOSE 80 443/tcp"]),
        ("EXPOSE nothing", {}, ["# EXPOSE nothing"]),
        ("USER app", {}, ["USER app"]),
        ("WORKDIR /srv/webapp", {}, ["WORKDIR /srv/webapp"]),
        ("WORKDIR C:\\", {}, ["# WORKDIR C:\\"]),
        ("STOPSIGNAL SIGTERM", {}, ["STOPSIGNAL SIGTERM"]),
        ("ONBUILD RUN make", {}, ["ONBUILD RUN make"]),
        (
            'HEALTHCHECK &{["CMD" "node" "check.js"] "30s" "0s" "1m0s" "0s" \'\\x03\'}',
            {},
            ['HEALTHCHECK --interval=30s --start-period=1m0s --retries=3 CMD ["node", "check.js"]'],
        ),
        (
            'HEALTHCHECK &{["CMD-SHELL" "curl -f http://x || exit 1"] "5s" "3s" "0s" \'\\n\'}',
            {},
            ["HEALTHCHECK --interval=5s --timeout=3s --retries=10 CMD curl -f http://x || exit 1"],
        ),
        ('HEALTHCHECK &{["NONE"] "0s" "0s" "0s" \'\\x00\'}', {}, ["HEALTHCHECK NONE"]),
        ("HEALTHCHECK &{what}", {}, ["# HEALTHCHECK &{what}"]),
        ("bazel build ...", {}, ["# bazel build ..."]),
        ("# debian.sh --arch 'amd64'", {}, ["# # debian.sh --arch 'amd64'"]),
        ("Apply image 10.0", {}, ["# Apply image 10.0"]),
        ("", {}, ["# a step of which nothing is told"]),
        ("RUN /bin/sh -c " + "x" * 70_000, {}, None),
    ],
)
def test_steps(created_by: str, inner: dict[str, object], expected: list[str] | None) -> None:
    file = written([created_by], inner)
    if expected is None:
        assert body(file)[0].startswith("# a step that is too long to be told whole: RUN")
    else:
        assert body(file) == expected
    check(file.text(sizes=True))


def test_sizes_stand_beside_the_first_line_of_a_step() -> None:
    file = written(["ADD a /", "RUN /bin/sh -c a && b", "COPY --from=x /a /b"])
    beside = {line.text: line.row.number for line in file.lines if line.row is not None}
    assert beside == {"ADD a /": 1, "RUN a \\": 2, "COPY --from=x /a /b": 3}
    assert f"# layer 1, 1.0 KiB, {Digest.of(bytes([0]))}\nADD a /\n" in file.text(sizes=True)
    assert "layer" not in file.text()


def test_a_shell_that_was_chosen_runs_what_follows() -> None:
    steps = ["SHELL [/bin/bash -o pipefail -c]", "RUN /bin/bash -o pipefail -c a | b # buildkit"]
    inner = {"Shell": ["/bin/bash", "-o", "pipefail", "-c"]}
    assert body(written(steps, inner)) == ['SHELL ["/bin/bash", "-o", "pipefail", "-c"]', "RUN a | b"]


def test_only_the_last_of_several_is_that_of_the_config() -> None:
    steps = ["CMD [a b]", "CMD [a b]"]
    lines = body(written(steps, {"Cmd": ["a b"]}))
    assert lines == ["# Where its arguments end is not told.", 'CMD ["a", "b"]', 'CMD ["a b"]']


D = Digest.of(b"base")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, ["# The base image is not told; the first steps are perhaps its own.", "FROM scratch"]),
        ({"name": "docker.io/library/debian:12"}, ["# A claim", "FROM docker.io/library/debian:12"]),
        ({"name": "debian:12", "digest": str(D)}, ["# A claim", f"FROM debian:12@{D}"]),
        ({"name": f"debian@{D}", "digest": str(D)}, ["# A claim", f"FROM debian@{D}"]),
        ({"name": "debian:12", "digest": "sha256:x"}, ["# A claim", "FROM debian:12"]),
        ({"digest": str(D)}, [f"# The image claims to be built on an image {D}.", "FROM scratch"]),
        ({"name": "UPPER AS x"}, ["# The image claims to be built on UPPER AS x.", "FROM scratch"]),
        ({"name": "x\nRUN evil"}, ["# The image claims to be built on x", "FROM scratch"]),
    ],
)
@pytest.mark.parametrize("where", ["labels", "annotations"])
def test_the_base_is_a_claim(labels: dict[str, str], expected: list[str], where: str) -> None:
    named = {f"org.opencontainers.image.base.{key}": value for key, value in labels.items()}
    file = written(["USER x"], {"Labels": named} if where == "labels" else {}, annotations=named)
    lines = [line.text for line in file.lines]
    assert lines[1].startswith(expected[0])
    assert expected[1] in lines
    assert "RUN evil" not in lines
    check(file.text())


def test_windows_has_another_escape_character() -> None:
    file = written(["cmd /S /C dir && cd C:\\", "ENV A=b `c` \\"], {"Env": ["A="]}, os="windows")
    lines = [line.text for line in file.lines]
    assert lines[0] == "# escape=`"
    assert lines[-3:] == ["RUN dir `", "    && cd C:\\", 'ENV A="b ``c`` \\"']
    check(file.text())


def test_what_has_no_history_is_told_by_its_config() -> None:
    inner = {
        "Env": ["A=b c", "bad name=1"],
        "Labels": {"l": "v"},
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/data": {}},
        "WorkingDir": "/srv",
        "User": "app",
        "StopSignal": "SIGINT",
        "Healthcheck": {"Test": ["CMD", "x"], "Interval": 5_000_000_000},
        "Entrypoint": ["tini"],
        "Cmd": ["a b"],
    }
    file = written([], inner, layers=1)
    assert [line.text for line in file.lines][3:] == [
        "# The image has no history.",
        "# a layer of which nothing is told",
        "# What the config says:",
        'ENV A="b c"',
        "LABEL l=v",
        "EXPOSE 80/tcp",
        'VOLUME ["/data"]',
        "WORKDIR /srv",
        "USER app",
        "STOPSIGNAL SIGINT",
        'HEALTHCHECK --interval=5s CMD ["x"]',
        'ENTRYPOINT ["tini"]',
        'CMD ["a b"]',
    ]
    check(file.text(sizes=True))


def test_a_history_that_does_not_fit_says_so() -> None:
    file = written(["RUN /bin/sh -c a", "RUN /bin/sh -c b"], layers=3)
    text = file.text(sizes=True)
    assert "# The history speaks of 2 layers, the image has 3." in text
    assert "RUN a\nRUN b\n" in text
    check(text)


def test_a_history_without_end_is_cut() -> None:
    file = written(["USER x"] * (STEPS + 5), layers=0)
    assert body(file)[-1] == "# 5 more steps are left out."
    assert len(file.lines) == HEAD + STEPS + 2


@pytest.mark.parametrize(
    "step",
    [
        "CMD [" + '"\\' * 30_000 + "]",
        "COPY " + "file:a " * 9_000 + "x",
        "|1 " + "sh -x" * 12_000,
        "RUN |1 A=b " + "sh -x " * 10_000,
        "HEALTHCHECK &{[]" + ' ""' * 20_000,
        'HEALTHCHECK &{["CMD" ' + '"x" ' * 15_000 + '] "0s"}',
        "ENV " + "A=b " * 15_000,
        "EXPOSE " + "1-" * 30_000,
        "RUN " + "--mount=x " * 6_000 + "y",
    ],
    ids=lambda step: step[:20],
)
def test_a_long_step_is_read_in_time(step: str) -> None:
    begun = process_time()
    check(written([step]).text())
    assert process_time() < begun + 2


def test_an_instruction_is_all_of_its_lines() -> None:
    file = written(["RUN /bin/sh -c a && b", "COPY --from=x /a /b"])
    at = next(at for at, line in enumerate(file.lines) if line.text == "    && b")
    assert file.instruction(at) == ["RUN a \\", "    && b"]
    assert file.instruction(at + 1) == ["# The stage x is not told."]


def test_without_a_config_the_layers_are_listed() -> None:
    made = image(2)
    file = dockerfile(join(made), None, {})
    assert sum(line.row is not None for line in file.lines) == 2
    check(file.text(sizes=True))


PIECES = st.sampled_from([
    "/bin/sh -c ", "#(nop) ", "RUN ", "COPY ", "ENV ", "LABEL ", "CMD ", "SHELL ", "HEALTHCHECK ", "EXPOSE ",
    "VOLUME ", "USER ", "[", "]", '"', "'", "\\", "\n", "#", " && ", "a", "A=b", " ", "<<EOF", "EOF", "&{", "}",
    "80/tcp", "--from=", "$x", "`", "=", "file:0a in ", "|1 A=b ", "é", "ONBUILD ", "WORKDIR ", "ENTRYPOINT ", "ARG ",
    "MAINTAINER ",
])  # fmt: skip


@given(
    st.lists(st.lists(PIECES, max_size=9).map("".join), max_size=4),
    st.sampled_from(["linux", "windows"]),
    st.sampled_from([{}, {"Env": ["A=b"], "Shell": ["a"], "Cmd": ["a"], "Labels": {"A": "\n"}}]),
)
def test_every_line_is_valid_whatever_the_history_says(steps: list[str], os: str, inner: dict[str, object]) -> None:
    check(written(steps, inner, os=os).text(sizes=True))


def check(text: str) -> None:
    """Read a Dockerfile as its reference says, and refuse what it would refuse."""
    lines = text.split("\n")
    escape = "`" if lines[0] == "# escape=`" else "\\"
    at = 0
    begun = False
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        while line.rstrip().endswith(escape):
            assert at < len(lines), f"goes on nowhere: {line}"
            line = line.rstrip()[:-1] + lines[at]
            at += 1
        name, _, rest = line.partition(" ")
        assert name in KNOWN, line
        assert rest.strip(), line
        assert begun or name in ("FROM", "ARG"), line
        begun = True
        heredoc = re.match(r"(?:--\S+ )*<<-?[\"']?(\w+)", rest) if name == "RUN" else None
        if heredoc:
            end = next((n for n in range(at, len(lines)) if lines[n].strip() == heredoc.group(1)), None)
            assert end is not None, f"never ends: {line}"
            at = end + 1
            continue
        _check_rest(name, rest, escape)


def _check_rest(name: str, rest: str, escape: str) -> None:
    match name:
        case "FROM":
            assert len(rest.split()) == 1, rest
        case "SHELL" | "VOLUME" | "CMD" | "ENTRYPOINT" if (rest[0], rest.strip()[-1]) == ("[", "]") or name == "SHELL":
            words = json.loads(rest)
            assert isinstance(words, list), rest
            assert all(isinstance(word, str) for word in words), rest
        case "ENV" | "LABEL":
            words = shlex.split(rest.replace("\\", "\\\\").replace("`", "\\") if escape == "`" else rest)
            assert words, rest
            assert all("=" in word.lstrip("=") for word in words), rest
        case "EXPOSE":
            assert all(re.fullmatch(r"[0-9-]+(/[a-z]+)?", word) for word in rest.split()), rest
        case "COPY" | "ADD":
            assert "<<" not in rest, rest
            assert len([word for word in rest.split() if not word.startswith("--")]) > 1, rest
        case "HEALTHCHECK":
            assert re.fullmatch(r"NONE|(--[a-z-]+=\S+ )*CMD \S.*", rest), rest
