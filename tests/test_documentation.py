"""What README and documentation say is true: code runs, commands parse, links lead somewhere."""

import re
import shlex
import tomllib
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
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
    code = "\n".join(code for page in PAGES for code in fences(page, "bash"))
    lines = code.replace("\\\n", " ").splitlines()
    return sorted({line.partition("#")[0].strip() for line in lines if "flowcolor " in line})


@pytest.mark.parametrize(
    "page", [p for p in PAGES if fences(p, "python")], ids=lambda page: page.name
)
def test_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code in fences(page, "python"):
        exec(compile(code, page.name, "exec"), names)  # noqa: S102
    assert names.keys() > {"__builtins__"}


def given(options: list[str]) -> dict[str, object]:
    """What a command line says, as a configuration would say it; configurations are left out."""
    pairs = {k[2:]: v for k, v in pairwise([*options, "--"]) if k.startswith("--")}
    for several in ("config", "vary"):  # What stands behind --vary is looked at below.
        pairs.pop(several, None)
    return {k: True if v.startswith("--") else yaml.safe_load(v) for k, v in pairs.items()}


def holds(found: Any, wanted: Any) -> bool:
    """Tell whether all that is wanted, at any depth, is what was found there."""
    if isinstance(wanted, dict):
        return all(holds(found[key.removesuffix("+")], value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(holds, found, wanted))
    if isinstance(found, list):  # Of one or more, of which the first was looked for.
        return str(found[0]) == str(wanted)
    return found == wanted or str(found) == str(wanted)


@pytest.mark.parametrize("command", commands())
def test_options_of_a_command_are_understood(command, tmp_path, monkeypatch):
    from flowcolor.cli import (
        ablate,
        app,
        colorize_options,
        compare,
        export,
        latents,
        marks,
        push,
        quickstart,
        scaling,
        score,
        study_options,
        styles,
        table,
        weights,
    )
    from flowcolor.cli.prepare import make_parser
    from flowcolor.training.lightning_cli import TrainingCLI
    from flowcolor.training.quiet import quiet

    monkeypatch.chdir(tmp_path)
    plain = {"quickstart": quickstart, "weights": weights}
    plain |= {
        "score": score,
        "ablate": ablate,
        "compare": compare,
        "app": app,
        "push": push,
        "export": export,
        "scaling": scaling,
        "styles": styles,
        "table": table,
        "latents": latents,
        "marks": marks,
    }
    parsers = {name: module._parser for name, module in plain.items()} | {"prepare": make_parser}
    parsers["colorize"] = colorize_options.make_parser
    parsers |= {
        "study make": study_options.make_parser,
        "study import": study_options.import_parser,
        "study report": study_options.report_parser,
    }
    # There is no checkpoint here, which would be read at once; weights are read by the run.
    _, name, *options = shlex.split(command.replace("--ckpt_path", "--model.weights"))
    if name == "study":
        name = f"study {options.pop(0)}"
    found: dict[str, Any] = {}
    rest = options
    if name in parsers:
        known, rest = parsers[name]().parse_known_args(options)
        found = vars(known)
    trains = name in {"ablate", "compare", "scaling"}
    if name not in parsers or trains:
        name = "fit" if trains else name
        if "--config" not in rest:  # It is what the checkpoint would have brought.
            rest = ["--config", "portraits", *rest]
        with quiet():
            config = TrainingCLI([name, *rest], run=False).config[name]
        found |= {option: config[option] for option in given(rest)}
        rest = []
    assert rest == []
    assert holds(found, given(options))


def documented(option: str) -> list[list[str]]:
    """Return the words behind an option of ``flowcolor colorize``, with the method before them."""
    found = []
    for command in commands():
        words = shlex.split(command)
        places = [i for i, word in enumerate(words) if word == option]
        for place in places if words[1] == "colorize" else []:
            rest = words[place + 1 :]
            end = next((i for i, word in enumerate(rest) if word.startswith("--")), len(rest))
            method = [] if option == "--then" else [words[words.index("--method") + 1]]
            found.append([*method, *rest[:end]])
    return found


OPTIONS = [words for option in ("--set", "--vary", "--then") for words in documented(option)]


@pytest.mark.parametrize("words", OPTIONS, ids=" ".join)
def test_options_of_a_method_are_understood(words):
    from flowcolor.cli.settings import read_settings
    from flowcolor.models.methods import untrained_method

    settings = read_settings(words[1:])
    config = untrained_method(words[0], settings).config
    assert {name: config[name] for name in settings} == settings


@pytest.mark.parametrize("text", [code for page in PAGES for code in fences(page, "yaml")])
def test_configuration_is_understood(text, tmp_path, monkeypatch):
    from flowcolor.training.lightning_cli import TrainingCLI
    from flowcolor.training.quiet import quiet

    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(text, "utf-8")
    with quiet():
        cli = TrainingCLI(["fit", "--config", "portraits", "--config", "own.yaml"], run=False)
    assert holds(cli.config["fit"], yaml.safe_load(text))


def test_commands_are_found():
    assert {command.split()[1] for command in commands()} == {
        "colorize", "fit", "predict", "prepare", "quickstart", "test", "validate",
        "ablate", "app", "score", "study", "weights", "push", "export", "latents",
        "compare", "scaling", "styles", "table", "marks",
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
        if requirement.name != project["name"]
        if pins.get(requirement.name.lower(), "0") not in requirement.specifier
    ]
    assert wrong == []


def test_citation_has_the_version_of_the_package():
    assert f"version: {flowcolor.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
