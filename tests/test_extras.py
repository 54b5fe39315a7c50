"""The core is light, and what is missing is named with the command that brings it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from flowcolor.cli.main import main
from flowcolor.data import open_portraits, write_image
from flowcolor.extras import EXTRAS

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
IMPORTED_AS = {"scikit-image": "skimage", "pillow": "PIL"}


def names(requirements):
    found = {Requirement(text).name.lower() for text in requirements}
    return {IMPORTED_AS.get(name, name) for name in found}


# Where no module but the core's can be imported, as in an installation without extras.
ALONE = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in {missing}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
"""


def run(code, *words):
    missing = sorted({module for modules in EXTRAS.values() for module in modules})
    return subprocess.run(
        [sys.executable, "-c", ALONE.format(missing=missing) + code, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_extra_lists_what_pyproject_says():
    for extra, modules in EXTRAS.items():
        listed = names(PROJECT["optional-dependencies"][extra])
        assert listed <= set(modules)
        # These two come with jsonargparse's extra `signatures` and with lightning.
        further = {"docstring_parser", "yaml"} if extra == "train" else set()
        assert set(modules) - listed == further


def test_the_core_has_neither_training_nor_pictures():
    core = names(PROJECT["dependencies"])
    assert core == {"einops", "jaxtyping", "numpy", "PIL", "safetensors", "scipy", "torch"}


def test_layers_models_and_painting_work_without_extras(tmp_path):
    for index, name in enumerate(("drawing", "photo")):
        item = open_portraits("embedded", 64)[index]
        write_image(item["content" if name == "drawing" else "photo"], tmp_path / f"{name}.png")
    code = """
import torch, flowcolor
from flowcolor.layers import ActNorm
from flowcolor.models import SketchColorFlow
ActNorm(3)(torch.rand(2, 3, 4, 4))
SketchColorFlow(1, 0, 1)(*torch.rand(2, 1, 3, 8, 8))
from flowcolor.cli.main import main
sys.exit(main(['colorize', '--sketch', sys.argv[1], '--reference', sys.argv[2],
               '--output', sys.argv[3]]))
"""
    out = tmp_path / "out.png"
    done = run(code, tmp_path / "drawing.png", tmp_path / "photo.png", out)
    assert done.returncode == 0, done.stderr
    assert out.is_file()


@pytest.mark.parametrize(
    "command", [["fit", "--config", "faces"], ["quickstart"], ["score", "--results=a"], ["app"]]
)
def test_a_command_says_what_it_lacks(command, tmp_path):
    if command[0] == "score":
        command = [*command, "--truth=a", "--references=a", f"--output={tmp_path}"]
    done = run("from flowcolor.cli.main import main\nsys.exit(main(sys.argv[1:]))", *command)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"flowcolor: flowcolor {command[0]} needs ")
    extra = "app" if command[0] == "app" else "train"
    assert last.endswith(f": pip install 'flowcolor[{extra}]'.")
    assert "Traceback" not in done.stderr


def test_other_missing_modules_keep_their_traceback(monkeypatch):
    def broken(_):
        raise ModuleNotFoundError("No module named 'own'", name="own")

    monkeypatch.setitem(sys.modules["flowcolor.cli.main"].COMMANDS, "methods", broken)
    with pytest.raises(ModuleNotFoundError):
        main(["methods"])
