"""What reaches the task: right batches, the same pixels however they were loaded."""

import subprocess
import sys
from types import SimpleNamespace
from unicodedata import normalize

import lightning
import numpy as np
import pytest
import torch
import yaml
from jsonargparse import ArgumentError, ArgumentParser

from flowcolor.data import (
    ColorizationDataModule,
    Folders,
    PairFolders,
    SelfAugmentedReference,
    XDoG,
    module,
    write_image,
)
from flowcolor.errors import InputError
from flowcolor.training.colorization_task import ColorizationTask

IMAGES = ("content", "reference", "truth")


def epoch_of(data, epoch=0):
    """Return the completed training batches of an epoch, in order."""
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    return [data.complete(batch, training=True, epoch=epoch) for batch in loader]


def by_index(batches):
    return {
        int(index): torch.stack([batch[key][row] for key in IMAGES])
        for batch in batches
        for row, index in enumerate(batch["index"])
    }


@pytest.fixture
def folder(make_folder):
    return str(make_folder(count=7))


@pytest.mark.parametrize("kind", [np.int64, np.uint8])
def test_whole_numbers_of_numpy_give_the_same_batches(folder, kind):
    numbers = {"size": 16, "batch_size": 2, "seed": 5, "repeat": 2}
    theirs = {name: kind(number) for name, number in numbers.items()}
    ours, same = (ColorizationDataModule(folder, **given) for given in (numbers, theirs))
    for data in (ours, same):
        data.setup("fit")
    for one, other in zip(epoch_of(ours), epoch_of(same), strict=True):
        assert one["name"] == other["name"]
        assert torch.equal(one["reference"], other["reference"])


def test_batches(folder):
    data = ColorizationDataModule(folder, size=16, batch_size=2)
    data.setup("fit")
    assert len(data.train_names) == 4
    assert len(data.held_out_names) == 3
    assert set(data.train_names + data.held_out_names) == {f"p{i}" for i in range(7)}
    batches = epoch_of(data)
    assert sorted(name for batch in batches for name in batch["name"]) == sorted(data.train_names)
    for batch in batches:
        assert set(batch) == {*IMAGES, "index", "name"}
        assert batch["index"].dtype == torch.int64
        for key in IMAGES:
            assert batch[key].shape == (2, 3, 16, 16)
            assert batch[key].dtype == torch.float32
    validation = data.val_dataloader()
    for loaders in (validation, data.test_dataloader()):
        own, cross = ([data.complete(b, training=False) for b in loader] for loader in loaders)
        # A validation looks at the first batch of cross pairs only.
        assert len(cross) == (1 if loaders is validation else len(own))
        for one, other in zip(own, cross, strict=False):
            assert set(other) == set(one) | {"reference_index", "reference_content"}
            assert torch.equal(one["truth"], other["truth"])
            assert torch.equal(one["content"], other["content"])
            assert one["name"] == other["name"]
            assert (one["index"] != other["reference_index"]).all()
        assert [name for batch in own for name in batch["name"]] == data.held_out_names


def test_self_reference_of_evaluation_is_deformed_and_always_the_same(folder):
    data = ColorizationDataModule(folder, size=16)
    first, second = (data.complete(next(iter(data.val_dataloader()[0])), False) for _ in range(2))
    assert torch.equal(first["reference"], second["reference"])
    assert (first["reference"] - first["truth"]).abs().mean() > 0.05


def test_pixels_depend_on_seed_epoch_and_photo_alone(folder):
    one = ColorizationDataModule(folder, size=16, batch_size=2, seed=5)
    images = by_index(epoch_of(one, 3))
    for options in ({"batch_size": 1}, {"batch_size": 3, "cache": False}, {"num_workers": 2}):
        other = ColorizationDataModule(folder, size=16, **{"batch_size": 2, "seed": 5} | options)
        for index, pixels in by_index(epoch_of(other, 3)).items():
            torch.testing.assert_close(pixels, images[index], atol=1e-6, rtol=0)
    for other in (
        by_index(epoch_of(one, 4)),
        by_index(epoch_of(ColorizationDataModule(folder, 16), 3)),
    ):
        for index in images.keys() & other.keys():
            assert (other[index] - images[index]).abs().mean() > 0.005


