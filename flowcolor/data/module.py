"""Photographs for training, validation, test and prediction, as Lightning wants them."""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import lightning
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities import rank_zero_info
from torch.utils.data import DataLoader, Sampler
from torch.utils.data import Subset as FirstOnes

from flowcolor.color import to_gray
from flowcolor.data.augmentation.hint_points import HintPoints
from flowcolor.data.augmentation.self_reference import SelfAugmentedReference
from flowcolor.data.batch import Batch, Item
from flowcolor.data.cross_reference import CrossReference
from flowcolor.data.datasets.celeba import is_celeba
from flowcolor.data.datasets.embedded import EmbeddedPortraits
from flowcolor.data.datasets.folder import as_list
from flowcolor.data.datasets.open_portraits import EMBEDDED, find_portraits
from flowcolor.data.datasets.portraits import (
    NO_MASKS,
    Background,
    Content,
    Portraits,
    Sketcher,
)
from flowcolor.data.datasets.prepared import is_prepared
from flowcolor.data.datasets.subsets import Repeated, Subset, part_of
from flowcolor.data.fingerprint import fingerprint_all, fingerprint_named
from flowcolor.data.folders import Folders, PairFolders
from flowcolor.data.label_maps import LabelMaps
from flowcolor.data.module_checks import (
    check_options,
    refuse_idle_drawings,
    require_end,
    require_pairs,
    tell_left_aside,
)
from flowcolor.data.pairs import SketchReferencePairs
from flowcolor.data.parts import HeldOut, Parts, find_parts, name_trained
from flowcolor.data.readable import ReadablePairs, collate_readable
from flowcolor.data.sampler import EveryOnce, ResumableInOrder, ResumableSampler
from flowcolor.data.sketches import SketchFilter
from flowcolor.data.workers import require_short_folder, start_worker
from flowcolor.errors import InputError, first_ten
from flowcolor.io.files import is_dir
from flowcolor.io.listing import one_form

