"""The directive ``strip``: pictures side by side, each with its caption, as many as fit in a row.

A line for each picture, in Markdown, so that they are also seen where only Markdown is understood::

    :::{strip}
    ![the drawing](pictures/gallery/drawing.webp)
    ![`--lines keep`](pictures/gallery/lines-keep.webp)
    :::
"""

import re

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

PICTURE = re.compile(r"!\[(?P<caption>.+)\]\((?P<file>\S+)\)")


class Strip(SphinxDirective):
    """Pictures side by side; ``:wide:`` gives each more room."""

    has_content = True
    option_spec = {"wide": directives.flag}  # noqa: RUF012

    def run(self):
        strip = nodes.container(classes=["strip", *(["wide"] if "wide" in self.options else [])])
        for line in filter(str.strip, self.content):
            picture = PICTURE.fullmatch(line.strip())
            if picture is None:
                raise self.error(f"strip expects ![caption](file) in each line, got {line!r}.")
            words, messages = self.parse_inline(picture["caption"], lineno=self.lineno)
            caption = nodes.caption("", "", *words)
            image = nodes.image(uri=picture["file"], alt=caption.astext())
            strip += [nodes.figure("", image, caption), *messages]
        return [strip]


def setup(app):
    app.add_directive("strip", Strip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