def test_two_runs_see_the_same_batches_in_the_same_order(folder):
    runs = [
        [
            batch
            for epoch in (0, 1)
            for batch in epoch_of(ColorizationDataModule(folder, 16, 2), epoch)
        ]
        for _ in range(2)
    ]
    for one, other in zip(*runs, strict=True):
        assert one["name"] == other["name"]
        assert all(torch.equal(one[key], other[key]) for key in IMAGES)
    sampler, orders = ColorizationDataModule(folder, 16).train_dataloader().sampler, set()
    for epoch in range(8):
        sampler.set_epoch(epoch)
        orders.add(tuple(sampler))
    assert len(orders) > 3


def at_the_start_of_an_epoch(epoch, rank):
    """What the loader asks a trainer of two processes."""
    batches = SimpleNamespace(current=SimpleNamespace(processed=0))
    epochs = SimpleNamespace(
        current=SimpleNamespace(started=epoch, processed=epoch, completed=epoch)
    )
    return SimpleNamespace(
        world_size=2,
        global_rank=rank,
        limit_train_batches=1.0,
        fit_loop=SimpleNamespace(
            epoch_progress=epochs, epoch_loop=SimpleNamespace(batch_progress=batches)
        ),
    )


def test_ranks_share_an_epoch_without_changing_it(folder):
    whole = by_index(epoch_of(ColorizationDataModule(folder, 16, 2), 1))
    parts = []
    for rank in range(2):
        data = ColorizationDataModule(folder, 16, 2)
        data.trainer = at_the_start_of_an_epoch(1, rank)
        parts.append(by_index(epoch_of(data, 1)))
    assert not parts[0].keys() & parts[1].keys()
    for index, pixels in (parts[0] | parts[1]).items():
        torch.testing.assert_close(pixels, whole[index], atol=1e-6, rtol=0)
    assert len(parts[0]) == len(parts[1]) == 2


