"""Sphinx configuration: sphinx-build -W --keep-going docs docs/_build."""

import inspect
import os
import sys
from pathlib import Path

from torch import nn

import flowcolor

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project, release = "flowcolor", flowcolor.__version__
author = copyright = "The flowcolor developers"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "api_index",
    "mathml",
    "offline",
    "strip",
]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
# Else a class whose docstring has sections after "Args" lists its arguments a second time, bare.
autodoc_typehints_description_target = "documented_params"
napoleon_custom_sections = ["Shape", "Reference"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"  # Sphinx's own default fetches a script from another server.
copybutton_exclude = ".linenos, .gp, .go"

# Pages with code cells are run anew by every build: what they show is what the code does today.
nb_execution_mode = "force"
os.environ.pop("MPLBACKEND", None)  # With "Agg", as servers set it, cells would show no figure.
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "flowcolor"
html_static_path = ["_static"]
html_css_files = ["site.css"]


def _skip_what_torch_documents(_app, _what, name, member, _skip, _options):
    """Leave out methods whose only docstring is torch's."""
    inherited = getattr(nn.Module, name, None)
    return bool(inherited and inspect.getdoc(member) == inspect.getdoc(inherited)) or None


def setup(app):
    app.connect("autodoc-skip-member", _skip_what_torch_documents)
