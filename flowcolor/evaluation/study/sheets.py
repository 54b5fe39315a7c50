"""One picture a page for survey sites, which show a picture and ask about its letters."""

import io

from PIL import Image, ImageDraw, ImageFont

_MARGIN, _HEAD, _COLUMNS = 8, 28, 4
_PAPER = (241, 241, 241)


def sheet(beside: bytes | None, answers: dict[str, bytes]) -> bytes:
    """Lay out a page: what is given on the left, the answers under their letters in rows of four.

    Args:
        beside: PNG of the drawing or the reference; none where two pictures are compared.
        answers: PNG by letter.

    Returns:
        The sheet as PNG.
    """
    tiles = {letter: Image.open(io.BytesIO(png)) for letter, png in sorted(answers.items())}
    side = next(iter(tiles.values())).width
    left = 0 if beside is None else side + 3 * _MARGIN
    columns = min(_COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    step_x, step_y = side + _MARGIN, side + _HEAD + _MARGIN
    size = (left + columns * step_x + _MARGIN, rows * step_y + _MARGIN)
    page = Image.new("RGB", size, _PAPER)
    if beside is not None:
        page.paste(Image.open(io.BytesIO(beside)), (_MARGIN, _MARGIN + _HEAD))
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(20)
    for index, (letter, tile) in enumerate(tiles.items()):
        x = left + _MARGIN + index % columns * step_x
        y = _MARGIN + index // columns * step_y
        draw.text((x, y), letter, fill="black", font=font)
        page.paste(tile, (x, y + _HEAD))
    buffer = io.BytesIO()
    page.save(buffer, format="PNG")
    return buffer.getvalue()
