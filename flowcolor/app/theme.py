"""How the page looks: gradio's plain theme with the fonts that a machine has."""

import gradio as gr

# Themes of gradio name a font of Google's, which every visitor's browser would ask for.
_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")


def make_theme() -> gr.themes.Base:
    """Return the theme."""
    return gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        font=_FONTS,
        font_mono=("ui-monospace", "Consolas", "monospace"),
    )
