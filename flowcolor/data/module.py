"""Photographs for training, validation, test and prediction, as Lightning wants them."""

import time
from pathlib import Path
from typing import Any, get_args

import lightning
from lightning.pytorch.utilities import rank_zero_info
from torch.utils.data import DataLoader
from torch.utils.data import Subset as FirstOnes

from flowcolor.bounds import within
from flowcolor.color import to_gray
from flowcolor.data.augmentation.self_reference import SelfAugmentedReference
from flowcolor.data.batch import Batch, Item
from flowcolor.data.cross_reference import CrossReference
from flowcolor.data.datasets.celeba import MAPPING
from flowcolor.data.datasets.folder import Folders, OptionalFolders
from flowcolor.data.datasets.open_portraits import EMBEDDED, find_portraits
from flowcolor.data.datasets.portraits import Background, Content, Portraits, Sketcher
from flowcolor.data.datasets.subsets import Repeated, Subset
from flowcolor.data.label_maps import LabelMaps
from flowcolor.data.pairs import SketchReferencePairs
from flowcolor.data.sampler import EveryOnce, ResumableSampler
from flowcolor.data.sketches import SketchFilter
from flowcolor.data.split import official_split, split_names
from flowcolor.data.workers import start_worker
from flowcolor.errors import InputError

_EVALUATION_EPOCH = 2**32  # Far from every training epoch: no training picture is judged again.

_SPLIT = (4, 3)


