"""Drawings and reference photographs from files, for prediction."""

from pathlib import Path

from torch.nn import functional
from torch.utils.data import Dataset

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import whole_within
from flowcolor.data.batch import Pair
from flowcolor.data.datasets.portraits import LARGEST_SIDE
from flowcolor.data.positions import position
from flowcolor.errors import InputError, first_ten
from flowcolor.io.files import is_file
from flowcolor.io.images import read_image, read_sketch
from flowcolor.io.listing import list_images, own_stem, pairing_stem
from flowcolor.io.picture_size import name_pages
from flowcolor.io.places import require_path
from flowcolor.io.resizing import center_square, resize


class SketchReferencePairs(Dataset[Pair]):
    """Pairs of a drawing and a photograph; a photograph that is no folder's serves all drawings.

    Drawings are made square with white paper at the sides, so that no line is lost; of photographs
    the largest centred square is taken.

    Args:
        sketches: A drawing or a folder of drawings.
        references: A photograph, or a folder whose photographs are matched to drawings by stem.
        size: Side of the square images.

    Raises:
        InputError: A file or folder is missing, a drawing has no photograph, or the side is no
            whole number from 1 to 16384.
    """

    @plain_numbers
    def __init__(self, sketches: str | Path, references: str | Path, size: int) -> None:
        whole_within("size", size, 1, LARGEST_SIDE)
        require_path("sketches", sketches)
        require_path("references", references)
        sketches, references = Path(sketches), Path(references)
        folder, self.sketches = _files(sketches)
        photo_folder, photos = _files(references)
        by_stem = {pairing_stem(path, photo_folder): path for path in photos}
        stems = [pairing_stem(path, folder) for path in self.sketches]
        missing = [
            path.relative_to(folder).as_posix()
            for path, stem in zip(self.sketches, stems, strict=True)
            if stem not in by_stem
        ]
        if is_file(references):
            self.references = photos * len(self.sketches)
        elif missing:
            only = f"; for all of them give {photos[0]} itself" if len(photos) == 1 else ""
            raise InputError(
                f"{references} lacks the photograph for {len(missing)} of {len(self.sketches)} "
                f"drawings: {first_ten(missing)}{only}."
            )
        else:
            self.references = [by_stem[stem] for stem in stems]
        name_pages(self.sketches)
        self.names = [own_stem(path, folder) for path in self.sketches]
        self.size = size

    def __len__(self) -> int:
        return len(self.sketches)

    def __getitem__(self, index: int) -> Pair:
        index = position(self, index)
        sketch = read_sketch(self.sketches[index])
        height, width = sketch.shape[1:]
        side = max(height, width)
        if side > LARGEST_SIDE:  # A strip of a few pixels would become a square of gigabytes.
            raise InputError(
                f"{self.sketches[index]} of {width}x{height} would be made square, expected sides "
                f"of at most {LARGEST_SIDE}: cut it."
            )
        left, top = (side - width) // 2, (side - height) // 2
        padding = (left, side - width - left, top, side - height - top)
        sketch = functional.pad(sketch, padding, value=1.0)
        reference = center_square(read_image(self.references[index]))
        target = (self.size, self.size)
        return {
            "content": resize(sketch, target),
            "reference": resize(reference, target),
            "index": index,
            "name": self.names[index],
        }


def _files(path: Path) -> tuple[Path, list[Path]]:
    """Return a folder and its images, or that of the one file."""
    return (path.parent, [path]) if is_file(path) else (path, list_images(path))
