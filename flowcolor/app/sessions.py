"""Sessions of which nothing is kept between two requests."""

from gradio.state_holder import SessionState, StateHolder


class NoSessions(StateHolder):
    """What gradio asks for the state of a visitor, which here is always that of a new page.

    gradio would keep the last value of every box of ten thousand visitors, also of those who have
    left: the drawing, the reference and the picture. And for a link to them it would write all
    three to a file. This page takes nothing from there, as every request brings what it needs.
    """

    def __getitem__(self, session_id: str) -> SessionState:
        """Return a state that lives as long as the request."""
        return SessionState(self.blocks)
