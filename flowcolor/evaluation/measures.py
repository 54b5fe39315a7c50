"""The numbers of a pair by name: their labels, which way is better, how they are printed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A number that every pair has.

    Args:
        label: Its name on the terminal.
        higher_is_better: Which way is better; ``None``: neither, it is there to compare with.
        digits: How many to print after the point.
        partial: Whether pairs may lack it. Means are then over those that have it.
        short: Its name above a column, where the label is too long.
    """

    label: str
    higher_is_better: bool | None
    digits: int = 4
    partial: bool = False
    short: str = ""

    def text(self, value: float) -> str:
        """Return the number as it is printed."""
        return f"{value:.{self.digits}f}"


#: The numbers of a pair that are averaged, in the order of the tables.
MEASURES = {
    "ssim": Measure("SSIM", True),
    "ms_ssim": Measure("MS-SSIM", True),
    "psnr": Measure("PSNR", True, 2),
    "lpips": Measure("LPIPS", False),
    "pd": Measure("PD", False, 2),
    "sr": Measure("SR", True),
    "cr": Measure("CR", True),
    "luminance": Measure("luma, distance to the content", False),
    "lines": Measure("lines agree with the sketch (F1)", True),
    "lines_control": Measure("lines agree with the reference (F1)", None),
    "lines_cleaned": Measure("lines agree with the cleaned sketch (F1)", True),
    "sharpness": Measure("lines as sharp as the sketch's", True, 3),
    "bleeding": Measure("colours bleed over lines", False, 3),
    "colors": Measure("colours, distance to the reference", False, 2),
    "mean_color": Measure("mean colour, distance to the reference", False, 2),
    "region_colors": Measure("colours by region, distance", False, 2, True, "regions"),
    "region_skin": Measure("colour of skin, distance", False, 2, True),
    "region_lips": Measure("colour of lips, distance", False, 2, True),
    "region_hair_clothes": Measure("colour of hair and clothes, distance", False, 2, True),
    "region_background": Measure("colour of background, distance", False, 2, True),
    "hint_error": Measure("colours at hints, distance", False, 2, True),
    "gamut": Measure("share of pixels out of gamut", False),
    "sensitivity": Measure("sensitivity to the reference", None, 3, True),
    "diversity": Measure("diversity of samples", None, 2, True),
}
#: The numbers of a whole set.
SET_MEASURES = {
    "fid": Measure("FID", False, 2),
    "kid": Measure("KID", False, 5),
    "is": Measure("IS", True, 2),
}
