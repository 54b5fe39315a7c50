"""Options that would have no effect are refused, and photographs of two purposes are named."""

import pytest
import torch

from flowcolor.color import to_gray
from flowcolor.data import (
    ColorizationDataModule,
    Folders,
    HintPoints,
    SelfAugmentedReference,
    StrokeAugmentation,
    XDoG,
    open_portraits,
)
from flowcolor.data.prepare import prepare
from flowcolor.errors import InputError


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sketch_filter", {"sketch_filter": XDoG()}),
        (
            "augment.init_args.strokes",
            {"augment": SelfAugmentedReference(strokes=StrokeAugmentation())},
        ),
        ("train.sketches", {"sketches": "ready"}),
        ("train.masks", {"masks": "ready"}),
        ("test.sketches", {"test": Folders("photos", sketches="ready")}),
        ("test.masks", {"test": Folders("photos", masks="ready")}),
    ],
)
@pytest.mark.parametrize("stage", ["fit", "test"])
def test_what_only_drawings_need_is_refused_beside_grey_photographs(
    make_folder, monkeypatch, name, options, stage
):
    monkeypatch.chdir(make_folder().parent)
    make_folder("ready")
    partners = {key: options[key] for key in options.keys() & {"sketches", "masks"}}
    others = {key: options[key] for key in options.keys() - partners.keys()}
    train = Folders("photos", **partners)
    with pytest.raises(InputError, match=rf"data\.{name} expects data\.content to be drawing"):
        ColorizationDataModule(train, 8, content="gray", **others).setup(stage)
    ColorizationDataModule(train, 8, **others).setup(stage)


def test_what_grey_photographs_need_is_taken(make_folder):
    photos = str(make_folder())
    train = Folders(photos, masks=str(make_folder("masks")), labels=photos)
    augment = SelfAugmentedReference(hints=HintPoints())
    data = ColorizationDataModule(
        train, 8, content="gray", background="white", augment=augment, hints=HintPoints()
    )
    data.setup("fit")
    batch = data.complete(next(iter(data.train_dataloader())), training=True)
    assert torch.equal(batch["content"], to_gray(batch["truth"]).expand(-1, 3, -1, -1))
    assert (batch["truth"] == 1).all(1).any()  # What its mask leaves out is white.
    assert batch["hint_mask"].any()


def test_a_white_background_expects_masks(make_folder, tmp_path):
    photos, others = str(make_folder()), str(make_folder("others", 3, first=9))
    masks = str(make_folder("masks"))
    with pytest.raises(InputError, match=r"background expects masks where it is white"):
        ColorizationDataModule(photos, 8, background="white").setup("fit")
    with pytest.raises(InputError, match=r"background expects masks where it is white"):
        ColorizationDataModule([photos, others], 8, background="white").setup("test")
    with pytest.raises(InputError, match=r"background expects masks where it is white"):
        prepare([photos], tmp_path / "ready", 8, background="white")
    assert not (tmp_path / "ready").exists()
    # Masks of one of them are enough: those that train may be whitened, and those that test not.
    with_masks = Folders(photos, masks=masks)
    ColorizationDataModule(with_masks, 8, test=Folders(others), background="white").setup("fit")
    both = Folders([photos, others], masks=[masks, None])
    ColorizationDataModule(both, 8, background="white").setup("fit")
    ColorizationDataModule("embedded", 8, background="white").setup("fit")
    for background in ("white", "keep"):
        ready = tmp_path / f"ready {background}"
        prepare([photos], ready, 8, masks=[masks], background=background)
        ColorizationDataModule(str(ready), 8, background="white").setup("fit")
    prepare([photos], tmp_path / "no masks", 8)
    with pytest.raises(InputError, match=r"background expects masks where it is white"):
        ColorizationDataModule(str(tmp_path / "no masks"), 8, background="white").setup("fit")


def test_a_filter_beside_ready_drawings_of_all_photographs_is_refused(make_folder, tmp_path):
    photos, others = make_folder(), make_folder("others", 3, first=9)
    drawings = make_folder("drawings")
    with pytest.raises(
        InputError, match=r"^--sketch_filter expects photographs without --sketches"
    ):
        prepare([photos], tmp_path / "a", 8, sketches=[drawings], sketch_filter="XDoG")
    assert not (tmp_path / "a").exists()
    some = prepare(
        [photos, others], tmp_path / "b", 8, sketches=[drawings, None], sketch_filter="XDoG"
    )
    assert some.prepared == 10


