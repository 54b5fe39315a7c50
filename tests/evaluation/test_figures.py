"""Names in figures may be of any script, and no text at all."""

import pytest
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
