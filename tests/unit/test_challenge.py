from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.registry.login.challenge import MAX_LINE, MAX_LINES, choose, parse_challenges

HUB = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'
CODEBERG = 'Bearer realm="https://c/t",service="container_registry",scope="*",Basic realm="https://c",service="x"'


def read(*lines: str) -> list[tuple[str, dict[str, str]]]:
    return [(challenge.scheme, dict(challenge.params)) for challenge in parse_challenges(lines)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            HUB,
            [
                (
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        ('BaSiC ReAlM="x"', [("basic", {"realm": "x"})]),
        ("Basic realm=unquoted", [("basic", {"realm": "unquoted"})]),
        ("Basic realm=/", [("basic", {"realm": "/"})]),
        (
            'Bearer realm="https://a/t", service="s", scope="c", Basic realm="GitHub Package Registry"',
            [
                ("bearer", {"realm": "https://a/t", "service": "s", "scope": "c"}),
                ("basic", {"realm": "GitHub Package Registry"}),
            ],
        ),
        (
            CODEBERG,
            [
                ("bearer", {"realm": "https://c/t", "service": "container_registry", "scope": "*"}),
                ("basic", {"realm": "https://c", "service": "x"}),
            ],
        ),
        ('Negotiate, Basic realm="x"', [("negotiate", {}), ("basic", {"realm": "x"})]),
        ('Negotiate YII==, Bearer realm="https://a/t"', [("negotiate", {}), ("bearer", {"realm": "https://a/t"})]),
        (
            "bearer realm=https://zot.example/zot/auth/token,service=zot,scope=",
            [("bearer", {"realm": "https://zot.example/zot/auth/token", "service": "zot", "scope": ""})],
        ),
        (
            'Bearer realm = "https://a/t" , service = "s"',
            [("bearer", {"realm": "https://a/t", "service": "s"})],
        ),
        (
            'Bearer realm="https://a/t?x=\\"q\\",1",error="invalid_token"',
            [("bearer", {"realm": 'https://a/t?x="q",1', "error": "invalid_token"})],
        ),
        ('Basic realm="Dev" charset="UTF-8"', [("basic", {"realm": "Dev", "charset": "UTF-8"})]),
        ('Basic realm="unterminated', [("basic", {})]),
        ('Bearer realm="https://a/t",realm="https://evil/t"', [("bearer", {"realm": "https://a/t"})]),
        (",,,Basic realm=x,,", [("basic", {"realm": "x"})]),
        ("Bearer", [("bearer", {})]),
        ("", []),
    ],
)
def test_every_form_of_the_header_is_understood(line: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert read(line) == expected


def test_challenges_of_several_lines_keep_their_order() -> None:
    assert [scheme for scheme, _ in read("NTLM", 'Basic realm="a"', HUB)] == ["ntlm", "basic", "bearer"]


@pytest.mark.parametrize("lines", [[HUB, 'Basic realm="x"'], ['Basic realm="x"', HUB], [f'Basic realm="x", {HUB}']])
def test_bearer_is_preferred_wherever_it_stands(lines: list[str]) -> None:
    chosen = choose(parse_challenges(lines))
    assert chosen is not None
    assert chosen.scheme == "bearer"


def test_a_bearer_without_a_realm_cannot_be_answered() -> None:
    chosen = choose(parse_challenges(["Bearer", "Basic realm=x"]))
    assert chosen is not None
    assert chosen.scheme == "basic"
    assert choose(parse_challenges(["Negotiate", "Bearer"])) is None


def test_too_many_and_too_long_lines_are_cut() -> None:
    assert len(parse_challenges(["Basic realm=x"] * (MAX_LINES + 5))) == MAX_LINES
    assert read("x" * (MAX_LINE + 100)) == [("x" * MAX_LINE, {})]


@given(st.lists(st.text(alphabet=st.sampled_from('Bearer basic="\\, =/:\t;x'), max_size=80), max_size=4))
def test_nothing_ever_raises(lines: list[str]) -> None:
    for challenge in parse_challenges(lines):
        assert challenge.scheme == challenge.scheme.lower()
