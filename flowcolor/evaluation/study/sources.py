"""Where the pictures of a study come from: a folder for each method, matched by name."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flowcolor.errors import InputError, first_ten
from flowcolor.io.listing import by_stem, list_images, natural_order, one_form

MOST_METHODS = 24  # Letters of the alphabet, less two for the controls.


@dataclass(frozen=True)
class Sources:
    """The files of a study, by name of the drawing.

    Args:
        methods: For each method, its results.
        given: What stands beside them: ``sketch``, ``reference``, ``truth``, as far as there are.
    """

    methods: dict[str, dict[str, Path]]
    given: dict[str, dict[str, Path]]

    @property
    def names(self) -> list[str]:
        """All drawings, in natural order."""
        return sorted(next(iter(self.given.values())), key=natural_order)


def parse_methods(words: list[str]) -> dict[str, Path]:
    """Read ``NAME=FOLDER`` words.

    Raises:
        InputError: A word has another form, a name comes twice, or there are too many.

    Example:
        >>> parse_methods(["ours=a/b"])["ours"].as_posix()
        'a/b'
    """
    methods: dict[str, Path] = {}
    for word in words:
        name, equals, folder = word.partition("=")
        name = name.strip()
        if not (name and equals and folder):
            raise InputError(f"--methods expects NAME=FOLDER, got {word!r}.")
        if one_form(name) in map(one_form, methods):
            raise InputError(f"--methods expects names that differ, got {name!r} twice.")
        methods[name] = Path(folder)
    if len(methods) > MOST_METHODS:
        raise InputError(f"--methods expects at most {MOST_METHODS} methods, got {len(methods)}.")
    return methods


def find_sources(methods: dict[str, Path], given: dict[str, Path]) -> Sources:
    """Match the files of all folders by their names without suffix.

    The first folder of ``given`` decides which drawings there are; others may hold more.

    Raises:
        InputError: A folder is missing or holds no image, or has none for a drawing: a method is
            not excused from the hard ones. The first ten are named and all are counted.
    """
    found = {kind: by_stem(folder, list_images(folder)) for kind, folder in given.items()}
    results = {name: by_stem(folder, list_images(folder)) for name, folder in methods.items()}
    first, *others = given
    wanted = sorted(found[first], key=natural_order)
    folders = [(given[kind], found[kind]) for kind in others]
    folders += [(methods[name], results[name]) for name in methods]
    for folder, files in folders:
        missing = [name for name in wanted if name not in files]
        if missing:
            raise InputError(
                f"{folder} expects an image for each of {given[first]}, got none for "
                f"{len(missing)} of {len(wanted)}: {first_ten(missing)}."
            )
    return Sources(results, found)


def choose(names: list[str], pairs: int, seed: int) -> tuple[list[str], str]:
    """Return ``pairs`` names, drawn without replacement, and one more for the control page.

    Where no other is left, the control page has the first of the pairs.

    Raises:
        InputError: There are fewer names.
    """
    if len(names) < pairs:
        raise InputError(f"--pairs expects at most the {len(names)} drawings, got {pairs}.")
    order = np.random.default_rng(seed).permutation(len(names))
    drawn = [names[index] for index in order[: pairs + 1]]
    return drawn[:pairs], drawn[-1] if len(drawn) > pairs else drawn[0]
