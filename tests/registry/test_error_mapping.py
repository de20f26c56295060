"""What servers say when they refuse, in every form that is met, and what each status means for which question."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regbrowse.errors import (
    AuthRejected,
    AuthRequired,
    BadResponse,
    Denied,
    Integrity,
    NetError,
    NotFound,
    RateLimited,
    RegistryError,
    ServerError,
    Unsupported,
)
from regbrowse.reference import Registry
from regbrowse.registry.error_mapping import ERROR_BODY_LIMIT, SAID_LIMIT, server_words, status_error
from regbrowse.registry.models import LoginState
from regbrowse.registry.requests import Kind, Request, Response

QUESTION = Request(Registry.parse("reg.example"), "manifest", "/v2/a/manifests/1", "Reading a:1", "reg.example/a", "1")
KINDS: tuple[Kind, ...] = get_args(Kind)


def reply(status: int, body: bytes = b"", kind: Kind = "manifest", *, foreign: bool = False) -> Response:
    question = replace(QUESTION, kind=kind)
    return Response(question, status, httpx.Headers(), body, "https://reg.example/v2/", 0.1, foreign)


@pytest.mark.parametrize(
    ("body", "codes", "said"),
    [
        ('{"errors":[{"code":"DENIED","message":"no","detail":{"x":1}}]}', ("DENIED",), "no"),
        ('{"errors":[{"code":"A"},{"code":"B","message":"b"},{"code":"C"},{"code":"D"}]}', ("A", "B", "C"), "b"),
        ('{"errors":[{"status":400,"message":"artifactory"}]}', (), "artifactory"),
        ('{"errors":["text"]}', (), "text"),
        ('{"errors":[null,5,[],{"code":7,"message":null,"detail":"d"}]}', (), ""),
        ('{"errors":[null,{"code":7,"message":null,"detail":"d"}]}', (), "d"),
        ('{"error":"invalid_token","error_description":"expired"}', ("invalid_token",), "expired"),
        ('{"error":{"code":403,"message":"quota","status":"PERMISSION_DENIED"}}', (), "quota"),
        ('{"message":"m"}', (), "m"),
        ('{"detail":"d"}', (), "d"),
        ('{"details":"ds"}', (), "ds"),
        ('{"errinfo":{},"detail":"hub"}', (), "hub"),
        ('{"code":"X","msg":"short"}', ("X",), "short"),
        ('{"code":404,"msg":"short"}', (), "short"),
        ("\ufeff \n{\"message\":\"m\"}", (), "m"),
        ("<Error><Code>AccessDenied</Code><Message>Request &lt;has&gt; expired</Message></Error>", ("AccessDenied",),
         "Request <has> expired"),
        ("<?xml?><Error><Code>A</Code><RequestId>1</RequestId><Message></Message></Error>", ("A",), ""),
        ("<html><TITLE lang=en>\n 502  Bad\tGateway </title>", (), "502 Bad Gateway"),
        (f"<title>{'t' * 300}</title>", (), "t" * 99 + "…"),
        ("<h1>no title", (), ""),
        ("Too Many Requests\n", (), "Too Many Requests"),
        ("a\x1b]52;c;aGk=\x07\u202e\x9b", (), "a\\x1b]52;c;aGk=\\x07\\u202e\\x9b"),
        ('{"errors":[{"code":"\\u001b[2J","message":"\\ud800\\u200b"}]}', ("\\x1b[2J",), "\\ud800\\u200b"),
        ('{"unterminated', (), '{"unterminated'),
        ("[" * 100, (), "[" * 100),
        ("", (), ""),
        (" \r\n ", (), ""),
    ],
)  # fmt: skip
def test_forms_of_refusals(body: str, codes: tuple[str, ...], said: str) -> None:
    assert server_words(body.encode()) == (codes, said)


def test_words_are_cut_at_the_limit() -> None:
    for length in (SAID_LIMIT, SAID_LIMIT + 1):
        for body in (b"x" * length, json.dumps({"message": "x" * length}).encode()):
            said = server_words(body)[1]
            assert len(said) == SAID_LIMIT
            assert said.endswith("…") is (length > SAID_LIMIT)


def test_only_so_much_of_a_body_is_read() -> None:
    frame = b'{"message":"m","x":""}'
    whole = frame[:-2] + b"x" * (ERROR_BODY_LIMIT - len(frame)) + frame[-2:]
    assert server_words(whole) == ((), "m")
    assert server_words(whole[:-2] + b"x" + whole[-2:])[1].startswith('{"message"')


@given(st.binary(max_size=200) | st.text(alphabet='<>/CodeMsag{}[]":, title\x1b', max_size=200).map(str.encode))
def test_any_body_becomes_words_that_can_be_shown(body: bytes) -> None:
    codes, said = server_words(body)
    assert all(text.isprintable() for text in (*codes, said))
    assert len(codes) <= 3
    assert len(said) <= SAID_LIMIT


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["errors", "error", "code", "message", "detail", "msg", "x"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_becomes_words_that_can_be_shown(value: object) -> None:
    codes, said = server_words(json.dumps(value).encode())
    assert all(text.isprintable() for text in (*codes, said))


TROUBLE: list[tuple[int, type[RegistryError]]] = [
    (204, BadResponse), (206, BadResponse), (300, BadResponse), (304, BadResponse), (305, BadResponse),
    (400, BadResponse), (401, AuthRequired), (403, AuthRequired), (405, Unsupported), (406, BadResponse),
    (407, NetError), (408, ServerError), (416, Integrity), (418, BadResponse), (421, BadResponse),
    (429, RateLimited), (451, Denied), (499, ServerError), (500, ServerError), (501, Unsupported),
    (502, ServerError), (503, ServerError), (504, ServerError), (522, ServerError), (524, ServerError),
    (599, ServerError),
]  # fmt: skip


@pytest.mark.parametrize(("status", "kind"), TROUBLE)
@pytest.mark.parametrize("asked", KINDS)
def test_what_a_status_means(status: int, kind: type[RegistryError], asked: Kind) -> None:
    error = status_error(reply(status, b'{"errors":[{"code":"C","message":"words"}]}', asked))
    assert type(error) is kind
    assert error.evidence.status == status
    assert (error.evidence.codes, error.evidence.said) == (("C",), "words")
    assert error.why.endswith(".")
    assert error.wanted == "Reading a:1"


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ("manifest", NotFound), ("blob", NotFound), ("tags", NotFound), ("token", NotFound),
        ("ping", Unsupported), ("catalog", Unsupported), ("referrers", Unsupported), ("vendor", Unsupported),
    ],
)  # fmt: skip
def test_what_is_not_there(status: int, asked: Kind, kind: type[RegistryError]) -> None:
    assert type(status_error(reply(status, kind=asked))) is kind


def test_a_manifest_that_is_not_there_and_a_repository_that_is_not() -> None:
    error = status_error(reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'))
    assert (error.why, error.hint) == (
        'reg.example/a has no "1".', "It may have been deleted, or never been there: the list of tags tells."
    )  # fmt: skip
    error = status_error(reply(404, b'{"errors":[{"code":"NAME_UNKNOWN"}]}'))
    assert error.why == 'reg.example has no repository "a".'


@pytest.mark.parametrize(("status", "kind"), [(401, AuthRejected), (403, Denied)])
def test_a_refused_login_names_its_source(status: int, kind: type[RegistryError]) -> None:
    error = status_error(reply(status), LoginState("joe", "~/.docker/config.json"))
    assert type(error) is kind
    assert ("~/.docker/config.json" if status == 401 else "joe") in error.why


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_storage_refuses_for_reasons_of_its_own(status: int) -> None:
    error = status_error(reply(status, b"<Error><Code>ExpiredToken</Code><Message>m</Message></Error>", foreign=True))
    assert type(error) is ServerError
    assert str(error).startswith(
        f"Reading a:1 failed: The storage behind reg.example refused the download ({status} ExpiredToken)."
    )


@pytest.mark.parametrize("status", [304, 400, 402, 416, 418, 451])
def test_odd_statuses_have_a_next_step(status: int) -> None:
    question = Request(Registry("registry.example"), "blob", "/v2/a/blobs/x", "Reading", "a")
    error = status_error(Response(question, status, httpx.Headers(), b"", "https://registry.example/v2/", 0.1))
    assert error.hint.endswith(".")
