"""The triplet loss against loops, its places against known moves, and VGG19's terms."""

import pytest
import torch
from torch.testing import assert_close

from flowcolor.data import SelfAugmentedReference
from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss, FeatureLoss
from flowcolor.models import SpectralCritic, Tint
from flowcolor.training.objectives import Adversarial, Matched
from flowcolor.training.objectives.triplet import partners, triplet
from tests.data.augmentation.test_self_reference import STILL
from tests.models.helpers import images, trained_pix2pix, trained_scft

L1 = {"l1": 10.0, "perceptual": 0.0}


def made(size=16, **options):
    content, photo = images(side=size)
    batch = {"photo": photo, "content": content, "index": torch.arange(2), "name": ["a", "b"]}
    return SelfAugmentedReference(warp=True, **options)(batch, 0, 0)


def test_a_flip_and_a_move_lead_to_the_places_that_they_show():
    flipped = made(**STILL | {"flip": 1.0})["warp"]
    places, inside = partners(flipped, torch.Size([4, 4]), torch.Size([4, 4]))
    expected = torch.arange(16).view(4, 4).flip(1).flatten()
    assert torch.equal(places, expected.expand(2, -1))
    assert inside.all()
    moved = flipped.flip(2) + torch.tensor([0.5, 0.0])  # A quarter of the width.
    places, inside = partners(moved, torch.Size([4, 4]), torch.Size([4, 8]))
    columns = torch.tensor([2, 4, 6])  # Cells of half the width: a cell's centre is where two meet.
    assert torch.equal(places[0].view(4, 4)[:, :3] % 8 // 2, (columns // 2).expand(4, -1))
    assert torch.equal(inside[0].view(4, 4), torch.tensor([1.0, 1, 1, 0]).expand(4, -1))


def test_the_loss_is_the_mean_over_all_wrong_places_of_what_the_margin_lacks():
    query, key = torch.randn(2, 6, 2, 3).double(), torch.randn(2, 6, 3, 2).double()
    warp = (2.4 * torch.rand(2, 12, 8, 2) - 1.2).double()
    found = triplet(query, key, warp, margin=0.7)
    places, inside = partners(warp, torch.Size([3, 2]), torch.Size([2, 3]))
    terms = []
    for b in range(2):
        for r in range(6):
            if not inside[b, r]:
                continue
            q = query[b].flatten(1)[:, places[b, r]]
            s = [float(q @ key[b].flatten(1)[:, n]) / 6**0.5 for n in range(6)]
            terms.append(sum(max(0, s[n] - s[r] + 0.7) for n in range(6) if n != r) / 5)
    assert len(terms) > 4
    assert_close(found, torch.tensor(sum(terms) / len(terms)).double())


def test_places_that_find_themselves_by_the_margin_lose_nothing():
    warp = made(**STILL)["warp"]
    marks = 10 * torch.eye(16).view(1, 16, 4, 4).expand(2, -1, -1, -1)
    assert triplet(marks, marks, warp, 12.0) == 0
    assert triplet(marks, marks.flip(3), warp, 12.0) > 12
    outside = torch.full((2, 4, 4, 2), 3.0)
    assert triplet(marks, marks, outside) == 0


@pytest.mark.parametrize("loss", [ColorizationLoss(**L1), FeatureLoss(random_weights=True)])
def test_matched_is_its_loss_and_the_triplets_of_its_queries_and_keys(loss):
    model, batch = trained_scft(), made()
    losses = Matched(loss, triplet=0.5, margin=3.0).losses(model, batch)
    match = model.match(batch["content"], batch["reference"])
    expected = triplet(match.query, match.key, batch["warp"], 3.0)
    assert expected > 0
    assert_close(losses["triplet"], expected)
    assert_close(losses["result"], match.image)
    assert_close(losses["loss"], loss(match.image, batch["truth"])["loss"] + 0.5 * expected)
    gradient = torch.autograd.grad(losses["triplet"], model.attention.key.weight)[0]
    assert gradient.abs().max() > 0


def test_the_game_with_a_spectral_critic_moves_each_player_by_its_own_loss():
    model, batch = trained_scft().train(), made()
    objective = Adversarial(Matched(ColorizationLoss(**L1)), SpectralCritic(4, 2), weight=1.0)
    losses = objective.losses(model, batch)
    losses |= objective.critic_losses(batch, losses)
    inner = 10 * losses["l1"] + losses["triplet"]
    assert_close(losses["loss"], inner + losses["adversarial"])
    sides = {"loss": list(model.parameters()), "critic": list(objective.critic.parameters())}
    own = {
        name: torch.autograd.grad(losses[name], weights, retain_graph=True)
        for name, weights in sides.items()
    }
    (losses["loss"] + losses["critic"]).backward()  # As training does.
    for name, weights in sides.items():
        assert any(gradient.any() for gradient in own[name])
        for weight, gradient in zip(weights, own[name], strict=True):
            assert_close(weight.grad, gradient)


def test_the_critic_bounds_the_largest_singular_value_of_its_convolutions():
    critic = SpectralCritic(4, 2)
    for _ in range(50):
        critic(torch.rand(2, 6, 16, 16))
    for conv in (critic.body[0], critic.body[3]):
        values = torch.linalg.svdvals(conv.weight.flatten(1))
        assert_close(values[0], torch.tensor(1.0), atol=1e-3, rtol=0)


def test_the_terms_of_vgg19_are_those_of_their_formulas():
    loss = FeatureLoss(2.0, 3.0, 5.0, random_weights=True)
    ours, truth = torch.rand(2, 2, 3, 32, 16, dtype=torch.float64)
    terms = loss(ours, truth)
    perceptual = style = 0
    for a, b in zip(loss.activations(ours), loss.activations(truth), strict=True):
        perceptual += (a - b).abs().mean()
        grams = [
            torch.stack([torch.einsum("chw,dhw->cd", x, x) / x.numel() for x in part])
            for part in (a, b)
        ]
        style += (grams[0] - grams[1]).abs().mean()
    assert_close(terms["perceptual"], perceptual)
    assert_close(terms["style"], style)
    l1 = (ours - truth).abs().mean()
    assert_close(terms["loss"], 2 * l1 + 3 * perceptual + 5 * style)


def test_the_truth_has_the_gradient_that_a_result_in_its_place_has():
    loss = FeatureLoss(2.0, 3.0, 5.0, random_weights=True)
    ours, truth = torch.rand(2, 2, 3, 32, 16, dtype=torch.float64)
    truth.requires_grad_()
    (found,) = torch.autograd.grad(loss(ours, truth)["loss"], truth)
    (right,) = torch.autograd.grad(loss(truth, ours)["loss"], truth)
    assert_close(found, right)


def test_missing_weights_are_one_sentence_and_not_looked_for_in_vain(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", pytest.fail)
    with pytest.raises(InputError, match=r"^The vgg19 weights are missing .* as `vgg19`\.$"):
        Matched().prepare()
    loss, image = FeatureLoss(1.0, 0.0, 0.0), torch.rand(1, 3, 16, 16)
    loss.prepare()
    assert loss(image, image).keys() == {"loss", "l1"}


def test_what_cannot_be_trained_is_refused_in_words():
    with pytest.raises(InputError, match="compares places of drawing and reference, SCFT, got Pix"):
        Matched(ColorizationLoss(**L1)).check(trained_pix2pix())
    with pytest.raises(InputError, match=r"got Tint, which has none\.$"):
        Matched(ColorizationLoss(**L1)).check(Tint())
    with pytest.raises(InputError, match="margin expects a finite number of at least 0, got -1"):
        Matched(ColorizationLoss(**L1), margin=-1.0)
    with pytest.raises(InputError, match="At least one loss weight must be positive, got only ze"):
        FeatureLoss(0.0, 0.0, 0.0)
    with pytest.raises(InputError, match="layers expects names of VGG19's activations, got none"):
        FeatureLoss(layers=[])
    batch = made()
    batch.pop("warp")
    with pytest.raises(InputError, match=r"set data\.augment\.init_args\.warp to true, or the "):
        Matched(ColorizationLoss(**L1)).losses(trained_scft(), batch)
    losses = Matched(ColorizationLoss(**L1), triplet=0.0).losses(trained_scft(), batch)
    assert losses.keys() == {"loss", "l1", "result"}


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_autocast_does_not_round_the_triplet(kind):
    x = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    given = 300 * x, 300 * x.flip(0), 0.9 - 1.8 * x[:, :2].movedim(1, 3), 12.0
    expected = triplet(*given)
    with torch.autocast("cpu", kind):
        assert torch.equal(triplet(*given), expected)
