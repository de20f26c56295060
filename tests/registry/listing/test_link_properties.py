"""`Link` and `WWW-Authenticate` as any server may write them: what was meant is found, and nothing else."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from regbrowse.registry.auth.challenge import choose_challenge, parse_challenges
from regbrowse.registry.listing.link import next_page, next_target
from regbrowse.registry.transport.request_log import warnings_in
from regbrowse.registry.transport.url_policy import same_origin

PATH = "/v2/acme/app/tags/list"
URL = f"https://registry.example.com{PATH}?n=100&last=a"
TARGETS = st.text(alphabet="abc/?=&,;%.:@ ", min_size=1, max_size=20).filter(str.strip)
TOKENS = st.text(alphabet="abcrel*XYZ019!#", min_size=1, max_size=8)
TEXTS = st.text(alphabet='ab rel=next,;<>"\\', max_size=16)
GAPS = st.sampled_from(["", " ", "\t", "  "])
RELATIONS = st.sampled_from(["next", "NEXT", "prev next", "last", "prev", "nextish", ""])


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def link(draw: st.DrawFn) -> tuple[str, str, str]:
    """A target, its relations, and both as they are written among other parameters."""
    target, relations = draw(TARGETS), draw(RELATIONS)
    others = draw(st.lists(st.tuples(TOKENS.filter(lambda name: name.lower() != "rel"), TEXTS), max_size=2))
    written = [f"{name}{draw(GAPS)}={draw(GAPS)}{quoted(text)}" for name, text in others]
    written.insert(draw(st.integers(0, len(written))), f"{draw(st.sampled_from(['rel', 'REL']))}={quoted(relations)}")
    gap = draw(GAPS)
    return target, relations, f"<{target}>{gap};{gap}" + f"{gap};{gap}".join(written)


@given(st.lists(st.lists(link(), min_size=1, max_size=3), max_size=4), GAPS)
def test_the_first_link_that_is_next_is_found(lines: list[list[tuple[str, str, str]]], gap: str) -> None:
    written = [f"{gap},{gap}".join(each[2] for each in line) for line in lines]
    meant = [target for line in lines for target, relations, _ in line if "next" in relations.lower().split()]
    assert next_target(written) == (meant[0].strip() if meant else None)


ADDRESSES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "https://registry.example.com", "http://registry.example.com", "//evil.example", "https://u@h",
                     "https://10.0.0.1:5000", "https://[::1", "javascript:", "https://registry.example.com:443"]),
    st.sampled_from([PATH, "/v2/acme/app/tags/%6cist", "/repository/x" + PATH, "/v2/../v2/other/tags/list", "/v2/x",
                     PATH + "/../../manifests/1", "", "\\", "/v2/acme/app/tags/list%00", "//evil.example" + PATH]),
    st.sampled_from(["", "?last=b", "?last=b&n=9", "?last=%2F..%2F", "?\r\nX: y", "#x", "?last=é\u202e"]),
)  # fmt: skip


@given(ADDRESSES | st.text(max_size=60), st.sampled_from(["x-jfrog-version", "x-artifactory-id", "x-other"]))
def test_nobody_but_the_registry_is_asked_and_nothing_but_the_list(address: str, header: str) -> None:
    after = next_page([f"<{address}>; rel=next"], URL, PATH, "registry.example.com", {header: "7"})
    assert after.note.isprintable()
    assert not (after.url and after.note)
    for url in (after.url, after.fallback):
        if url is not None:
            path = urlsplit(url).path
            assert same_origin(url, URL)
            assert path.endswith(PATH)
            assert path == unquote(path)
            assert ".." not in path


@st.composite
def challenge(draw: st.DrawFn) -> tuple[str, dict[str, str], str]:
    scheme = draw(st.sampled_from(["Bearer", "BASIC", "negotiate", "Digest"]))
    params: dict[str, str] = {}
    written = []
    for name, text in draw(st.lists(st.tuples(st.sampled_from(["realm", "Service", "scope", "error"]), TEXTS))):
        params.setdefault(name.lower(), text)
        gap = draw(GAPS)
        written.append(f"{name}{gap}={gap}{quoted(text)}")
    return scheme.lower(), params, f"{scheme} " + draw(st.sampled_from([",", ", ", " , ", " "])).join(written)


@given(st.lists(challenge(), min_size=1, max_size=3), st.booleans())
def test_every_challenge_is_read_as_it_was_meant(
    challenges: list[tuple[str, dict[str, str], str]], one_line: bool
) -> None:
    written = [each[2] for each in challenges]
    found = parse_challenges([", ".join(written)] if one_line else written)
    assert [(each.scheme, dict(each.params)) for each in found] == [each[:2] for each in challenges]
    best = choose_challenge(found)
    usable = [each for each in found if each.scheme == "bearer" and each.get("realm")]
    usable += [each for each in found if each.scheme == "basic"]
    assert best == (usable[0] if usable else None)


@given(st.lists(st.text(max_size=80) | TEXTS.map(lambda text: f"299 - {quoted(text)}"), max_size=3))
def test_any_warning_can_be_shown(lines: list[str]) -> None:
    assert all(text.isprintable() for text in warnings_in(lines))


@given(st.lists(TEXTS.filter(str.strip), min_size=1, max_size=3))
def test_warnings_are_read_as_they_were_meant(texts: list[str]) -> None:
    assert warnings_in([", ".join(f"299 - {quoted(text)}" for text in texts)]) == [text.strip() for text in texts]
