"""The directive ``api-index``: every public name, its first line, and a link to where it stands."""

import inspect
import sys
from functools import cache
from importlib import import_module

from docutils import nodes
from sphinx import addnodes
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

LOGGER = logging.getLogger(__name__)
PUBLIC = {
    "flowcolor.inference": ("load", "Painter", "Painted"),
    "flowcolor.layers": None,  # None: all that its `__all__` names.
    "flowcolor.models": None,
    "flowcolor.data": None,
    "flowcolor.data.prepare": None,
    "flowcolor.losses": None,
    "flowcolor.training.objectives": None,
    "flowcolor.metrics": None,
    "flowcolor.testing": ("check_invertible", "measure_drift"),
}


def names_of(module):
    """Return the public names of a module, in the order of its table."""
    return list(PUBLIC[module] or import_module(module).__all__)


def home_of(module, name):
    """Return the module in which a public name was made, from where a package hands it on."""
    value = getattr(import_module(module), name)
    if hasattr(value, "__module__"):
        return value.__module__
    homes = (home for home in sys.modules if home.startswith(f"{module}."))
    return next((home for home in homes if ("", name) in _comments(home)), module)


def place_of(module, name, documented):
    """Return under which name a page documents it: what is handed on may stand where it was made.

    None if no page does.
    """
    places = (f"{module}.{name}", f"{home_of(module, name)}.{name}")
    return next((full for full in places if full in documented), None)


def line_of(module, name):
    """Return the first line of a name's docstring, or of the comment above a constant."""
    value = getattr(import_module(module), name)
    text = inspect.cleandoc(value.__doc__ or "")
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        text = " ".join(_comments(home_of(module, name)).get(("", name), [])).strip()
    return text.partition("\n\n")[0].replace("\n", " ")


@cache
def _comments(module):
    """Return the comments ``#:`` of a module's constants, with which autodoc documents them."""
    return ModuleAnalyzer.for_module(module).find_attr_docs()


class ApiIndex(SphinxDirective):
    """One table for each module."""

    def run(self):
        return [section for module in PUBLIC for section in self._table(module)]

    def _table(self, module):
        rows = [self._row(module, name) for name in names_of(module)]
        group = nodes.tgroup("", nodes.colspec(colwidth=35), nodes.colspec(colwidth=65), cols=2)
        group += nodes.tbody("", *rows)
        return [
            nodes.rubric(module, "", nodes.literal("", module)),
            nodes.table("", group, classes=["names"]),
        ]

    def _row(self, module, name):
        link = addnodes.pending_xref(
            "",
            nodes.literal("", name),
            refdomain="",  # No domain knows this kind; `_lead` does.
            reftype="public",
            reftarget=name,
            public_module=module,
            refdoc=self.env.docname,
        )
        line, messages = self.parse_inline(line_of(module, name), lineno=self.lineno)
        cells = ([nodes.paragraph("", "", link)], [nodes.paragraph("", "", *line), *messages])
        return nodes.row("", *(nodes.entry("", *cell) for cell in cells))


def _lead(app, env, node, words):
    """Lead a name to its documentation, now that all pages are read; one without is a warning."""
    if node.get("reftype") != "public":
        return None
    module, name = node["public_module"], node["reftarget"]
    documented = env.domaindata["py"]["objects"]
    place = place_of(module, name, documented)
    if place is None:
        LOGGER.warning("no page documents %s.%s", module, name)
        return words
    page, anchor = documented[place][:2]
    return make_refnode(app.builder, node["refdoc"], page, anchor, words)


def setup(app):
    app.add_directive("api-index", ApiIndex)
    app.connect("missing-reference", _lead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
