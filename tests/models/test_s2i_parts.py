"""What the parts of self-supervised sketch-to-image see, and what they do with it."""

import torch
from torch.testing import assert_close

from flowcolor.io.resizing import resize
from tests.models.helpers import images, trained_s2i


def inputs_of(module):
    """Return a list that gets what a module is given from now on."""
    seen = []
    module.register_forward_pre_hook(lambda _, given: seen.append(given))
    return seen


def depends(result, *sources):
    """Return for each source whether the result changes with it."""
    grads = torch.autograd.grad(result.square().sum(), sources, allow_unused=True)
    return [grad is not None and bool(grad.any()) for grad in grads]


def test_a_picture_is_what_the_formula_makes_of_images_from_minus_1_to_1():
    model, (content, _) = trained_s2i(), images(side=64)
    reference = torch.rand(2, 3, 80, 96)
    parts = model.autoencoder
    drawings, photos = inputs_of(parts.content), inputs_of(parts.style)
    found = model(content, reference)
    assert_close(drawings[0][0], 2 * content[:, :1] - 1)
    assert_close(photos[0][0], 2 * resize(reference, (64, 64)) - 1)
    vectors = parts.style(photos[0][0])
    rough = parts.decoder(parts.content(drawings[0][0]), vectors)
    assert_close(found, (1 + model.refiner(rough, vectors)) / 2)
    first = trained_s2i(stage=1)
    rough = first.autoencoder.decoder(first.maps(content), first.vectors(reference))
    assert_close(first(content, reference), (1 + rough) / 2)
    assert (model.learning, first.learning) == (model.refiner, first.autoencoder)
    assert rough.abs().max() <= 1
    assert model.refiner(50 * rough, vectors).abs().max() <= 1


def neutral(mask):
    """Let a mask pass its features as they are."""
    with torch.no_grad():
        mask.numbers.copy_(torch.tensor([1.0, 0.0, 1.0, 0.0]).view(4, 1, 1, 1))


def maps_and_vectors(model):
    content, reference = images(side=64)
    sources = (model.maps(content), model.vectors(reference))
    return [[x.detach().requires_grad_() for x in part] for part in sources]


def test_the_decoder_sees_maps_beside_its_features_and_by_its_masks():
    decoder = trained_s2i(stage=1).autoencoder.decoder
    maps, vectors = maps_and_vectors(trained_s2i(stage=1))
    assert depends(decoder(maps, vectors), *maps) == [True] * 3
    with torch.no_grad():  # Not beside: only the masks are left.
        decoder.to_fine.weight[:, 8:] = 0
        decoder.grow[0].conv.weight[:, 4:] = 0
    assert depends(decoder(maps, vectors), *maps) == [False, True, True]
    neutral(decoder.middle_mask)
    assert depends(decoder(maps, vectors), *maps) == [False, False, True]
    decoder = trained_s2i(stage=1).autoencoder.decoder
    for mask in (decoder.coarse_mask, decoder.middle_mask):
        neutral(mask)
    assert depends(decoder(maps, vectors), *maps) == [True] * 3
    decoder.first.register_forward_hook(lambda module, given, result: result.detach())
    assert depends(decoder(maps, vectors), *maps) == [True, True, False]
    decoder = trained_s2i(stage=1).autoencoder.decoder
    decoder.first.register_forward_hook(lambda module, given, result: result.detach())
    assert depends(decoder(maps, vectors), *maps) == [True] * 3


def test_the_style_scales_the_innermost_features_and_those_that_grow():
    model = trained_s2i(stage=1)
    decoder, (maps, vectors) = model.autoencoder.decoder, maps_and_vectors(model)
    image = decoder(maps, vectors)
    uses = [len(gate) > 0 for gate in decoder.gates]
    assert depends(image, *vectors)[-len(uses) :] == uses
    with torch.no_grad():
        for gate in decoder.gates:
            gate[0].weight.zero_()
    assert depends(decoder(maps, vectors), *vectors) == [False, False, True]


def test_the_refiner_sees_the_image_and_the_style_twice():
    model = trained_s2i()
    refiner, (_, vectors) = model.refiner, maps_and_vectors(model)
    image, styles = torch.rand(2, 3, 64, 64, requires_grad=True), inputs_of(refiner.start)
    assert depends(refiner(image, vectors), image, *vectors) == [True] * 4
    mixed = refiner.mix(torch.cat(vectors, 1))
    assert (mixed < 0).any()
    assert_close(styles[0][0][:, :, 0, 0], torch.maximum(mixed, 0.2 * mixed))
    start = refiner.start.register_forward_hook(lambda module, given, result: result.detach())
    assert depends(refiner(image, vectors), *vectors) == [True] * 3  # By the gates.
    start.remove()
    with torch.no_grad():
        for gate in refiner.gates:
            gate[0].weight.zero_()
    assert depends(refiner(image, vectors), image, *vectors) == [True] * 4  # By the map.


def test_the_map_of_the_style_is_mirrored_in_half_of_all_steps_and_never_afterwards():
    model = trained_s2i()
    refiner, (_, vectors) = model.refiner, maps_and_vectors(model)
    image, seen = torch.rand(2, 3, 64, 64), inputs_of(refiner.grow[0])
    with torch.no_grad():
        results = [refiner(image, vectors) for _ in range(8)]
        assert all(torch.equal(result, results[0]) for result in results)
        plain = seen[0][0]
        seen.clear()
        refiner.training = True  # Alone: normalisations would change from step to step.
        for _ in range(20):
            refiner(image, vectors)
    mirrored = 0
    for (given,) in seen:  # Of the style come as many channels as the width, the rest is the image.
        assert torch.equal(given[:, 2:], plain[:, 2:])
        assert torch.equal(given, plain) or torch.equal(given[:, :2], plain[:, :2].flip(3))
        mirrored += not torch.equal(given, plain)
    assert 4 <= mirrored <= 16
