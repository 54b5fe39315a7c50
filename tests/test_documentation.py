"""What README and documentation say is true: code runs, commands parse, links lead somewhere."""

import re
import shlex
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import flowcolor
from benchmarks import parameters
from flowcolor.models import flowcolor_base, flowcolor_small, flowcolor_tiny

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def fences(page: Path, language: str) -> list[str]:
    return [code for kind, code in FENCE.findall(page.read_text("utf-8")) if kind == language]


def commands() -> list[str]:
    lines = "\n".join(code for page in PAGES for code in fences(page, "bash")).splitlines()
    return sorted({line.partition("#")[0].strip() for line in lines if "flowcolor " in line})


@pytest.mark.parametrize(
    "page", [p for p in PAGES if fences(p, "python")], ids=lambda page: page.name
)
def test_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code in fences(page, "python"):
        exec(compile(code, page.name, "exec"), names)  # noqa: S102


@pytest.mark.parametrize("command", commands())
def test_options_of_a_command_exist(command, tmp_path, monkeypatch):
    from flowcolor import weights_command
    from flowcolor.evaluation import score
    from flowcolor.prepare.command import make_parser
    from flowcolor.training import colorize, quickstart
    from flowcolor.training.ablations import command as ablate
    from flowcolor.training.cli import TrainingCLI
    from flowcolor.training.quiet import quiet

    monkeypatch.chdir(tmp_path)
    _, name, *options = shlex.split(command)
    plain = {"colorize": colorize, "quickstart": quickstart, "weights": weights_command}
    plain |= {"score": score}
    if name in plain:
        plain[name]._parser().parse_args(options)
    elif name == "ablate":
        _, options = ablate._parser().parse_known_args(options)
        with quiet():
            TrainingCLI(["fit", *options], run=False)
    elif name == "prepare":
        make_parser().parse_args(options)
    elif options != ["--help"]:
        # There is no checkpoint here, which would be read at once; weights are read by the run.
        options = [word.replace("--ckpt_path", "--model.weights") for word in options]
        if "--config" not in options:  # It is what the checkpoint would have brought.
            options = ["--config", "portraits", *options]
        with quiet():
            TrainingCLI([name, *options], run=False)


@pytest.mark.parametrize("text", [code for page in PAGES for code in fences(page, "yaml")])
def test_configuration_is_understood(text, tmp_path, monkeypatch):
    from flowcolor.training.cli import TrainingCLI
    from flowcolor.training.quiet import quiet

    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(text, "utf-8")
    with quiet():
        TrainingCLI(["fit", "--config", "portraits", "--config", "own.yaml"], run=False)


def test_commands_are_found():
    assert {command.split()[1] for command in commands()} == {
        "colorize", "fit", "predict", "prepare", "quickstart", "test", "validate",
        "ablate", "score", "weights",
    }  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_parameter_table_is_what_the_benchmark_prints():
    assert parameters.table(parameters.measure()["rows"]) in (ROOT / "docs/models.md").read_text()


@pytest.mark.parametrize("build", [flowcolor_base, flowcolor_small, flowcolor_tiny])
def test_parameters_of_a_named_size_are_those_of_the_table(build):
    rows = (ROOT / "docs/models.md").read_text("utf-8").splitlines()
    row = next(row for row in rows if f"flowcolor.models.{build.__name__}`" in row)
    assert f"| {parameters.count(build()) / 1e6:.3f} M |" in row


def test_lock_fits_the_requirements_of_the_package():
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pins = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", "\n".join(lines), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    wrong = [
        str(requirement)
        for requirement in map(Requirement, wanted)
        if pins.get(requirement.name.lower(), "0") not in requirement.specifier
    ]
    assert wrong == []


def test_citation_has_the_version_of_the_package():
    assert f"version: {flowcolor.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
