"""A face and its parts, and faces that are not known to lie where parts are looked for."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import l1_loss
from torch.testing import assert_close

from flowcolor.data import ColorizationDataModule, SelfAugmentedReference
from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss
from flowcolor.models import SCFT
from flowcolor.models.face_parts import PARTS, part_of
from flowcolor.training.build_task import build_task
from flowcolor.training.objectives import Paired, WholeAndParts
from tests.data.datasets.celeba_tree import make_tree
from tests.models.helpers import trained_deep_face_editing, trained_scft
from tests.training.helpers import write_photos

L1 = {"l1": 10.0, "perceptual": 0.0}


def test_the_loss_is_that_of_the_whole_and_the_mean_distance_of_the_parts():
    model, (content, reference, truth) = trained_deep_face_editing(), torch.rand(3, 2, 3, 32, 64)
    batch = {"content": content, "reference": reference, "truth": truth, "name": ["a", "b"]}
    losses = WholeAndParts(ColorizationLoss(**L1), parts=3.0).losses(model, batch)
    features = model.features(content, reference)
    pictures = model.pictures(features)
    assert_close(losses["result"], model(content, reference))
    distances = [l1_loss(pictures[name], part_of(name, truth)) for name in PARTS]
    assert_close(losses["parts"], sum(distances) / 5)
    whole = l1_loss(losses["result"], truth)
    assert_close(losses["loss"], 10 * whole + 3 * losses["parts"])
    losses["loss"].backward()
    assert all(p.grad is not None for p in model.parameters())
    assert all(part["generator"].head[1].weight.grad.any() for part in model.parts.values())


def test_what_cannot_be_trained_is_refused_in_words():
    with pytest.raises(InputError, match="DeepFaceEditing, got SCFT"):
        WholeAndParts(ColorizationLoss(**L1)).check(SCFT(2, 2))
    with pytest.raises(InputError, match="parts expects a finite number of at least 0, got -1"):
        WholeAndParts(ColorizationLoss(**L1), parts=-1.0)


def test_faces_that_are_not_known_to_lie_right_are_told_of(tmp_path, capsys):
    still = SelfAugmentedReference(shared_rotation=0, shared_crop=1)
    celeba, folder = (
        str(make_tree(tmp_path / "celeba", 8)),
        str(write_photos(tmp_path / "photos", 4)),
    )
    expected = {
        (celeba, still): True,
        (celeba, SelfAugmentedReference(shared_crop=1)): False,
        (celeba, SelfAugmentedReference(shared_rotation=0)): False,
        (folder, still): False,
    }
    objective = WholeAndParts(ColorizationLoss(**L1))
    for (train, augment), aligned in expected.items():
        data = ColorizationDataModule(train, 32, augment=augment)
        assert data.aligned == aligned
        for model in (trained_deep_face_editing(), trained_scft()):
            task = build_task(model, objective if model.aligned else Paired(ColorizationLoss(**L1)))
            task._trainer = SimpleNamespace(
                datamodule=data, callbacks=[], strategy=None, accumulate_grad_batches=1
            )
            task.setup("fit")
            told = (
                "DeepFaceEditing expects faces that lie as in CelebA-HQ" in capsys.readouterr().out
            )
            assert told == (model.aligned and not aligned)
