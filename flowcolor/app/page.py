"""The page itself: three boxes, options behind a fold, and what calls the painter."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from flowcolor.app import web
from flowcolor.app.answer import NOTHING_DRAWN, Answer, answer
from flowcolor.app.data_urls import MOST_BYTES
from flowcolor.app.dots import SIZE, apart
from flowcolor.app.examples import Example, examples
from flowcolor.app.uploads import open_upload
from flowcolor.painting import How

if TYPE_CHECKING:
    from flowcolor.inference import Painter

_SIZES = [
    ("as trained: the best colours", "trained"),
    ("the drawing's own: the finest lines, slower", "own"),
    *((f"{side} pixels", str(side)) for side in (96, 128, 192, 256)),
]
_LINES = [("yours", "keep"), ("half and half", "blend"), ("the model's", "model")]
_ONE_MODEL = "painter"  # One queue for all that it does: two at once would only slow each other.
_WAITING = 100  # Requests; the next are told that there are too many.


def build_page(painter: "Painter") -> gr.Blocks:
    """Return the page for one painter, which all visitors share.

    Nothing of a visitor stays on the server: every request brings the drawing, the reference and
    the options, and its answer goes to the one who asked.

    Args:
        painter: What paints.
    """
    page = gr.Blocks(analytics_enabled=False, title="flowcolor")
    # gradio would print a traceback, with the visitor's picture in it, and open files.
    page.validate_inputs = _require_values  # type: ignore[assignment]
    with page:
        gr.Markdown("# flowcolor\nDraw a face. It is painted with the colours of the reference.")
        with gr.Row():
            with gr.Column(scale=3, min_width=300):
                gr.Markdown("### Drawing")
                offered, dots = examples("drawing"), painter.colorizer.hints != "unused"
                drawing = _box("drawing", offered, "An example of a drawing", dots=dots)
            with gr.Column(scale=3, min_width=300):
                gr.Markdown("### Picture")
                result = gr.HTML(
                    "",
                    html_template=web.text("result.html"),
                    js_on_load=web.text("result.js"),
                    apply_default_css=False,
                    elem_id="result",
                )
                report = gr.Markdown(NOTHING_DRAWN, elem_id="report", elem_classes="fc-report")
            with gr.Column(scale=2, min_width=220, visible=painter.colorizer.reference != "unused"):
                gr.Markdown("### Reference")
                photos = examples("photo")
                reference = _box(
                    "reference", photos, "An example of a reference", value=photos[0].picture
                )
        inputs = [drawing, reference, *_options(painter.name)]
        gr.on(
            [box.input for box in inputs],
            _painting(painter),
            inputs,
            [result, report],
            api_name="paint",
            # While one picture is painted, of all further strokes only the last one counts.
            trigger_mode="always_last",
            concurrency_limit=1,
            concurrency_id=_ONE_MODEL,
            show_progress="minimal",
            show_progress_on=report,
        )
        if painter.colorizer.exact:
            # Running backwards takes longer than painting: nobody who still draws waits for it.
            result.rested(
                _checking(painter),
                inputs,
                report,
                api_name="check",
                trigger_mode="always_last",
                concurrency_limit=1,
                concurrency_id=_ONE_MODEL,
                show_progress="hidden",
            )
    page.queue(max_size=_WAITING)
    return page


def _options(model: str) -> list[Any]:
    """Return the options behind the fold, in the order in which painting takes them."""
    with gr.Accordion("Options", open=False):
        lines = gr.Radio(_LINES, value="keep", label="Lines of the picture")
        size = gr.Dropdown(_SIZES, value="trained", label="Size at which it is painted")
        for choice in (lines, size):
            # Of another value gradio would print a traceback; the painter says one sentence.
            choice.preprocess = _as_sent  # type: ignore[assignment,method-assign]
        clean = gr.Checkbox(
            True, label="Clean the drawing: make paper white and strokes dark first"
        )
        align = gr.Checkbox(True, label="Lay the reference's face on that of the drawing")
        draw = gr.Checkbox(
            False, label="The drawing is a photograph of a face: draw its lines first"
        )
        gr.Markdown(f"Painted by the model `{model}`.")
    return [lines, size, clean, align, draw]


def _require_values(function: Any, given: list[Any]) -> None:
    if len(given) != len(function.inputs):
        expected = f"{function.api_name} expects {len(function.inputs)} values"
        raise gr.Error(f"{expected}, got {len(given)}.", print_exception=False)
    if any(map(_names_a_file, given)):
        sentence = "This page takes pictures as texts, got a file."
        raise gr.Error(sentence, print_exception=False)


def _names_a_file(value: Any) -> bool:
    """Tell whether a value says at any depth where a file is.

    gradio would copy that file of this machine, or of another one, to where visitors may fetch it.
    """
    rest = [value]
    while rest:  # Not by recursion, of which a visitor chooses the depth.
        part = rest.pop()
        if isinstance(part, dict):
            if "path" in part:
                return True
            rest.extend(part.values())
        elif isinstance(part, list):
            rest.extend(part)
    return False


def _as_sent(value: Any) -> Any:
    return value


def _box(
    name: str, offered: list[Example], word: str, value: str = "", dots: bool = False
) -> gr.HTML:
    return gr.HTML(
        value,
        html_template=web.text(f"{name}.html"),
        js_on_load=web.script(name),
        apply_default_css=False,
        server_functions=[open_upload],
        elem_id=name,
        examples=[example._asdict() for example in offered],
        example_word=word,
        most_bytes=MOST_BYTES,
        pasted_by_default=name == "drawing",
        takes_dots=dots,
        dot_size=SIZE,
    )


def _painting(painter: "Painter", check: bool = False) -> Callable[..., Answer]:
    def paint(
        drawing: object,
        reference: object,
        lines: str,
        size: str,
        clean: bool,
        align: bool,
        draw: bool,
    ) -> Answer:
        how = How(lines=lines, size=size, clean=clean, align=align, draw=draw, check=check)
        picture, dots = apart(drawing)
        return answer(painter, picture, reference, how, dots)

    return paint


def _checking(painter: "Painter") -> Callable[..., str]:
    paint = _painting(painter, check=True)

    def check(*given: Any) -> str:
        return paint(*given).text

    return check
