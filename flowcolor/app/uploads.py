"""Files that are opened in the page: read in memory, shrunk, and handed back to the browser."""

from typing import TypedDict

from flowcolor.app.answer import LONGEST
from flowcolor.app.data_urls import from_data_url, to_data_url
from flowcolor.errors import InputError


class Opened(TypedDict):
    """A picture that any browser shows, or a sentence why there is none."""

    picture: str
    problem: str


def open_upload(url: object) -> Opened:
    """Read any format that the command line reads, TIFF and CMYK included, upright.

    Args:
        url: The file as a data URL. Its name is never sent.
    """
    try:
        return Opened(picture=to_data_url(from_data_url(url, "The file", LONGEST)), problem="")
    except InputError as error:
        return Opened(picture="", problem=str(error))
