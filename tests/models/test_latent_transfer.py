"""Transfers of statistics against their closed forms, in float64."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.functional import jacobian
from torch.func import jacfwd, jacrev, vmap
from torch.testing import assert_close

from flowcolor.models import transfer_covariance, transfer_mean_and_std
from flowcolor.models.latent_transfer import symmetric_root

TRANSFERS = [transfer_mean_and_std, transfer_covariance]
both = pytest.mark.parametrize("transfer", TRANSFERS)


def latents(seed, sides=(6, 7), batch=3, channels=5):
    """Return latents whose channels are correlated and far from zero, another mix per image."""
    generator = torch.Generator().manual_seed(seed)
    options = {"generator": generator, "dtype": torch.float64}
    mixing = torch.randn(batch, channels, channels, **options)
    pixels = mixing @ torch.randn(batch, channels, sides[0] * sides[1], **options)
    return (pixels + 3 * torch.randn(batch, channels, 1, **options)).view(batch, channels, *sides)


def covariances(x):
    return torch.stack([image.flatten(1).cov() for image in x])


@both
def test_an_image_s_own_statistics_change_nothing(transfer):
    x = latents(1)
    assert_close(transfer(x, x), x, rtol=0, atol=1e-11)
    flat = x.clone()
    flat[:, 1] = 0.5
    flat[:, 3] = flat[:, 2]  # An eigenvalue of zero, too, and two of a drawing's equal channels.
    assert_close(transfer(flat, flat), flat, rtol=0, atol=1e-11)


def test_mean_and_deviation_are_the_style_s():
    content, style = latents(1), latents(2, (4, 9))
    result = transfer_mean_and_std(content, style, 1e-12)
    over = (2, 3)
    assert_close(result.mean(over), style.mean(over))
    assert_close(result.std(over), style.std(over))
    correlation = torch.stack([torch.corrcoef(i.flatten(1)) for i in result])
    assert_close(correlation, torch.stack([torch.corrcoef(i.flatten(1)) for i in content]))


def test_mean_and_covariance_are_the_style_s_for_each_image_of_a_batch():
    content, style = latents(1), latents(2, (4, 9))
    result = transfer_covariance(content, style)
    assert_close(result.mean((2, 3)), style.mean((2, 3)))
    assert_close(covariances(result), covariances(style))
    for i in range(3):
        alone = transfer_covariance(content[i : i + 1], style[i : i + 1])
        assert_close(alone[0], result[i])


def test_whitened_latents_have_the_unit_covariance():
    x = latents(1)
    whiten = symmetric_root(covariances(x), 1e-5, inverse=True)
    white = (whiten @ x.flatten(2)).view_as(x)
    assert_close(covariances(white), torch.eye(5).double().expand(3, 5, 5), rtol=0, atol=5e-12)


@both
def test_giving_the_own_statistics_back_undoes_a_transfer(transfer):
    content, style = latents(1), latents(2, (4, 9))
    assert_close(transfer(transfer(content, style, 1e-12), content, 1e-12), content)


@both
def test_a_flat_latent_is_finite_and_becomes_the_style_s_mean(transfer):
    flat, style = torch.full((3, 5, 6, 7), 0.7, dtype=torch.float64), latents(2)
    result = transfer(flat, style)
    assert_close(result, style.mean((2, 3), keepdim=True).expand_as(result))
    rough = flat + 1e-3 * latents(1)
    weak, strong = (transfer(rough, style, eps).std((2, 3)).mean() for eps in (1e-1, 1e-5))
    assert weak < 0.1 * strong


@pytest.mark.parametrize("inverse", [False, True])
def test_gradients_are_those_of_finite_differences_for_equal_eigenvalues_too(inverse):
    rotation = torch.linalg.qr(torch.randn(2, 5, 5, dtype=torch.float64))[0]
    values = torch.tensor([[2.0, 2.0, 0.7, 1e-3, 1e-3], [3.0, 1.0, 1.0, 1.0, 0.0]]).double()
    matrix = (rotation * values[:, None]) @ rotation.mT

    def root(free):
        return symmetric_root((free + free.mT) / 2, 0.01, inverse=inverse)

    assert gradcheck(root, matrix.requires_grad_())


def test_what_is_not_finite_is_handed_on():
    broken = latents(1)
    broken[1, 2, 3, 4] = torch.nan
    result = transfer_covariance(broken, latents(2))
    assert result[1].isnan().all()
    assert result[0].isfinite().all()


@both
def test_what_has_no_statistics_or_would_broadcast_is_refused(transfer):
    good = torch.randn(2, 3, 4, 4)
    name = transfer.__name__
    for other in (good[:1], good[:, :2], good[0], good.long(), good.to(torch.float8_e4m3fn)):
        with pytest.raises(ValueError, match=rf"^{name} expects two float latents of shape .* got"):
            transfer(good, other)
    for pair in ((good, good[..., :1, :1]), (good[..., :1, :1], good)):
        with pytest.raises(ValueError, match=rf"^{name} expects at least two pixels, got sides of"):
            transfer(*pair)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # By torch itself.
@both
def test_transfers_can_be_differentiated_in_every_way(transfer):
    content, style = torch.randn(2, 2, 3, 2, 3, dtype=torch.float64)
    found = vmap(lambda *pair: transfer(*(latent[None] for latent in pair))[0])(content, style)
    assert_close(found, transfer(content, style))
    leaves = content.requires_grad_(), style.requires_grad_()
    assert gradcheck(transfer, leaves, check_forward_ad=True)
    assert gradgradcheck(transfer, leaves)
    expected = jacobian(transfer, leaves)
    for transform in (jacfwd, jacrev):
        assert_close(transform(transfer, argnums=(0, 1))(content, style), expected)
