"""CelebAMask-HQ as it lies on disk."""

from pathlib import Path

from jaxtyping import Bool, UInt8
from torch import Tensor

from flowcolor.data.datasets.celeba_files import PartFiles, find_numbered
from flowcolor.data.datasets.celeba_labels import merge_parts
from flowcolor.data.datasets.left_out import LeftOut
from flowcolor.data.datasets.portraits import Background, FilePortraits, Files, Sketcher
from flowcolor.data.split import official_split, split_names
from flowcolor.io.files import is_dir

PHOTOS, ANNOTATIONS = "CelebA-HQ-img", "CelebAMask-HQ-mask-anno"
MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"


class CelebAMaskHQ(FilePortraits):
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
        size: Side of the square images.
        sketches: Folder of ready drawings ``{i}.png``, in any image format. ``None``: drawings are
            made by ``sketch_filter``.
        sketch_filter: Draws a photo: ``sketch_filter(photo, (height, width), mask)``.
        background: ``"white"`` whitens the photo, too, outside the face.
        cache: Keep what was read in memory, as bytes: 7.9 GB for all at 256x256.
        strict: Raise an error instead of leaving photographs out.

    Raises:
        InputError: A folder is missing, two files have one number, no photograph has all that it
            needs, or, if ``strict``, one lacks it.

    Reference:
        Lee et al., "MaskGAN: Towards Diverse and Interactive Facial Image Manipulation" (2020).
        https://arxiv.org/abs/1907.11922
    """

    def __init__(
        self,
        root: str | Path,
        size: int = 256,
        sketches: str | Path | None = None,
        sketch_filter: Sketcher | None = None,
        background: Background = "keep",
        cache: bool = False,
        strict: bool = False,
    ) -> None:
        self.root = Path(root)
        self.left_out = LeftOut()
        strays: list[str] = []
        photos = find_numbered(self.root / PHOTOS, strays)
        self._parts = PartFiles(self.root / ANNOTATIONS, strays)
        self.left_out.add(f"{root} holds files whose names fit nowhere,", strays)
        complete = set(photos)
        lacking = {f"{root} lacks the labels of": set(self._parts.numbers)}
        drawings: dict[int, Path] = {}
        if sketches is not None:
            drawings = find_numbered(Path(sketches), strays=[])
            lacking[f"{sketches} lacks the sketch of"] = set(drawings)
        for reason, present in lacking.items():
            names = [photos[number].name for number in sorted(photos.keys() - present)]
            self.left_out.add(reason, names, len(photos))
            complete &= present
        orphans = [f"{number:05d}" for number in sorted(set(self._parts.numbers) - photos.keys())]
        self.left_out.add(f"{root} lacks the photographs of labels,", orphans)
        self.left_out.report(strict, kept=len(complete))
        self.numbers = sorted(complete)
        files = [Files(str(i), photos[i], drawings.get(i)) for i in self.numbers]
        super().__init__(files, size, sketch_filter, background, cache)

    def label_map(self, index: int) -> UInt8[Tensor, "height width"]:
        """Read the classes of one face: 0 is background, ``PARTS[k]`` is k + 1.

        Raises:
            InputError: A part file cannot be read.
        """
        return merge_parts(self._parts.files(self.numbers[index]))

    def sources(self, index: int) -> dict[str, Path]:
        """Return all files that the pixels of a photograph are made of, by what they are."""
        return super().sources(index) | self._parts.files(self.numbers[index])

    def mask(self, index: int) -> Bool[Tensor, "height width"] | None:
        """Return the union of all parts of one face."""
        return self.label_map(index) > 0

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
        return split_names(self.names, ratio, seed=seed)


def is_celeba(folder: str | Path) -> bool:
    """Tell whether a folder is CelebAMask-HQ."""
    return is_dir(Path(folder) / PHOTOS)
