"""CelebAMask-HQ as it lies on disk."""

from dataclasses import dataclass
from pathlib import Path

from jaxtyping import Bool, UInt8
from torch import Tensor

from flowcolor.data.datasets.celeba_files import PartFiles, find_numbered
from flowcolor.data.datasets.celeba_labels import merge_parts
from flowcolor.data.datasets.files import Files
from flowcolor.data.datasets.finder import Finder
from flowcolor.data.datasets.left_out import LeftOut
from flowcolor.data.positions import position
from flowcolor.data.split import official_split, split_names
from flowcolor.io.files import is_dir
from flowcolor.io.places import require_path

PHOTOS, ANNOTATIONS = "CelebA-HQ-img", "CelebAMask-HQ-mask-anno"
MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"


@dataclass(frozen=True, slots=True)
class FaceMask:
    """The union of all parts of one face."""

    parts: PartFiles
    number: int

    def read(self) -> Bool[Tensor, "height width"]:
        """Read and merge the parts."""
        return merge_parts(self.sources()) > 0

    def sources(self) -> dict[str, Path]:
        """Return the file of each part."""
        return self.parts.files(self.number)


class CelebAMaskHQ(Finder):
    """The faces of CelebAMask-HQ with their line drawings and 19-class label maps.

    ``ROOT/CelebA-HQ-img/{i}.jpg`` are the photographs,
    ``ROOT/CelebAMask-HQ-mask-anno/{i // 2000}/{i:05d}_{part}.png`` their labels: a part that a face
    lacks has no file. The face mask, outside of which drawings stay white, is all that is not
    background. Names are the numbers as text, sorted as numbers.

    Opening reads the names in the folders and no image. Photographs without labels or a ready
    sketch are left out, and so are files whose names fit the layout nowhere. How many there are,
    and the names of the first ten, is logged as a warning; ``left_out`` has all.

    Args:
        root: The folder that holds ``CelebA-HQ-img``.
        sketches: Folder of ready drawings ``{i}.png``, in any image format.
        strict: Raise an error instead of leaving photographs out.

    Raises:
        InputError: A folder is missing, two files have one number, no photograph has all that it
            needs, or, if ``strict``, one lacks it.

    Reference:
        Lee et al., "MaskGAN: Towards Diverse and Interactive Facial Image Manipulation" (2020).
        https://arxiv.org/abs/1907.11922
    """

    aligned = True

    def __init__(
        self,
        root: str | Path,
        sketches: str | Path | None = None,
        strict: bool = False,
    ) -> None:
        require_path("CelebAMaskHQ", root)
        if sketches is not None:
            require_path("A folder of sketch images", sketches)
        self.root = Path(root)
        left_out = LeftOut()
        strays: list[str] = []
        self._photos = photos = find_numbered(self.root / PHOTOS, strays)
        self._parts = PartFiles(self.root / ANNOTATIONS, strays)
        left_out.add(f"{root} holds files whose names fit nowhere,", strays)
        complete = set(photos)
        lacking = {f"{root} lacks the labels of": set(self._parts.numbers)}
        self._drawings: dict[int, Path] = {}
        if sketches is not None:
            self._drawings = find_numbered(Path(sketches), strays=[])
            lacking[f"{sketches} lacks the sketch of"] = set(self._drawings)
        for reason, present in lacking.items():
            names = [photos[number].name for number in sorted(photos.keys() - present)]
            left_out.add(reason, names, len(photos))
            complete &= present
        orphans = [f"{number:05d}" for number in sorted(set(self._parts.numbers) - photos.keys())]
        left_out.add(f"{root} lacks the photographs of labels,", orphans)
        left_out.report(strict, kept=len(complete))
        self.numbers = sorted(complete)
        super().__init__([str(number) for number in self.numbers], left_out)

    def __getitem__(self, index: int) -> Files:
        number = self.numbers[position(self, index)]
        mask = FaceMask(self._parts, number)
        return Files(self._photos[number], self._drawings.get(number), mask)

    def label_map(self, index: int) -> UInt8[Tensor, "height width"]:
        """Read the classes of one face: 0 is background, ``PARTS[k]`` is k + 1.

        Raises:
            InputError: A part file cannot be read.
        """
        return merge_parts(self._parts.files(self.numbers[position(self, index)]))

    def official_split(self, partition: str | Path) -> tuple[list[int], list[int], list[int]]:
        """Return the positions of training, validation and test, as CelebA divides its photographs.

        Args:
            partition: CelebA's ``list_eval_partition.txt``. The mapping from here to there is read
                from ``CelebA-HQ-to-CelebA-mapping.txt`` in the root.

        Raises:
            InputError: A file is missing or damaged, or does not know a photograph.
        """
        return official_split(self.names, self.root / MAPPING, partition)

    def split(self, seed: int = 0, ratio: tuple[int, int] = (4, 3)) -> tuple[list[int], list[int]]:
        """Return the positions of training and of test: the thesis's split, by a permutation."""
        return split_names(self.names, ratio, seed)


def is_celeba(folder: str | Path) -> bool:
    """Tell whether a folder is CelebAMask-HQ."""
    return is_dir(Path(folder) / PHOTOS)