class Recorder(lightning.LightningModule):
    """Keeps the batches that Lightning hands to a task."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.seen = []

    def training_step(self, batch, batch_index):
        self.seen.append(("train", self.current_epoch, batch))

    def validation_step(self, batch, batch_index, dataloader_idx=0):
        self.seen.append(("val", dataloader_idx, batch))

    def configure_optimizers(self):
        return None


@pytest.mark.filterwarnings("ignore")  # Lightning's advice on loaders and optimizers.
def test_lightning_gets_what_complete_gives(folder, tmp_path):
    data, task = ColorizationDataModule(folder, 16, 2), Recorder()
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=2,
        num_sanity_val_steps=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(task, data)
    plain = ColorizationDataModule(folder, 16, 2)
    for epoch in (0, 1):
        seen = [batch for stage, e, batch in task.seen if (stage, e) == ("train", epoch)]
        for one, other in zip(seen, epoch_of(plain, epoch), strict=True):
            assert one["name"] == other["name"]
            assert all(torch.equal(one[key], other[key]) for key in IMAGES)
    checked = [batch for stage, loader, batch in task.seen if (stage, loader) == ("val", 0)]
    assert all(torch.equal(checked[0]["reference"], batch["reference"]) for batch in checked[1::2])
    assert "reference_index" in next(b for stage, i, b in task.seen if (stage, i) == ("val", 1))


def test_embedded_portraits_train_and_validate():
    data = ColorizationDataModule(size=16, batch_size=4, repeat=6)
    data.setup("fit")
    assert data.train_names == data.held_out_names == ["astronaut", "grace_hopper"]
    batches = epoch_of(data)
    assert [len(batch["name"]) for batch in batches] == [4, 4, 4]
    images = by_index(batches)
    assert len(images) == 12
    assert len({tuple(pixels.flatten().tolist()) for pixels in images.values()}) == 12
    cross = data.complete(next(iter(data.val_dataloader()[1])), training=False)
    assert torch.equal(cross["reference"], cross["truth"].flip(0))


@pytest.mark.parametrize("content", ["drawing", "gray"])
def test_it_says_what_takes_time(folder, monkeypatch, content):
    said = []
    monkeypatch.setattr("flowcolor.data.module.rank_zero_info", said.append)
    ColorizationDataModule(folder, size=16, content=content, held_out=2).setup("fit")
    assert ("drawing their lines" in said[0]) == (content == "drawing")
    assert said[0].startswith("Reading 7 photographs")


def test_several_folders_with_photographs_held_out_of_one(make_folder):
    faces, others = str(make_folder("faces", 5)), str(make_folder("others", 4, first=9))
    data = ColorizationDataModule([faces, others], 8, held_out={"faces": 2})
    assert len(data.train_names) == 7
    assert len(data.held_out_names) == 2
    assert all(name.startswith("faces/") for name in data.held_out_names)
    data = ColorizationDataModule(faces, 8, test=others)
    assert (len(data.train_names), len(data.held_out_names)) == (5, 4)


def test_ready_sketches_and_masks(make_folder, tmp_path):
    faces = make_folder("faces", 4)
    for index in range(4):
        write_image(torch.full((1, 8, 8), 0.2), tmp_path / f"sketches/p{index}.png")
    where = Folders(faces, sketches=str(tmp_path / "sketches"))
    data = ColorizationDataModule(where, 8)
    sketch = next(iter(data.val_dataloader()[0]))["content"]
    torch.testing.assert_close(sketch, torch.full_like(sketch, 0.2))
    write_image(torch.ones(1, 8, 8), tmp_path / "masks/p0.png")
    where = Folders(faces, masks=str(tmp_path / "masks"))
    masked = ColorizationDataModule(where, 8, strict=True)
    with pytest.raises(InputError, match="lacks the mask of 3 of 4"):
        masked.setup()


def test_predict(make_folder, folder):
    data = ColorizationDataModule(size=8, batch_size=4, predict=PairFolders(folder, folder))
    data.setup("predict")
    batch = data.complete(next(iter(data.predict_dataloader())), training=False)
    assert set(batch) == {"content", "reference", "index", "name"}
    assert batch["content"].shape == (4, 3, 8, 8)


@pytest.mark.parametrize(
    "where", [PairFolders(), PairFolders(sketches="a"), PairFolders(photos="a")]
)
def test_predict_says_what_it_needs(where):
    with pytest.raises(InputError, match=r"predict needs data\.predict\.sketches"):
        ColorizationDataModule(predict=where).predict_dataloader()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "batch_size expects a whole number from 1 to 2147483647, got 0"),
        ({"repeat": 0}, "repeat expects a whole number from 1 to 100000000, got 0"),
        ({"test": "a", "held_out": 3}, "not both"),
    ],
)
def test_bad_options_are_named(options, words):
    with pytest.raises(InputError, match=words):
        ColorizationDataModule(**options)


def test_folders_that_are_too_small_are_named(make_folder, tmp_path):
    with pytest.raises(InputError, match="got 0 and 1 of 1"):
        ColorizationDataModule(str(make_folder("one", 1)), 8).setup("fit")
    data = ColorizationDataModule(str(make_folder("two", 2)), 8)
    with pytest.raises(InputError, match=r"at least 2 held-out photographs.*, got 1 \(p\d\)"):
        data.setup("fit")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no image"):
        ColorizationDataModule(str(tmp_path / "empty"), 8).setup("fit")


def test_yaml():
    text = """
    train: {photos: [a, b], masks: [null, m]}
    held_out: {a: 12}
    sketch_filter: {class_path: flowcolor.data.XDoG, init_args: {sigma: 1.3}}
    augment: {class_path: flowcolor.data.SelfAugmentedReference, init_args: {scale: [0.9, 1.1]}}
    """
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(ColorizationDataModule, "data")
    data = parser.instantiate(parser.parse_object({"data": yaml.safe_load(text)})).data
    assert data.train == Folders(["a", "b"], masks=[None, "m"])
    assert data.held_out == {"a": 12}
    assert isinstance(data.sketch_filter, XDoG)
    assert data.sketch_filter.sigma == 1.3
    assert isinstance(data.augment, SelfAugmentedReference)
    assert data.augment.scale == (0.9, 1.1)
    with pytest.raises(ArgumentError, match="sigm"):
        parser.parse_object(
            {"data": {"sketch_filter": {"class_path": "XDoG", "init_args": {"sigm": 1}}}}
        )


def test_only_the_module_imports_lightning():
    code = (
        "import sys, flowcolor.data as d; d.Portraits; d.SelfAugmentedReference();"
        "print([m for m in ('lightning', 'skimage', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_split_that_moved_since_the_checkpoint_is_named(make_folder, monkeypatch):
    said = []
    monkeypatch.setattr(module, "rank_zero_info", said.append)
    folder = make_folder(count=7)
    before = ColorizationDataModule(str(folder), size=16, held_out=3)
    state = before.state_dict()
    before.load_state_dict(state)
    portraits = ColorizationDataModule(size=16, cache=False)
    portraits.load_state_dict(portraits.state_dict())  # Which both train and are held out.
    assert not said
    (folder / "p7.png").write_bytes((folder / "p0.png").read_bytes())
    after = ColorizationDataModule(str(folder), size=16, held_out=3)
    after.load_state_dict(state)
    assert not said  # Not before something is read.
    after.setup("validate")
    said.clear()
    after.load_state_dict(state)
    moved = set(before.held_out_names) - set(after.held_out_names)
    assert moved
    assert len(said) == 1
    assert f"not any more: {', '.join(sorted(moved))}. Some" in said[0]


def test_names_in_different_unicode_forms_are_split_alike(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(module, "rank_zero_info", said.append)
    folders = {form: tmp_path / form for form in ("NFC", "NFD")}
    for index, name in enumerate(("ä", "az", "b", "é", "ez", "f", "ü")):
        for form, folder in folders.items():
            write_image(torch.full((3, 16, 16), index / 9), folder / f"{normalize(form, name)}.png")
    before, after = (
        ColorizationDataModule(str(folder), size=16, held_out=3) for folder in folders.values()
    )
    assert {normalize("NFC", name) for name in after.held_out_names} == set(before.held_out_names)
    after.load_state_dict(before.state_dict())
    assert not said
    trained = [name for name in after.train_names if name != normalize("NFC", name)]
    after.load_state_dict({"held_out": [normalize("NFC", name) for name in trained]})
    assert "not any more" in said[0]


def test_photographs_of_a_test_folder_were_not_trained_on(make_folder, monkeypatch):
    said = []
    monkeypatch.setattr(module, "rank_zero_info", said.append)
    folder = make_folder(count=7)
    before = ColorizationDataModule(str(folder), size=16, held_out=3)
    after = ColorizationDataModule(str(folder), size=16, test=str(make_folder("faces", 2, 9)))
    after.setup("test")
    said.clear()
    after.load_state_dict(before.state_dict())
    assert not said
    after.trainer = SimpleNamespace(state=SimpleNamespace(fn="fit"))
    after.load_state_dict(before.state_dict())
    (notice,) = said
    moved = set(before.held_out_names) - set(after.held_out_names)  # Some have the same names.
    assert notice.endswith(f"not any more: {', '.join(sorted(moved))}.")


def test_a_file_of_held_out_photographs_is_expected_beside_celebamask_only(make_folder, tmp_path):
    (tmp_path / "list.txt").write_text("000001.jpg 0\n")
    data = ColorizationDataModule(make_folder(count=3), 8, held_out=str(tmp_path / "list.txt"))
    with pytest.raises(InputError, match=r"data\.held_out expects a file only where .*-HQ, with"):
        data.train_names  # noqa: B018 - read for what it raises


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (ColorizationDataModule, r"flowcolor test --ckpt_path"),
        (ColorizationTask, r"flowcolor\.load or flowcolor\.models\.checkpoint\.load_model"),
    ],
)
def test_lightnings_way_to_load_a_checkpoint_is_refused(made, words):
    with pytest.raises(InputError, match=words):
        made.load_from_checkpoint("last.ckpt")


def test_predictions_of_a_checkpoint_need_no_photographs_of_its_training(make_folder, tmp_path):
    state = ColorizationDataModule(str(make_folder(count=7)), size=16, held_out=3).state_dict()
    elsewhere = ColorizationDataModule(str(tmp_path / "gone"), size=16, held_out=3)
    elsewhere.setup("predict")
    elsewhere.load_state_dict(state)
    with pytest.raises(InputError, match="gone"):  # It looks for them where they are needed.
        elsewhere.setup("fit")
