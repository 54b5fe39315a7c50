"""Places that are given as words, and what names no place."""

from pathlib import Path

import pytest
import torch

from flowcolor.deploy.export import export_model
from flowcolor.deploy.folder import read_folder, write_folder
from flowcolor.errors import InputError
from flowcolor.evaluation.curves import Point, draw_curves, read_points, write_points
from flowcolor.evaluation.plots import draw_plots
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.report_files import read_report, write_report
from flowcolor.evaluation.study.make import make_study
from flowcolor.evaluation.study.report import report_study
from flowcolor.evaluation.study.survey_import import import_survey
from flowcolor.models import Tint
from flowcolor.models.checkpoint import export_weights, load_model, read_weights
from flowcolor.pretrained.convert import convert
from flowcolor.training.stages import stages_of

POINTS = [Point(1, "loss", 0.5), Point(2, "loss", 0.25)]
PICTURES = torch.rand(2, 3, 8, 8)
REPORT = Report([], {}, {}, {}, {})


@pytest.fixture
def there(tmp_path):
    """A folder, as a word."""
    return str(tmp_path)


def test_files_are_written_and_read_whose_places_are_words(there):
    write_points(POINTS, f"{there}/points.csv")
    assert read_points(f"{there}/points.csv") == POINTS
    draw_curves(POINTS, f"{there}/curves.png")
    draw_plots(*PICTURES, f"{there}/plots.png")
    export_weights(Tint(), f"{there}/tint.safetensors", 8)
    assert isinstance(load_model(f"{there}/tint.safetensors"), Tint)
    write_folder(read_weights(f"{there}/tint.safetensors"), f"{there}/model")
    assert isinstance(read_folder(f"{there}/model").build(), Tint)
    write_report(REPORT, there, "test")
    assert read_report(f"{there}/test.json").scores == []


def use(function, place):
    """Call a function with that place, and with others that will do."""
    return {
        convert: lambda: convert(place),
        draw_curves: lambda: draw_curves(POINTS, place),
        draw_plots: lambda: draw_plots(*PICTURES, place),
        export_model: lambda: export_model(Tint(), place, "onnx"),
        import_survey: lambda: import_survey(place, None, place),
        make_study: lambda: make_study(None, place),
        read_folder: lambda: read_folder(place),
        read_points: lambda: read_points(place),
        read_report: lambda: read_report(place),
        report_study: lambda: report_study([place], place, place),
        stages_of: lambda: stages_of(place),
        write_points: lambda: write_points(POINTS, place),
        write_report: lambda: write_report(REPORT, place, "test"),
    }[function]()


USES = [
    convert, export_model, import_survey, make_study, read_folder, read_points, read_report,
    report_study, stages_of,
]  # fmt: skip


@pytest.mark.parametrize("function", USES)
def test_what_is_wrong_with_a_place_of_words_is_one_sentence(function, there):
    Path(there, "other.txt").touch()
    with pytest.raises(InputError, match=there):
        use(function, there)


@pytest.mark.parametrize("function", [*USES, draw_curves, draw_plots, write_points, write_report])
def test_what_names_no_place_is_refused(function):
    for wrong in (None, [POINTS], Tint()):
        with pytest.raises(InputError, match=f"^{function.__name__} expects a path, got "):
            use(function, wrong)