def test_a_photograph_of_two_folders_is_refused(make_folder, tmp_path):
    """It might train and be held out."""
    inner = make_folder("faces/a", 3)
    make_folder("faces/b", 3, first=3)
    faces = inner.parent
    for train in ([faces, inner], [inner, faces]):
        with pytest.raises(InputError, match=r"lie in two of the folders") as refused:
            open_portraits([str(folder) for folder in train], 8)
        assert "3 of 9 photographs" in str(refused.value)
    (tmp_path / "link").symlink_to(inner)
    prepare([faces / "b"], tmp_path / "ready", 8)
    for train in ([str(faces), str(tmp_path / "link")], [faces, inner, tmp_path / "ready"]):
        with pytest.raises(InputError, match=r"lie in two of the folders"):
            ColorizationDataModule([str(folder) for folder in train], 8).setup("fit")
    with pytest.raises(InputError, match=r"lie in two of the folders"):
        prepare([faces, inner], tmp_path / "twice", 8)
    assert len(open_portraits([inner, faces / "b"], 8)) == 6


def test_a_link_that_leads_elsewhere_by_now_is_followed_again(make_folder, tmp_path):
    inner, other = make_folder("faces/a", 3), make_folder("other", 3, first=3)
    link, faces = tmp_path / "link", inner.parent
    link.symlink_to(inner)
    with pytest.raises(InputError, match=r"lie in two of the folders"):
        open_portraits([faces, link], 8)
    link.unlink()
    link.symlink_to(other)
    assert len(open_portraits([faces, link], 8)) == 6


@pytest.mark.parametrize("kind", ["prepared", "CelebA"])
def test_photographs_of_a_data_set_without_its_drawings_or_masks_are_named(
    kind, make_folder, tmp_path, caplog
):
    photos = make_folder()
    if kind == "prepared":
        prepare([photos], tmp_path / "ready", 8)
        inner, brought = tmp_path / "ready/photos", "drawings and masks"
    else:
        inner, brought = make_folder("CelebA-HQ-img"), "masks"
    said = f"notice: {inner} is a part of {inner.parent}, whose {brought} are not used for it: give"
    with caplog.at_level("INFO"):
        for train in (Folders(str(photos)), Folders(str(inner), masks=str(photos))):
            ColorizationDataModule(train, 8).setup("fit")
        ColorizationDataModule(str(inner), 8, content="gray").setup("fit")
        assert said not in caplog.text
        ColorizationDataModule(str(inner), 8).setup("fit")
    assert caplog.text.count(said) == 1


def test_what_only_lies_beside_a_data_set_is_no_part_of_it(
    make_folder, tmp_path, monkeypatch, caplog
):
    prepare([make_folder()], tmp_path / "ready", 8)
    make_folder("CelebA-HQ-img")
    monkeypatch.chdir(tmp_path / "ready")
    with caplog.at_level("INFO"):
        for train in ("embedded", str(make_folder("faces"))):
            ColorizationDataModule(train, 8).setup("fit")
    assert "is a part of" not in caplog.text


def test_photographs_that_train_and_test_are_named(make_folder, caplog):
    def warnings():
        return [record.message for record in caplog.records if record.levelname == "WARNING"]

    inner = make_folder("faces/a", 3)
    faces = make_folder("faces/b", 3, first=3).parent
    ColorizationDataModule(str(inner), 8, test=str(faces / "b")).setup("test")
    assert not warnings()
    ColorizationDataModule(str(faces), 8, test=str(inner)).setup("test")
    expected = "data.test expects photographs that do not train, got 3 of 3 that do: p0, p1, p2."
    assert any(expected in sentence for sentence in warnings())
    caplog.clear()
    ColorizationDataModule("embedded", 8, test="embedded").setup("test")
    ColorizationDataModule(str(inner), 8, held_out=2).setup("test")
    assert not warnings()
