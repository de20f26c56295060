"""Lines of exact width, whatever the text."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from regbrowse.text import visible
from regbrowse.tui.cells import clip, cut, cut_left, spread, strip, width_of, wrap

PLAIN = Style()
texts = st.text(max_size=60).map(lambda text: visible(text, 200))
widths = st.integers(min_value=1, max_value=50)


@given(texts, widths)
def test_cut_fits_and_marks_what_is_missing(text: str, width: int) -> None:
    shown = cut(text, width)
    assert cell_len(shown) <= width
    assert shown == text or shown.endswith("…")


@given(texts, texts, widths)
def test_spread_is_exactly_as_wide(left: str, right: str, width: int) -> None:
    right = cut(right, width // 2)
    line = spread([(left, PLAIN)], [(right, PLAIN)], width, PLAIN)
    assert width_of(line) == width


@given(st.lists(texts, max_size=5), widths)
@example(["👍", "🏻", "0"], 2)
def test_clip_fits(parts: list[str], width: int) -> None:
    spans = clip([(part, PLAIN) for part in parts], width)
    assert width_of(spans) <= width
    assert strip(spans, width, PLAIN).cell_length == width


@given(texts, widths)
def test_wrap_loses_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")
    assert all(cell_len(line) <= max(2, width) for line in lines)


def test_cut_left_keeps_the_end() -> None:
    assert cut_left("acme/shop/webapp", 8) == "…/webapp"
    assert cut_left("webapp", 8) == "webapp"


def test_what_is_indented_stays_so() -> None:
    assert wrap('{\n  "a": [\n    "one two three"\n  ]\n}', 12) == [
        "{", '  "a": [', '    "one two', '    three"', "  ]", "}",
    ]  # fmt: skip
    assert wrap(" " * 40 + "x", 10) == ["     x"]
