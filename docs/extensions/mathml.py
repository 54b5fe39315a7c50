"""Formulas as MathML, which browsers draw themselves: no script, no font and no network."""

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
CONVERTER = LatexToMathML(annotation=True)  # The TeX stays inside, for whoever copies the formula.


def _draw(translator, node, *, block):
    """Write a formula; one that cannot be drawn is a warning, of which builds make an error."""
    for formula in node.astext().split("\n\n"):
        try:
            drawn = CONVERTER.convert_with_local_state(formula.strip(), displaystyle=block)
        except LatexError as error:
            LOGGER.warning("a formula cannot be drawn: %s", error, location=node)
            drawn = translator.encode(formula)
        translator.body.append(f'<div class="math">{drawn}</div>' if block else drawn)
    raise nodes.SkipNode


def _inline(translator, node):
    _draw(translator, node, block=False)


def _block(translator, node):
    _draw(translator, node, block=True)


def setup(app):
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
