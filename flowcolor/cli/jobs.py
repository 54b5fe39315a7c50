"""What ``flowcolor colorize`` is to paint: files, or the files of folders, that belong together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flowcolor.console import say, shown
from flowcolor.errors import InputError, first_ten
from flowcolor.io.files import exists, is_dir
from flowcolor.io.places import require_place
from flowcolor.io.same_file import identity, require_own


@dataclass(frozen=True)
class Job:
    """One picture to colour, what gives it its colours, and where the result goes.

    Args:
        content: The drawing or grey photograph.
        reference: The photograph that lends its colours.
        output: The result.
        hints: The file with colours at points of the content.
        boxes: The file with boxes around its objects.
    """

    content: Path
    reference: Path | None
    output: Path
    hints: Path | None = None
    boxes: Path | None = None

    @property
    def plots(self) -> Path:
        """Where the plots of the result go, if there are any.

        Example:
            >>> Job(Path("a.png"), None, Path("o/a.jpg")).plots.name
            'a-plots.png'
        """
        return self.output.with_name(f"{self.output.stem}-plots.png")


def find_jobs(
    content: Path,
    reference: Path | None,
    output: Path,
    hints: Path | None = None,
    option: str = "--sketch",
) -> list[Job]:
    """Pair files, or the files of folders by stem; a single photograph serves all drawings.

    Without a reference, for a method that uses none, every drawing stands alone.

    Args:
        content: A picture or a folder of them.
        reference: A photograph or a folder of them.
        output: A file or a folder.
        hints: A file of marks or a folder of them.
        option: How the command line calls the content.

    Raises:
        InputError: A file or folder is missing, or a picture has no partner.
    """
    what = "drawing" if option == "--sketch" else "photograph"
    for name, path in {option: content, "--reference": reference, "--hints": hints}.items():
        if path is not None and not exists(path):
            raise InputError(
                f"{name} expects an image or a folder, got {path}, which does not exist."
            )
    if not is_dir(content):
        return [_one_job(content, reference, output, hints, what)]
    return _jobs_of_folder(content, reference, output, hints, what)


def _one_job(
    content: Path, reference: Path | None, output: Path, hints: Path | None, what: str
) -> Job:
    """Return the job of a single picture, a ``what`` in messages."""
    from flowcolor.io.images import IMAGE_SUFFIXES

    for name, path, kind in (("--reference", reference, "photograph"), ("--hints", hints, "file")):
        if path is not None and is_dir(path):
            raise InputError(
                f"{name} expects one {kind} for the one {what} {content}, got the folder {path}."
            )
    is_folder = _is_folder(output)
    if output.suffix and not is_dir(output) and is_folder:
        raise InputError(
            f"--output expects a folder or a file ending in {', '.join(IMAGE_SUFFIXES)}, "
            f"got {output}."
        )
    return Job(content, reference, output / f"{content.stem}.png" if is_folder else output, hints)


def _jobs_of_folder(
    content: Path, reference: Path | None, output: Path, hints: Path | None, what: str
) -> list[Job]:
    """Return the jobs of all pictures of a folder, each a ``what`` in messages."""
    from flowcolor.io.apart import require_apart
    from flowcolor.io.listing import list_images, own_stem, pairing_stem

    if not _is_folder(output):
        raise InputError(f"--output expects a folder for the {what}s of {content}, got {output}.")
    for folder in (content, reference, hints):
        if folder is not None and is_dir(folder) and identity(folder) == identity(output):
            raise InputError(
                f"--output expects a folder that holds no input, got {output}, where the next call "
                "would take results for inputs."
            )
    pictures = list_images(content)
    results = [output / f"{own_stem(path, content)}.png" for path in pictures]
    places = {result.parent for result in results}
    for place in places:  # Some may be links to elsewhere.
        require_apart(place, [content], "--output")
    require_own(output, sorted(places), "pictures would be replaced")
    stems = [pairing_stem(path, content) for path in pictures]
    names = [path.relative_to(content).as_posix() for path in pictures]
    references = _partners(reference, "photograph", what, stems, names)
    marks = _partners(hints, "file", what, stems, names)
    return [
        Job(path, photo, result, mark)
        for path, photo, result, mark in zip(pictures, references, results, marks, strict=True)
    ]


def _is_folder(output: Path) -> bool:
    """Tell whether results go into a folder, one that is there or one that is to be made."""
    from flowcolor.io.images import IMAGE_SUFFIXES

    return is_dir(output) or output.suffix.lower() not in IMAGE_SUFFIXES


def _partners(
    given: Path | None, kind: str, what: str, stems: Sequence[str], names: Sequence[str]
) -> list[Path | None]:
    """Return the one file for all, or that of a folder whose stem is the same."""
    from flowcolor.io.listing import list_images, pairing_stem

    if given is None or not is_dir(given):
        return [given] * len(stems)
    found = {pairing_stem(path, given): path for path in list_images(given)}
    missing = [name for stem, name in zip(stems, names, strict=True) if stem not in found]
    if missing:
        raise InputError(
            f"{given} expects a {kind} with the stem of each {what}, got none for "
            f"{len(missing)} of {len(names)}: {first_ten(missing)}."
        )
    return [found[stem] for stem in stems]


def choose_references(jobs: Sequence[Job], folder: Path) -> tuple[list[Job], list[Path]]:
    """Give each job the photograph of a folder that looks most like its content, and say which.

    A content of several that cannot be read gets none: painting names it and goes on.

    Returns:
        The jobs, and the photographs that cannot be read.

    Raises:
        InputError: The folder holds no other photograph, or the only content cannot be read, or
            results would lie among the photographs.
    """
    from flowcolor.io.apart import require_apart
    from flowcolor.io.images import read_image
    from flowcolor.nearest import Gallery, vgg_look
    from flowcolor.pretrained.weights import cached_file

    weights = cached_file("vgg19")
    look = None if weights is None else vgg_look(weights)
    how = "as thumbnails (VGG19 is not here)" if weights is None else "by VGG19"
    gallery = Gallery(folder, look)
    for place in {job.output.parent for job in jobs}:
        require_apart(place, [folder], "--output")
    chosen = []
    for given in jobs:
        try:
            read_image(given.content)
        except InputError:
            if len(jobs) == 1:
                raise
            chosen.append(given)
            continue
        job = replace(given, reference=gallery.nearest(given.content))
        chosen.append(job)
        say(
            f"{shown(job.content)} gets the colours of {shown(job.reference)}, the most like it "
            f"{how}"
        )
    return chosen, gallery.unread


def protect_inputs(jobs: Sequence[Job], checkpoint: str | None = None) -> None:
    """Refuse jobs that would write over a drawing, a photograph, their hints or boxes, or nowhere.

    Args:
        jobs: What to paint.
        checkpoint: What paints, where it is a file.

    Raises:
        InputError: Before anything is painted; it names the file.
    """
    for place in {job.output.parent: job.output for job in jobs}.values():
        require_place(place)
    inputs = {
        identity(path)
        for job in jobs
        for path in (job.content, job.reference, job.hints, job.boxes)
        if path
    }
    inputs.add(None if checkpoint is None else identity(Path(checkpoint)))
    inputs.discard(None)
    for job in jobs:
        if identity(job.output) in inputs:
            raise InputError(
                f"--output expects a place that holds no input, got {job.output}, which is an "
                "input of this very call and would be overwritten."
            )


def protect_plots(jobs: Sequence[Job], checkpoint: str | None = None) -> None:
    """Refuse plots that would be written over an input, or over the result of another picture.

    Args:
        jobs: What to paint.
        checkpoint: What paints, where it is a file.

    Raises:
        InputError: Before anything is painted; it names the file.
    """
    protect_inputs([replace(job, output=job.plots) for job in jobs], checkpoint)
    results = {job.output for job in jobs}
    for job in jobs:
        if job.plots in results:
            raise InputError(
                f"--plots expects results of other names than its own, got {job.plots}, which "
                f"would be the plots of {job.content} and the result of another picture."
            )
