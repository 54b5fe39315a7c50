"""Names in figures may be of any script, and no text at all."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from flowcolor.evaluation.curves import Point, draw_curves
from flowcolor.evaluation.figures import name_in_figure, write_figure
from flowcolor.evaluation.study.chart import write_chart
from flowcolor.io.images import read_image

NAMES = ["写", "क", "\udcff", "$x^$", "a\nb"]


def test_what_a_font_lacks_and_what_is_no_text_is_drawn_without_a_warning(tmp_path):
    figure = Figure(figsize=(2, 1))
    figure.text(0, 0, name_in_figure("".join(NAMES)), parse_math=False)
    write_figure(figure, tmp_path / "figure.png", dpi=50)
    assert read_image(tmp_path / "figure.png").shape == (3, 50, 100)


@pytest.mark.parametrize("name", NAMES)
def test_curves_and_charts_hold_such_names(name, tmp_path):
    draw_curves([Point(1, name, 0.5)], tmp_path / "curves.png")
    rates = {"methods": {name: {"mean": 0.5, "low": 0.4, "high": 0.6}}}
    write_chart({"fool": rates}, tmp_path / "chart.png")
    grades = {"methods": {name: {"shares": [0.2] * 5}}}
    write_chart({"color": grades}, tmp_path / "chart.png")
    assert len(list(tmp_path.iterdir())) == 2


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4),
    st.lists(st.integers(0, 10**7), min_size=4, max_size=4, unique=True),
    st.integers(1, 4),
)
@example([-1.234e-4, -1.235e-4], [1, 2, 3, 4], 1)
@example([123456.0, 123456.5], [1, 2, 3, 4], 1)
@settings(max_examples=25, deadline=None)
def test_no_label_of_a_curve_is_cut_off(values, steps, panels):
    points = [
        Point(step, f"val/{panel}", value)
        for step, value in zip(steps, values, strict=False)
        for panel in range(panels)
    ]
    with TemporaryDirectory() as folder:
        draw_curves(points, Path(folder) / "curves.png")
        picture = read_image(Path(folder) / "curves.png")
    inside = picture[..., 2:-2, 2:-2]
    assert picture.sub(1).count_nonzero() == inside.sub(1).count_nonzero() > 0
