"""Formulas as MathML, which browsers draw themselves: no script, no font and no network."""

import re

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
CONVERTER = LatexToMathML(annotation=True)  # The TeX stays inside, for whoever copies the formula.


def parts_of(formula):
    """Split a row of formulas where the author left wide spaces, so that it can wrap."""
    parts = re.split(r"\\q?quad(?![a-zA-Z])", formula)
    whole = all(part.count("{") == part.count("}") for part in parts)
    whole &= all(part.count(r"\begin") == part.count(r"\end") for part in parts)
    return [part.strip() for part in parts if part.strip()] if whole else [formula]


def _convert(translator, node, formula, *, block):
    """Return a formula; one that cannot be drawn is a warning, of which builds make an error."""
    try:
        return CONVERTER.convert_with_local_state(formula, displaystyle=block)
    except LatexError as error:
        LOGGER.warning("a formula cannot be drawn: %s", error, location=node)
        return translator.encode(formula)


def _inline(translator, node):
    translator.body.append(_convert(translator, node, node.astext(), block=False))
    raise nodes.SkipNode


def _block(translator, node):
    for formula in node.astext().split("\n\n"):
        drawn = [_convert(translator, node, part, block=True) for part in parts_of(formula)]
        translator.body.append(f'<div class="math">{"".join(drawn)}</div>')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
