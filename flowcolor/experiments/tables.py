"""The ablations of the thesis and their numbers, at 256x256 on CelebAMask-HQ."""

from dataclasses import dataclass

from flowcolor.errors import InputError

COLUMNS = ("FID", "SSIM", "SR", "CR")
HIGHER_IS_BETTER = {"FID": False, "SSIM": True, "SR": True, "CR": True}


@dataclass(frozen=True)
class Variant:
    """One row of a table.

    Args:
        name: Of its configuration, ``ablations/TABLE/NAME``, and of the folder of its runs.
        label: What the thesis calls it.
        numbers: Its FID, SSIM, SR and CR in the thesis.
    """

    name: str
    label: str
    numbers: tuple[float, float, float, float]

    @property
    def thesis(self) -> dict[str, float]:
        """The thesis's numbers by name."""
        return dict(zip(COLUMNS, self.numbers, strict=True))


@dataclass(frozen=True)
class Table:
    """One ablation.

    Args:
        number: Of the table in the thesis.
        title: What is varied.
        baseline: Name of the variant that is the thesis's own model.
        variants: The rows, in the order of the thesis.
    """

    number: str
    title: str
    baseline: str
    variants: tuple[Variant, ...]


_OWN = (41.8, 0.773, 0.684, 0.807)  # The thesis's own model is a row of every table.

TABLES = {
    table.number: table
    for table in (
        Table(
            "4.3",
            "how the condition joins",
            "fam",
            (
                Variant("none", "without FAM", (62.0, 0.764, 0.561, 0.759)),
                Variant("concat", "concatenation", (42.3, 0.668, 0.702, 0.709)),
                Variant("adain", "AdaIN", (39.1, 0.699, 0.705, 0.752)),
                Variant("fam", "FAM", _OWN),
            ),
        ),
        Table(
            "4.5",
            "downsamplings and coupling blocks (the scores are in the thesis's table 4.4)",
            "nccb_3_1",
            (
                Variant("nccb_2_1", "NCCB(2,1)", (44.9, 0.759, 0.668, 0.783)),
                Variant("nccb_3_1", "NCCB(3,1)", _OWN),
                Variant("nccb_4_1", "NCCB(4,1)", (40.9, 0.713, 0.695, 0.752)),
                Variant("nccb_2_8", "NCCB(2,8)", (43.8, 0.745, 0.653, 0.781)),
                Variant("nccb_3_8", "NCCB(3,8)", (42.7, 0.761, 0.679, 0.774)),
                Variant("nccb_4_8", "NCCB(4,8)", (41.2, 0.720, 0.689, 0.748)),
            ),
        ),
        Table(
            "4.6",
            "terms of the loss",
            "full",
            (
                Variant("without_perceptual", "without perceptual", (53.4, 0.745, 0.681, 0.755)),
                Variant("without_l1", "without L1", (49.3, 0.755, 0.763, 0.784)),
                Variant("full", "both terms", _OWN),
            ),
        ),
    )
}


def find_table(number: str) -> Table:
    """Return the table of this number.

    Raises:
        InputError: The thesis has no such table, or it is no ablation.
    """
    if number not in TABLES:
        raise InputError(f"--table expects one of {', '.join(TABLES)}, got {number!r}.")
    return TABLES[number]
