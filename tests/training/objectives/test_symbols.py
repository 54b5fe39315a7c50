"""The bits of ColTran's symbols as what training minimises."""

import pytest
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.training.objectives import Symbols
from tests.models.helpers import images, trained_cic, trained_coltran


def test_the_objective_is_the_mean_of_both_heads():
    model, (content, photo) = trained_coltran(stage=1), images(side=4)
    found = Symbols(parallel=0.25).losses(model, {"content": content, "truth": photo})
    bits = {name: value.mean() for name, value in model.bits(content, photo).items()}
    assert_close(found["loss"], 0.75 * bits["core"] + 0.25 * bits["parallel"])
    assert_close(found["bits_core"], bits["core"])
    assert Symbols().scores(model, {"content": content, "truth": photo}).keys() == bits.keys()


def test_later_stages_have_one_part_and_others_than_coltran_none():
    content, photo = images(side=4)
    found = Symbols().losses(trained_coltran(stage=2), {"content": content, "truth": photo})
    assert found.keys() == {"loss", "bits_color"}
    assert_close(found["loss"], found["bits_color"])
    with pytest.raises(InputError, match=r"predicts symbols, ColTran, got CIC\.$"):
        Symbols().check(trained_cic())
    with pytest.raises(InputError, match=r"^parallel expects a number from 0 to 1, got 2\.0\.$"):
        Symbols(parallel=2.0)
