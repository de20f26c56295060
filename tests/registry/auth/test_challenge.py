from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.registry.auth.challenge import (
    MAX_LINE,
    MAX_LINES,
    choose_challenge,
    has_error,
    parse_challenges,
    token_scopes,
    without_repository_scopes,
)

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
    chosen = choose_challenge(parse_challenges(lines))
    assert chosen is not None
    assert chosen.scheme == "bearer"


def test_a_bearer_without_a_realm_cannot_be_answered() -> None:
    chosen = choose_challenge(parse_challenges(["Bearer", "Basic realm=x"]))
    assert chosen is not None
    assert chosen.scheme == "basic"
    assert choose_challenge(parse_challenges(["Negotiate", "Bearer"])) is None


def test_too_many_and_too_long_lines_are_cut() -> None:
    assert len(parse_challenges(["Basic realm=x"] * (MAX_LINES + 5))) == MAX_LINES
    assert read("x" * (MAX_LINE + 100)) == [("x" * MAX_LINE, {})]


PULL = "repository:host:5000/a:pull"


@pytest.mark.parametrize(
    ("demanded", "needed", "scopes"),
    [
        ("", "", ()),
        ("", PULL, (PULL,)),
        (PULL, "", (PULL,)),
        (PULL, PULL, (PULL,)),
        ("repository:host:5000/a:pull,push", PULL, ("repository:host:5000/a:pull,push",)),
        ("repository:host:5000/a:*", PULL, ("repository:host:5000/a:*",)),
        (f"repository:b:pull {PULL}", PULL, (f"repository:b:pull {PULL}",)),
        ("repository:host:5000/a:metadata_read", PULL, ("repository:host:5000/a:metadata_read", PULL)),
        ("repository:mapped/a:pull", PULL, ("repository:mapped/a:pull", PULL)),
        ("*", PULL, ("*", PULL)),
        ("aws", PULL, ("aws", PULL)),
        ("registry:catalog:*", "registry:catalog:*", ("registry:catalog:*",)),
    ],
)
def test_the_demanded_scope_comes_first_and_the_needed_one_only_when_missing(
    demanded: str, needed: str, scopes: tuple[str, ...]
) -> None:
    assert token_scopes(demanded, needed) == scopes


@pytest.mark.parametrize(
    ("realm", "whole"),
    [
        ("/token", "https://r.example/token"),
        ("token?a=1", "https://r.example/v2/token?a=1"),
        ("//login.example/t", "https://login.example/t"),
        ("https://login.example/t", "https://login.example/t"),
        ("https://u:p@login.example/t", "https://u:p@login.example/t"),
        ("http://[", "http://["),
        ("#x", "#x"),
    ],
)
def test_relative_realms_are_resolved_and_impossible_ones_stay(realm: str, whole: str) -> None:
    [challenge] = parse_challenges([f'Bearer realm="{realm}"'], "https://r.example/v2/")
    assert challenge.get("realm") == whole


def test_the_realm_of_basic_is_no_address() -> None:
    [challenge] = parse_challenges(["Basic realm=/x"], "https://r.example/v2/")
    assert challenge.get("realm") == "/x"


def test_a_ping_names_no_repository() -> None:
    read = parse_challenges([HUB, CODEBERG])
    assert [challenge.get("scope") for challenge in without_repository_scopes(read)] == ["", "*", ""]


def test_errors_of_any_challenge_are_seen() -> None:
    read = parse_challenges(['Basic realm=x, Bearer realm=y,error="insufficient_scope"'])
    assert has_error(read, "insufficient_scope")
    assert not has_error(read, "invalid_token")


@given(st.lists(st.text(alphabet=st.sampled_from('Bearer basic="\\, =/:\t;x'), max_size=80), max_size=4))
def test_nothing_ever_raises(lines: list[str]) -> None:
    for challenge in parse_challenges(lines):
        assert challenge.scheme == challenge.scheme.lower()
