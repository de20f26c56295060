from __future__ import annotations

import pytest

from regbrowse.registry.transport.request_log import MAX_WARNING_BYTES, Warnings, warnings_in


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ('299 - "This registry moves."', ["This registry moves."]),
        (r'299 - "say \"hi\" \\ bye"', ['say "hi" \\ bye']),
        ('299 - "one", 299 - "two, too"', ["one", "two, too"]),
        ('  299 - "spaces"  ', ["spaces"]),
        ('299 - "with a date" "Tue, 15 Nov 1994 08:12:31 GMT"', ["with a date"]),
        ('199 - "another code"', []),
        ('299 host "not ours"', []),
        ('299 - "never closed', []),
        ('299 - ""', []),
        ("299 - bare", []),
        ("", []),
    ],
)
def test_forms(line: str, texts: list[str]) -> None:
    assert warnings_in([line]) == texts


def test_what_could_move_the_cursor_is_made_visible() -> None:
    assert warnings_in(['299 - "a\x1b[2Jb\u202ec"']) == ["a\\x1b[2Jb\\u202ec"]


def test_each_warning_is_kept_once_and_all_of_them_are_bounded() -> None:
    warnings = Warnings()
    for _ in range(3):
        warnings.add("one.example", ['299 - "old"', '299 - "older"'])
    warnings.add("one.example", [f'299 - "{"é" * (MAX_WARNING_BYTES // 2)}"', f'299 - "{"x" * 10_000}"'])
    for number in range(2000):
        warnings.add("two.example", [f'299 - "number {number}"'])
    assert warnings.of("one.example") == ("old", "older")
    assert sum(len(text.encode()) for text in warnings.of("two.example")) <= MAX_WARNING_BYTES
    assert len(warnings.of("two.example")) > 100
    assert warnings.of("three.example") == ()


def test_a_long_line_of_openings_is_read_quickly() -> None:
    assert warnings_in(['299 - "' + '\\"' * 30_000]) == []
