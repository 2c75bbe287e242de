"""Tables of a page: figures stand right and keep their unit beside them, whatever a cell holds."""

from __future__ import annotations

import pytest

from kedge.show import frame_table


@pytest.mark.parametrize(
    "cell", ["1", "-1.5", "<0.0001", "1,234,567", "2.174 min", "12 s", "250 ms", "4 h", "2 d", "6.16%", "6.16 %", "-"]
)
def test_a_figure_does_not_part_from_its_unit(cell: str) -> None:
    assert f'<td class="n">{cell.replace("<", "&lt;")}</td>' in frame_table(("what",), [(cell,)])


@pytest.mark.parametrize("cell", ["", "min", "1 blob", "2.5 to 4.66", "1.2.3", "[/x]", "this node", "1 s 2 s", "--1"])
def test_a_text_may_break(cell: str) -> None:
    assert 'class="n"' not in frame_table(("what",), [(cell,)])


def test_one_text_makes_a_column_of_texts() -> None:
    page = frame_table(("<what>", "value"), [("<b>", "1 s"), ("x" * 99, "2.5 min")])
    assert "<th>&lt;what&gt;</th>" in page
    assert "<td>&lt;b&gt;</td>" in page
    assert f"<td class=long>{'x' * 99}</td>" in page
    assert page.count('class="n"') == 3
