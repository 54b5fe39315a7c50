"""Sphinx configuration: sphinx-build -W --keep-going docs docs/_build."""

import flowcolor

project, release = "flowcolor", flowcolor.__version__
author = copyright = "The flowcolor developers"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_custom_sections = ["Shape", "Reference"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
copybutton_exclude = ".linenos, .gp, .go"

# Pages with code cells are run anew by every build: what they show is what the code does today.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

exclude_patterns = ["_build"]
html_theme = "furo"
