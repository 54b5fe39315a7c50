import pytest
import torch

from flowcolor.models import Levin, SketchColorFlow, Tint, Wavelet
from flowcolor.models.round_trip import (
    device_of,
    flat_images,
    roundtrip_error,
    roundtrip_errors,
    without_tf32,
)


@pytest.fixture
def model():
    model = SketchColorFlow(downsamplings=1, nccbs=1, ccbs=1).train()
    model(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8))
    return model


def test_the_error_is_that_of_encoding_and_decoding_and_the_mode_is_restored(model, monkeypatch):
    images = torch.rand(2, 3, 8, 8)
    assert roundtrip_error(model, images) < 1e-5
    decode = model.decode

    def bent(z, conditions):
        image = decode(z, conditions)
        image[1, 2, 3, 4] -= 0.25
        return image

    monkeypatch.setattr(model, "decode", bent)
    assert float(roundtrip_error(model, images)) == pytest.approx(0.25, abs=1e-4)
    assert model.training


def test_a_model_is_where_its_weights_or_its_constants_are(model):
    where = [device_of(each.to("meta")).type for each in (model, Wavelet(), Levin())]
    assert where == ["meta", "meta", "cpu"]


def test_a_decoder_that_gives_no_numbers_has_an_infinite_error(model, monkeypatch):
    monkeypatch.setattr(model, "decode", lambda z, conditions: torch.full((1, 3, 8, 8), torch.nan))
    assert roundtrip_errors(model, torch.rand(1, 3, 8, 8)) == {
        "smooth": torch.inf,
        "flat": torch.inf,
        "real": torch.inf,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        torch.zeros(2, 3, 8, 8).byte(),
        torch.full((1, 3, 8, 8), 255.0),
        torch.zeros(0, 3, 8, 8),
    ],
)
def test_what_no_round_trip_can_be_measured_of_is_refused(model, wrong):
    for measure in (roundtrip_error, roundtrip_errors):
        with pytest.raises(ValueError, match=r"^roundtrip_errors? expects "):
            measure(model, wrong)


def test_a_model_with_no_way_back_is_refused():
    for measure in (roundtrip_error, roundtrip_errors):
        with pytest.raises(
            ValueError, match=r"^roundtrip_error expects a colorizer .* got Tint\.$"
        ):
            measure(Tint(), torch.rand(1, 3, 8, 8))


def test_flat_images_are_flat_and_of_the_size_asked_for():
    images = flat_images(torch.zeros(2, 3, 6, 10))
    assert images.shape == (4, 3, 6, 10)
    assert float(images.std(dim=(2, 3)).max()) < 1e-6


def test_on_a_gpu_no_bits_of_float32_are_dropped_and_the_setting_comes_back():
    places = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [place.allow_tf32 for place in places]
    assert any(before)  # Else nothing is restored below.
    with without_tf32("cuda"):
        assert not any(place.allow_tf32 for place in places)
    assert [place.allow_tf32 for place in places] == before
    with without_tf32("cpu"):
        assert [place.allow_tf32 for place in places] == before