_NOTHING = PairFolders()
_EVALUATION_EPOCH = 2**32  # Far from every training epoch: no training picture is judged again.


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
            installation, which without ``test`` are then also those held out. With
            :class:`~flowcolor.data.Folders` the photographs bring ready drawings and masks:
            ``--data.train.photos PHOTOS --data.train.masks MASKS``.
        size: Side of the square images.
        batch_size: Photographs per batch and device.
        test: Photographs to validate and test on, as ``train``. With ``labels``, a test scores
            colours by region. ``None`` holds out a part of ``train``.
        held_out: What is held out of ``train``: a number of all photographs, or one for each
            folder, as ``{faces: 12}``; ``[4, 3]``, training to held-out photographs, which ``None``
            means; or CelebA's ``list_eval_partition.txt``, by which CelebA's official split divides
            CelebAMask-HQ.
        predict: What ``predict`` colours, and with whose colours.
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
        hints: Gives colours of the truth at points, in validation and test; in training,
            ``augment.hints`` does. ``None``: no hints.
        share: Part of the training photographs that is used, chosen by ``seed``; smaller parts lie
            within larger ones. What is held out stays the same.
    """

    def __init__(
        self,
        train: Folders | str | list[str] | Path = "embedded",
        size: int = 64,
        batch_size: int = 16,
        test: Folders | str | list[str] | Path | None = None,
        held_out: HeldOut | None = None,
        predict: PairFolders = _NOTHING,
        sketch_filter: SketchFilter | Sketcher | None = None,
        background: Background = "keep",
        strict: bool = False,
        augment: SelfAugmentedReference | None = None,
        seed: int = 0,
        repeat: int = 1,
        cache: bool = True,
        num_workers: int = 0,
        content: Content = "drawing",
        hints: HintPoints | None = None,
        share: float = 1.0,
    ) -> None:
        super().__init__()
        self.train = Folders.of(train)
        self.size = size
        self.batch_size = batch_size
        self.test = None if test is None else Folders.of(test)
        self.held_out = held_out
        self.predict = predict
        self.sketch_filter = sketch_filter
        self.background: Background = background
        self.strict = strict
        self.augment = SelfAugmentedReference() if augment is None else augment
        self.seed = seed
        self.repeat = repeat
        self.cache = cache
        self.num_workers = num_workers
        self.content: Content = content
        self.hints = hints
        self.share = share
        check_options(self)
        # Of NumPy's whole numbers, torch takes none for a seed, and those of one byte wrap.
        self.size, self.batch_size = int(size), int(batch_size)
        self.seed, self.repeat, self.num_workers = int(seed), int(repeat), int(num_workers)
        self._label_maps: LabelMaps | None = None
        self._found: Parts | None = None
        self._found_pairs: SketchReferencePairs | None = None

    @classmethod
    def load_from_checkpoint(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: Lightning would return a module of the defaults, whatever was trained on.

        Raises:
            InputError: Always; it says what uses the data of a checkpoint.
        """
        raise InputError(
            f"{cls.__name__} cannot be loaded from a checkpoint: flowcolor test --ckpt_path takes "
            "its data from one, and flowcolor.load its model."
        )

    @property
    def train_names(self) -> list[str]:
        """Names of the photographs that train."""
        return list(self._parts().train.names)

    @property
    def held_out_names(self) -> list[str]:
        """Names of the photographs that validate, and test if nothing else is said."""
        return list(self._parts().validate.names)

    @property
    def test_names(self) -> list[str]:
        """Names of the photographs that test."""
        return list(self._parts().test.names)

    @property
    def predict_names(self) -> list[str]:
        """Names of the drawings that are painted."""
        return list(self._pairs().names)

    def fingerprint(self) -> str:
        """Return how many photographs there are in all, and a checksum of their names and files.

        And of the label maps by which tests score, and of how a file divides them, if there are.

        Raises:
            InputError: A file cannot be read.
        """
        parts = self._parts()
        # Of whole folders: how they are divided, options and seed say.
        found = fingerprint_all(dict.fromkeys(part.dataset.finder for part in parts))
        maps = self._maps(parts.test)
        if maps is not None:
            found += f", label maps with {fingerprint_named(maps.files)}"
        if not isinstance(self.held_out, str):
            return found
        divided = json.dumps([parts.validate.names, parts.test.names]).encode()
        # A file of the same name may divide them in another way the next time.
        return f"{found}, divided by one with {hashlib.sha256(divided).hexdigest()[:16]}"

    def files(self, stage: str) -> Iterator[Path]:
        """Yield every file that ``validate``, ``test`` or ``predict`` will read.

        Raises:
            InputError: A folder cannot be read.
        """
        if stage == "predict" and None not in (self.predict.sketches, self.predict.photos):
            yield from (*self._pairs().sketches, *self._pairs().references)
        elif stage in ("validate", "test"):
            parts = self._parts()
            for photograph in (parts.test if stage == "test" else parts.validate).dataset.finder:
                yield from photograph.sources().values()

    def folders(self, stage: str) -> list[Path]:
        """Return the folders in which a command reads every image.

        A prediction must not write into those of its model's training either, as far as they are
        here: pictures might take the place of photographs of their names.
        """
        where = [self.train] if self.test is None else [self.train, self.test]
        if stage == "predict":
            known = [value for folders in where for value in asdict(folders).values() if value]
            theirs = [Path(x) for value in known for x in as_list(value) if x and x != EMBEDDED]
            own = [Path(root) for root in (self.predict.sketches, self.predict.photos) if root]
            return [*own, *filter(_is_here, theirs)]
        roots = [Path(root) for folders in where for root in as_list(folders.photos)]
        return [
            root
            for root in roots
            if not (root == Path(EMBEDDED) or is_celeba(root) or is_prepared(root))
        ]

    @property
    def aligned(self) -> bool:
        """Whether faces are known to lie as those of CelebA-HQ, and training leaves them there."""
        parts = self._parts()
        moved = self.augment.shared_rotation > 0 or self.augment.shared_crop < 1
        return not moved and all(part.dataset.finder.aligned for part in parts)

    def setup(self, stage: str | None = None) -> None:
        """Read the folders, split them and fill the cache with what the stage needs."""
        if stage == "predict":
            return
        training, held_out, tests = self._parts()
        if stage == "fit":
            require_end(self.repeat, len(training))
        validates = self.trainer is None or self.trainer.limit_val_batches != 0
        evaluated = {"fit": [held_out] * validates, "test": [tests], None: [held_out, tests]}
        require_pairs(evaluated.get(stage, [held_out]))
        if stage != "validate":  # Before a training, too: its test, hours later, would miss them.
            self._label_maps = self._maps(tests)
        if self.cache:
            parts = {None: [training, held_out], "fit": [training, held_out], "test": [tests]}
            _fill(parts.get(stage, [held_out]), self.content)

    def state_dict(self) -> dict[str, Any]:
        """Name what is held out, for checkpoints."""
        return {"held_out": self.held_out_names}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Say if photographs came or went since a checkpoint was written, for the split is another.

        Args:
            state_dict: As :meth:`state_dict` returned it then.

        Raises:
            InputError: It is something else.
        """
        before = state_dict.get("held_out") if isinstance(state_dict, dict) else None
        if not isinstance(before, list) or not all(isinstance(name, str) for name in before):
            raise InputError(
                "The checkpoint expects the names of held-out photographs, got others: it is "
                "damaged."
            )
        if self._found is None:  # Nothing is read: predictions need no photographs to train on.
            return
        # Two portraits alone both train and are held out.
        train, held_out, before = (
            set(map(one_form, names)) for names in (self.train_names, self.held_out_names, before)
        )
        now_training = sorted(train & before - held_out)
        fits = self.trainer is not None and self.trainer.state.fn == TrainerFn.FITTING
        # Photographs of data.test are others, and without a training nobody trains on these.
        if now_training and (fits or self.test is None):
            others = " Some that are now were trained on." if self.test is None else ""
            rank_zero_info(
                "notice: these photographs were held out when the checkpoint was written, and are "
                f"not any more: {first_ten(now_training)}.{others}"
            )

    def train_dataloader(self) -> DataLoader[Item]:
        """Shuffled by seed and epoch; the last, smaller batch is left out unless it is the only."""
        dataset = Repeated(self._parts().train, self.repeat)
        trainer = self.trainer
        sampler: Sampler[int]
        if trainer is not None and getattr(trainer, "overfit_batches", 0) > 0:
            sampler = ResumableInOrder(dataset, self.batch_size, trainer)
        else:
            sampler = ResumableSampler(dataset, self.batch_size, self.seed, trainer)
        full = len(sampler) >= self.batch_size
        return self._loader(dataset, sampler=sampler, drop_last=full)

    def val_dataloader(self) -> list[DataLoader[Item]]:
        """Self-reference, then the first batch of cross-reference: validations have to be fast."""
        photos = self._parts().validate
        cross = CrossReference(photos, self.seed)
        few = FirstOnes(cross, range(min(self.batch_size, len(cross))))
        return [self._loader(part, **self._once(part)) for part in (photos, few)]

    def test_dataloader(self) -> list[DataLoader[Item]]:
        """Self-reference, then cross-reference."""
        photos = self._parts().test
        both: list[Any] = [photos, CrossReference(photos, self.seed)]
        return [self._loader(part, sampler=EveryOnce(part, self.trainer)) for part in both]

    def _once(self, part: Any) -> dict[str, Any]:
        """Show each sample of a validation once, unless a process would have none to log."""
        world = 1 if self.trainer is None else self.trainer.world_size
        return {"sampler": EveryOnce(part, self.trainer)} if 1 < world <= len(part) else {}

    def predict_dataloader(self) -> DataLoader[Item]:
        """Pairs of drawings and photographs from files; of several, those that can be read.

        Raises:
            InputError: ``predict`` lacks the drawings or the photographs.
        """
        return self._loader(ReadablePairs(self._pairs()), collate_fn=collate_readable)

    def _pairs(self) -> SketchReferencePairs:
        if self._found_pairs is not None:
            return self._found_pairs
        sketches, photos = self.predict.sketches, self.predict.photos
        if sketches is None or photos is None:
            raise InputError(
                "predict needs data.predict.sketches, the drawings, and data.predict.photos, whose "
                "colours they get."
            )
        self._found_pairs = SketchReferencePairs(sketches, photos, self.size)
        return self._found_pairs

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
        """Turn a loader's batch into the task's: what Lightning calls, and scripts may.

        Raises:
            InputError: The batch is no dictionary.
        """
        if not isinstance(batch, dict):
            kind = type(batch).__name__
            raise InputError(f"complete expects a batch, a dictionary, got {kind}.")
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
        if not training and self.hints is not None:
            made = self.hints(made, self.seed, _EVALUATION_EPOCH)
        return made

    def _parts(self) -> Parts:
        if self._found is None:
            refuse_idle_drawings(self)
            found = find_parts(self.train, self.test, self.held_out, self.seed, self._open)
            if self.background == "white" and not any(
                part.dataset.finder.knows_background for part in found
            ):
                raise InputError(f"data.{NO_MASKS}: give --data.train.masks FOLDER.")
            if self.share < 1:
                found = found._replace(train=part_of(found.train, self.share, self.seed))
            if self.test is not None:
                name_trained(found)
            self._found = found
        return self._found

    def _maps(self, tests: Subset) -> LabelMaps | None:
        where = self.test or self.train
        return None if where.labels is None else LabelMaps(tests, where.labels, where.photos)

    def _open(self, where: Folders) -> Portraits:
        if self.content == "drawing":
            tell_left_aside(where)
        return Portraits(
            find_portraits(where.photos, where.sketches, where.masks, self.strict),
            self.size,
            self.sketch_filter,
            self.background,
            self.cache,
            self.content,
        )

    def _loader(self, dataset: Any, **options: Any) -> DataLoader[Item]:
        if self.num_workers > 0:
            require_short_folder()
        return DataLoader(
            dataset,
            batch_size=self.batch_size,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            worker_init_fn=start_worker,
            **options,
        )


def _is_here(folder: Path) -> bool:
    try:
        return is_dir(folder)
    except InputError:  # What must not be read cannot be written to, either.
        return False


def _fill(parts: list[Subset], content: str) -> None:
    """Read and draw now, in one process, what loader processes would each do again."""
    parts = list(dict.fromkeys(parts))  # One set may both train and be held out.
    count = sum(map(len, parts))
    lines = " and drawing their lines" if content == "drawing" else ""
    default = any(isinstance(part.dataset.finder, EmbeddedPortraits) for part in parts)
    embedded = " (with the embedded portraits)" if default else ""
    rank_zero_info(f"Reading {count} photographs{embedded}{lines} ...")
    start = time.perf_counter()
    for part in parts:
        part.fill()
    rank_zero_info(f"{count} photographs are ready after {time.perf_counter() - start:.1f} s.")