class ColorizationDataModule(lightning.LightningDataModule):
    """Drawings, references and truths from folders of photographs.

    Every batch has ``content``, ``reference`` and ``truth`` (B, 3, size, size), float32 in [0, 1],
    ``index`` (B,) and ``name``. Validation and test each have two loaders over the same held-out
    photos: 0 is self-reference (the photo itself, deformed), 1 is cross-reference (the photo of
    someone else, by a seeded derangement; ``reference_index`` says whose). Augmentation runs
    on the device after transfer; what a photo looks like depends on seed, epoch and photo alone.

    Args:
        train: Folder of photographs, of CelebAMask-HQ or of what ``flowcolor prepare`` wrote, a
            list of such folders, or ``embedded`` for the two portraits that come with the
            installation, which without ``test`` are then also those held out.
        size: Side of the square images.
        batch_size: Photographs per batch and device.
        test: Folders of photographs to validate and test on. ``None`` holds out a part of
            ``train``.
        split: Training to held-out photographs, when neither ``test`` nor ``held_out`` says.
        held_out: How many photographs to hold out of all, or of each folder: ``{faces: 12}``.
        partition: CelebA's ``list_eval_partition.txt``: train, validate and test on the parts of
            CelebAMask-HQ that CelebA's official split says.
        sketches: Folder of ready drawings, or one entry (or null) for each folder of ``train``.
        masks: Folder of masks, or one entry (or null) for each folder of ``train``.
        test_sketches: Ready drawings of ``test``.
        test_masks: Masks of ``test``.
        sketch_filter: Draws photographs that have no ready drawing: a class of
            ``flowcolor.data``, or the path of a class of yours made from ``SketchFilter`` or of a
            function that is annotated to return a ``Tensor``. ``None``: gradient lines.
        background: ``white`` whitens photographs outside their masks, too.
        strict: Raise an error where photographs lack their sketch or mask, instead of leaving them
            out with a warning.
        augment: Makes the references. ``None``: the default strengths.
        seed: Chooses split, order, pairs and augmentation.
        repeat: How often an epoch shows each training photo, augmented anew each time.
        cache: Keep photographs and drawings in memory: 0.26 MB each at 256x256.
        num_workers: Loader processes; with the cache, none are needed.
        content: What is coloured: ``drawing``, or ``gray``, the photograph's own luma (Rec. 601) in
            three equal channels, which then stands where the drawing would.
        predict_sketches: A drawing, or a folder of drawings, to colour with ``predict``.
        predict_references: A photograph for all drawings, or a folder of photographs with the
            stems of the drawings.
        labels: Folder of label maps of the photographs that test, or one entry for each folder of
            ``test``, or else of ``train``: a test then scores colours by region.
    """

    def __init__(
        self,
        train: str | Path | list[str] = "embedded",
        size: int = 64,
        batch_size: int = 16,
        test: str | Path | list[str] | None = None,
        split: tuple[int, int] = _SPLIT,
        held_out: int | dict[str, int] | None = None,
        partition: str | None = None,
        sketches: str | list[str | None] | None = None,
        masks: str | list[str | None] | None = None,
        test_sketches: str | list[str | None] | None = None,
        test_masks: str | list[str | None] | None = None,
        sketch_filter: SketchFilter | Sketcher | None = None,
        background: Background = "keep",
        strict: bool = False,
        augment: SelfAugmentedReference | None = None,
        seed: int = 0,
        repeat: int = 1,
        cache: bool = True,
        num_workers: int = 0,
        content: Content = "drawing",
        predict_sketches: str | None = None,
        predict_references: str | None = None,
        labels: str | list[str | None] | None = None,
    ) -> None:
        super().__init__()
        within("data.size", size, 1, 16384)
        within("data.batch_size", batch_size, 1)
        within("data.repeat", repeat, 1)
        within("data.num_workers", num_workers, 0, 1024)
        within("data.seed", seed, 0, 2**32 - 1)
        if content not in get_args(Content):
            raise InputError(f'data.content expects "drawing" or "gray", got {content!r}.')
        if test is not None and held_out is not None:
            raise InputError(
                "Give either test folders or held_out, not both; null takes back what a checkpoint "
                "has brought."
            )
        for name, partners in (("test_sketches", test_sketches), ("test_masks", test_masks)):
            if partners is not None and test is None:
                raise InputError(f"{name} belong to the photographs of test, got none there.")
        if partition is not None and (test is not None or held_out is not None):
            raise InputError("Give either partition or test folders or held_out.")
        self.train = train
        self.size = size
        self.batch_size = batch_size
        self.test = test
        self.split = split
        self.held_out = held_out
        self.partition = partition
        self.sketches = sketches
        self.masks = masks
        self.test_sketches = test_sketches
        self.test_masks = test_masks
        self.sketch_filter = sketch_filter
        self.background: Background = background
        self.strict = strict
        self.augment = SelfAugmentedReference() if augment is None else augment
        self.seed = seed
        self.repeat = repeat
        self.cache = cache
        self.num_workers = num_workers
        self.content: Content = content
        self.predict_sketches = predict_sketches
        self.predict_references = predict_references
        self.labels = labels
        self._label_maps: LabelMaps | None = None
        self._found: tuple[Subset, Subset, Subset] | None = None

    @property
    def train_names(self) -> list[str]:
        """Names of the photographs that train."""
        return list(self._sets()[0].names)

    @property
    def held_out_names(self) -> list[str]:
        """Names of the photographs that validate, and test if there is no ``partition``."""
        return list(self._sets()[1].names)

    @property
    def test_names(self) -> list[str]:
        """Names of the photographs that test."""
        return list(self._sets()[2].names)

    def setup(self, stage: str | None = None) -> None:
        """Read the folders, split them and fill the cache with what the stage needs."""
        if stage == "predict":
            return
        training, held_out, tests = self._sets()
        self._require_pairs(stage, held_out, tests)
        if self.labels is not None and stage in ("test", None):
            self._label_maps = LabelMaps(tests, self.labels, self.test or self.train)
        if self.cache:
            parts = {None: [training, held_out], "fit": [training, held_out], "test": [tests]}
            _fill(parts.get(stage, [held_out]))

    def train_dataloader(self) -> DataLoader[Item]:
        """Shuffled by seed and epoch; the last, smaller batch is left out unless it is the only."""
        dataset = Repeated(self._sets()[0], self.repeat)
        sampler = ResumableSampler(dataset, self.batch_size, self.seed, self.trainer)
        full = len(sampler) >= self.batch_size
        return self._loader(dataset, sampler=sampler, drop_last=full)

    def val_dataloader(self) -> list[DataLoader[Item]]:
        """Self-reference, then the first batch of cross-reference: validations have to be fast."""
        photos = self._sets()[1]
        cross = CrossReference(photos, self.seed)
        few = FirstOnes(cross, range(min(self.batch_size, len(cross))))
        return [self._loader(photos), self._loader(few)]

    def test_dataloader(self) -> list[DataLoader[Item]]:
        """Self-reference, then cross-reference."""
        photos = self._sets()[2]
        both: list[Any] = [photos, CrossReference(photos, self.seed)]
        return [self._loader(part, sampler=EveryOnce(part, self.trainer)) for part in both]

    def predict_dataloader(self) -> DataLoader[Item]:
        """Pairs of drawings and photographs from files."""
        if self.predict_sketches is None or self.predict_references is None:
            raise InputError("predict needs data.predict_sketches and data.predict_references.")
        pairs = SketchReferencePairs(self.predict_sketches, self.predict_references, self.size)
        return self._loader(pairs)

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Make references, and in training augment, on the device of the batch."""
        trainer = self.trainer
        if trainer is not None and trainer.training:
            return self.complete(batch, training=True, epoch=trainer.current_epoch)
        made = self.complete(batch, training=False)
        if trainer is not None and trainer.testing and self._label_maps is not None:
            self._label_maps.add_to(made)
        return made

    def complete(self, batch: Batch, training: bool, epoch: int = 0) -> Batch:
        """Turn a loader's batch into the task's: what Lightning calls, and scripts may."""
        if "photo" not in batch:
            return batch
        if "reference" in batch:
            made = batch.copy()
            made["truth"] = made.pop("photo")
        else:
            drawn = epoch if training else _EVALUATION_EPOCH
            made = self.augment(batch, self.seed, drawn, shared_geometry=training)
        if self.content == "gray":
            made["content"] = to_gray(made["truth"]).expand(-1, 3, -1, -1)
            if "reference_content" in made:
                made["reference_content"] = to_gray(made["reference"]).expand(-1, 3, -1, -1)
        return made

    def _require_pairs(self, stage: str | None, held_out: Subset, tests: Subset) -> None:
        """Refuse too few photographs for pairs now: validation may come after hours."""
        validates = self.trainer is None or self.trainer.limit_val_batches != 0
        parts = {"fit": [held_out] * validates, "test": [tests], None: [held_out, tests]}
        for photos in parts.get(stage, [held_out]):
            if len(photos) < 2:
                raise InputError(
                    "Evaluation expects at least 2 held-out photographs, as references of each "
                    f"other, got {len(photos)} ({', '.join(photos.names)}): hold out more with "
                    "data.held_out, or give data.test."
                )

    def _sets(self) -> tuple[Subset, Subset, Subset]:
        """Photographs to train, to validate and to test on."""
        if self._found is None:
            self._found = self._find()
        return self._found

    def _find(self) -> tuple[Subset, Subset, Subset]:
        if self.train == EMBEDDED:
            self._require_folders()
        photos = self._open(self.train, self.sketches, self.masks)
        everything = Subset(photos, range(len(photos)))
        if self.test is not None:
            tests = self._open(self.test, self.test_sketches, self.test_masks)
            held_out = Subset(tests, range(len(tests)))
            return everything, held_out, held_out
        if self.train == EMBEDDED:
            return everything, everything, everything
        if self.partition is not None:
            return self._official(photos, self.partition)
        training, rest = split_names(photos.names, self.split, self.held_out, self.seed)
        held_out = Subset(photos, rest)
        return Subset(photos, training), held_out, held_out

    def _require_folders(self) -> None:
        """Refuse what only folders have or need, rather than let it have no effect.

        Raises:
            InputError: One of these options is set.
        """
        no_effect = {
            "held_out": self.held_out is not None,
            "split": tuple(self.split) != _SPLIT,
            "partition": self.partition is not None,
            "sketches": self.sketches is not None,
            "masks": self.masks is not None,
        }
        for name, is_set in no_effect.items():
            if is_set:
                raise InputError(
                    f"data.{name} expects data.train to be a folder of photographs, got the "
                    "embedded portraits: give --data.train FOLDER, or --data.test FOLDER to "
                    "evaluate on others."
                )

    def _official(self, photos: Portraits, partition: str) -> tuple[Subset, Subset, Subset]:
        if not isinstance(self.train, str | Path):
            raise InputError("partition expects train to be one folder of CelebAMask-HQ.")
        parts = official_split(photos.names, Path(self.train) / MAPPING, partition)
        training, validation, tests = (Subset(photos, part) for part in parts)
        return training, validation, tests

    def _open(self, root: Folders, sketches: OptionalFolders, masks: OptionalFolders) -> Portraits:
        return Portraits(
            find_portraits(root, sketches, masks, self.strict),
            self.size,
            self.sketch_filter,
            self.background,
            self.cache,
            self.content,
        )

    def _loader(self, dataset: Any, **options: Any) -> DataLoader[Item]:
        return DataLoader(
            dataset,
            batch_size=self.batch_size,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            worker_init_fn=start_worker,
            **options,
        )


def _fill(parts: list[Subset]) -> None:
    """Read and draw now, in one process, what loader processes would each do again."""
    parts = list(dict.fromkeys(parts))  # One set may both train and be held out.
    count = sum(map(len, parts))
    rank_zero_info(f"Reading {count} photographs and drawing their lines ...")
    start = time.perf_counter()
    for part in parts:
        part.fill()
    rank_zero_info(f"{count} photographs are ready after {time.perf_counter() - start:.1f} s.")
