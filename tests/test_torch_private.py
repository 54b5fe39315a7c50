"""Private parts of torch, which any release may change, are used in one file alone."""

import ast
from pathlib import Path

import pytest
import torch
from torch import nn

import flowcolor

PACKAGE = Path(flowcolor.__file__).parent
HOME = PACKAGE / "layers" / "reversible" / "torch_private.py"
OWNERS = (torch, nn.functional, torch.ops.aten, nn.Module(), torch.ones(1), torch.optim.Optimizer)
OPERATORS = {"_linalg_slogdet"}  # torch.ops makes its operators when asked for them.
PRIVATE = OPERATORS | {
    name
    for owner in (*OWNERS, torch.ones(1).untyped_storage(), torch.utils.data.DataLoader)
    for name in dir(owner)
    if name.startswith("_") and not name.startswith("__")
}


def private_parts(text: str) -> list[str]:
    """Return the private names of torch that a file uses, but for those that it defines."""
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    used = [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    used += [node.value for node in nodes if isinstance(node, ast.Constant)]
    found = [name for name in used if isinstance(name, str) and name in PRIVATE - own]
    modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    modules += [each.name for node in nodes if isinstance(node, ast.Import) for each in node.names]
    theirs = [name for name in modules if name.split(".")[0] == "torch"]
    return found + [name for name in theirs if "._" in name]


def test_no_other_file_uses_private_parts_of_torch():
    files = [path for path in PACKAGE.rglob("*.py") if path != HOME]
    found = {str(path.relative_to(PACKAGE)): private_parts(path.read_text()) for path in files}
    assert {path: names for path, names in found.items() if names} == {}
    assert len(files) > 100


@pytest.mark.parametrize(
    "text",
    [
        "from torch.utils._pytree import tree_leaves",
        "import torch._dynamo",
        "torch._check(x > 0)",
        "torch._foreach_lerp_(a, b, 0.5)",
        "storage._cdata",
        "layer._parameters",
        "{'_modules': {}}",
        "aten._linalg_slogdet",
        "x._version",
    ],
)
def test_private_parts_are_recognised(text):
    assert len(private_parts(text)) == 1
