"""The page of a study: one HTML file that asks nothing of any network."""

import json
from importlib.resources import files
from typing import Any

_SCRIPTS = ("order.js", "answers.js", "screens.js", "questions.js")


def page_file(name: str) -> str:
    """Return the text of a file that lies in the package's folder ``page``."""
    return files("flowcolor.evaluation.study").joinpath("page", name).read_text(encoding="utf-8")


def texts(content: str = "drawing") -> dict[str, dict[str, Any]]:
    """Return all that a participant reads, by language.

    Args:
        content: What was coloured, drawing or gray.
    """
    loaded: dict[str, dict[str, Any]] = json.loads(page_file("texts.json"))
    for words in loaded.values():
        gray = words.pop("gray")
        if content == "gray":
            words |= gray | {"consent": [gray["consent"], *words["consent"][1:]]}
    return loaded


def study_page(public: dict[str, Any]) -> str:
    """Return the HTML of a study.

    Args:
        public: What participants may see, as in
            :class:`~flowcolor.evaluation.study.layout.Layout`.
    """
    parts = {
        "@STYLE@": page_file("study.css"),
        "@STUDY@": _in_script(public),
        "@TEXTS@": _in_script(texts(public.get("content", "drawing"))),
        "@SCRIPTS@": "\n".join(page_file(name) for name in _SCRIPTS),
    }
    html = page_file("study.html")
    for mark, text in parts.items():
        html = html.replace(mark, text)
    return html


def _in_script(value: Any) -> str:
    """Write JSON that cannot end the script element that it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
