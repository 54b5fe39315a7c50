"""What a folder lacks: counted and named at the start, or an error; never a silent gap."""

from collections.abc import Sequence

from flowcolor.console import warn
from flowcolor.errors import InputError

_NAMED = 10


class LeftOut:
    """Photographs that are not used, by reason.

    Example:
        >>> left_out = LeftOut()
        >>> left_out.add("masks lacks the mask of", ["a.jpg", "b.jpg"], 7)
        >>> left_out.sentences()
        ['masks lacks the mask of 2 of 7 photographs: a.jpg, b.jpg.']
    """

    def __init__(self) -> None:
        self.reasons: dict[str, list[str]] = {}
        self._totals: dict[str, int] = {}

    def add(self, reason: str, names: Sequence[str], total: int | None = None) -> None:
        """Note that, for a reason, these of ``total`` photographs are not used.

        Without a total, the names are of something else, which the reason says. What several
        folders lack for one reason is added up.
        """
        if names:
            self.reasons.setdefault(reason, []).extend(names)
        if total is not None:
            self._totals[reason] = self._totals.get(reason, 0) + total

    def __len__(self) -> int:
        return sum(map(len, self.reasons.values()))

    def photographs(self) -> dict[str, str]:
        """Return why each photograph is not used."""
        return {
            name: f"{reason} this photograph."
            for reason, names in self.reasons.items()
            if reason in self._totals
            for name in names
        }

    def sentences(self) -> list[str]:
        """Return one sentence for each reason, with the first ten names."""
        totals = {reason: f" of {total} photographs" for reason, total in self._totals.items()}
        return [
            f"{reason} {len(names)}{totals.get(reason, '')}: {first_ten(names)}."
            for reason, names in self.reasons.items()
        ]

    def report(self, strict: bool, kept: int) -> None:
        """Warn of what is left out.

        Raises:
            InputError: Something is left out and ``strict``, or nothing is ``kept``.
        """
        if self.reasons and (strict or not kept):
            raise InputError(" ".join(self.sentences()))
        for sentence in self.sentences():
            warn(f"{sentence} They are left out.")


def first_ten(names: Sequence[str]) -> str:
    """Join names for a sentence, at most ten."""
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
