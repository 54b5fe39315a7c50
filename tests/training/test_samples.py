"""What tests and predictions show of methods that draw by chance: one sample of each picture."""

from types import SimpleNamespace

import pytest
import torch

from flowcolor.data.batch import singles
from flowcolor.errors import InputError
from flowcolor.experiments.comparison.painting import Painter
from flowcolor.losses import ColorizationLoss
from flowcolor.training.build_task import build_task
from flowcolor.training.callbacks.picture_grid import _Columns
from flowcolor.training.objectives import Paired, Symbols
from tests.models.helpers import trained, trained_coltran


@pytest.fixture
def batch():
    torch.manual_seed(0)
    content = torch.rand(3, 1, 4, 4).expand(-1, 3, -1, -1)
    return {"content": content, "index": torch.tensor([4, 0, 7]), "name": ["a", "b", "c"]}


def test_a_sample_depends_on_nothing_but_the_index_and_is_that_of_a_comparison(batch):
    model = trained_coltran().eval()
    task = build_task(model, Symbols())
    with torch.no_grad():
        predicted = task.predict_step(batch, 0)
        tested = task.test_step(batch, 0)
        alone = torch.cat([task.predict_step(one, 0) for one in singles(batch)])
        likeliest = model(batch["content"])
    assert torch.equal(predicted, alone)
    assert torch.equal(predicted, tested["result"])
    assert torch.equal(tested["painted"], Painter(model, "automatic")(batch))
    assert not torch.equal(tested["painted"], likeliest)
    other = task.predict_step({**batch, "index": torch.tensor([5, 0, 7])}, 0)
    assert [torch.equal(*pair) for pair in zip(other, predicted, strict=True)] == [
        False,
        True,
        True,
    ]


class Named(list):
    """Items that know their names, as those of a test."""

    @property
    def names(self):
        return [item["name"] for item in self]


def test_a_pair_that_is_worth_a_look_is_shown_by_the_sample_that_was_scored(batch):
    batch |= {"reference": batch["content"], "truth": batch["content"]}
    task = build_task(trained_coltran(), Symbols())
    items = Named({key: value[0] for key, value in one.items()} for one in singles(batch))
    data = SimpleNamespace(
        transfer_batch_to_device=lambda batch, *_: batch, complete=lambda batch, training: batch
    )
    loaders = [SimpleNamespace(dataset=items)]
    task._trainer = SimpleNamespace(test_dataloaders=loaders, datamodule=data)
    columns_of = _Columns(task, 0)
    with torch.no_grad():
        tested = task.test_step(batch, 0)
    for place, name in enumerate(items.names):
        _, _, result, _ = columns_of(SimpleNamespace(name=name))
        torch.testing.assert_close(result.clamp(0, 1), tested["result"][place])


def test_a_prediction_that_is_not_finite_is_named():
    model = trained(downsamplings=1, ccbs=1).eval()
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] = torch.nan
    batch = {"content": torch.ones(1, 3, 8, 8), "reference": torch.rand(1, 3, 8, 8), "name": ["a"]}
    task = build_task(model, Paired(ColorizationLoss(perceptual=0.0)))
    with pytest.raises(
        InputError, match=r"^SketchColorFlow expects .* that are not finite for a\."
    ):
        task.predict_step(batch, 0)
