"""Words, paths and switches of losses, metrics and augmentation are refused if unknown."""

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from flowcolor import data, losses, metrics
from flowcolor.deploy.export import export_model
from flowcolor.inference import load
from flowcolor.models import Tint
from flowcolor.nearest import Gallery
from flowcolor.pretrained.vgg import VGGActivations
from flowcolor.training.objectives import Adversarial

FLAGS = {
    "random_weights": [
        losses.ColorizationLoss,
        losses.ContentStyleLoss,
        losses.FeatureLoss,
        losses.MSELPIPSLoss,
        losses.PerceptualLoss,
        metrics.LPIPS,
        metrics.StyleRelevance,
        metrics.PerceptualDistance,
        metrics.FrechetInceptionDistance,
        metrics.InceptionScore,
        metrics.InceptionFeatures,
    ],
    "letter": [losses.MSELPIPSLoss],
    "warp": [data.SelfAugmentedReference],
    "masked": [data.EmbeddedPortraits],
}
NETWORKS = {
    "vgg16": [losses.ColorizationLoss, losses.PerceptualLoss],
    "vgg19": [losses.ContentStyleLoss, losses.FeatureLoss],
    "network_file": [losses.MSELPIPSLoss],
    "path": [metrics.PerceptualDistance, metrics.FrechetInceptionDistance],
}


@pytest.mark.parametrize(("name", "builds"), FLAGS.items())
def test_what_is_neither_true_nor_false_is_refused(name, builds):
    for build in builds:
        for value in (None, 0, 1, "yes", math.nan, [], np.zeros(2)):
            with pytest.raises(ValueError, match=rf"expects {name} to be True or False, got "):
                build(**{name: value})


WORDS = {
    "jitter": data.SelfAugmentedReference,
    "background": lambda background: data.Portraits(data.EmbeddedPortraits(), 8, None, background),
    "content": lambda content: data.Portraits(data.EmbeddedPortraits(), 8, content=content),
    "sketches": data.PairFolders,
    "space": losses.MSELPIPSLoss,
    "network": metrics.LPIPS,
    "preset": metrics.StyleRelevance,
    "kind": Adversarial,
    "lines": lambda lines: load("tint")(*torch.rand(2, 3, 8, 8), lines=lines),
    "format": partial(export_model, Tint(), Path("x")),
    "look": lambda look: Gallery(Path(), look),
}


@pytest.mark.parametrize("name", WORDS)
def test_an_array_in_place_of_a_word_is_refused(name):
    """Compared with one, it is neither true nor false."""
    with pytest.raises(ValueError, match=rf"{name}`? (expects|should be|must be|to be) "):
        WORDS[name](**{name: np.zeros(2)})


@pytest.mark.parametrize(("name", "builds"), NETWORKS.items())
def test_what_is_no_path_is_refused(name, builds):
    for build in builds:
        for value in (3, math.nan, [], b"x", object()):
            with pytest.raises(ValueError, match=rf"expects {name} to be a path, got "):
                build(**{name: value})


@pytest.mark.parametrize("value", [True, 3, b"x"])
def test_what_the_user_calls_a_path_is_a_word(value):
    for build in (metrics.lpips_activations, lambda **o: VGGActivations(["relu1_1"], **o)):
        with pytest.raises(ValueError, match=r"expects option to be a word, got "):
            build(option=value)


@pytest.mark.parametrize("value", [[], {}, None, 3, "abc"])
def test_unknown_words_are_refused_whatever_they_are(value):
    for build, name in (
        (metrics.lpips_activations, "network"),
        (metrics.relevance_activations, "score"),
        (lambda v: metrics.relevance_activations("sr", v), "preset"),
        (lambda v: metrics.StyleRelevance(activations=v or "x"), "activations"),
        (lambda v: metrics.FrechetInceptionDistance(features=v or "x"), "features"),
    ):
        with pytest.raises(ValueError, match=rf"^`{name}` must be .*, got "):
            build(value)


def test_layers_that_a_network_has_not_are_refused():
    with pytest.raises(
        ValueError, match=r"^FeatureLoss expects layers to be a list, got 'relu1_2'"
    ):
        losses.FeatureLoss(layers="relu1_2")
    with pytest.raises(
        ValueError, match=r"^`layers` must name activations of vgg16, relu1_1, .*'x'"
    ):
        VGGActivations(["relu1_1", "x"], random_weights=True).prepare()


@pytest.mark.parametrize("value", [0, 1.5, True, "4", 10**400])
def test_images_at_once_that_are_no_number_are_refused(value):
    for build in (losses.PerceptualLoss, losses.ColorizationLoss):
        with pytest.raises(ValueError, match=r"^`chunk` must be a positive number of images, got "):
            build(chunk=value)


@pytest.mark.parametrize("name", [None, "VGG16", "vgg13", 3, []])
def test_networks_that_there_are_not_are_refused(name):
    with pytest.raises(
        ValueError, match=r"^VGGActivations expects name to be one of \['alexnet', "
    ):
        VGGActivations(["relu1_1"], name, random_weights=True)


def test_activations_of_no_layer_and_of_bytes_are_refused():
    with pytest.raises(
        ValueError, match=r"^VGGActivations expects layers to name an activation or"
    ):
        VGGActivations([], random_weights=True)
    activations = VGGActivations(["relu1_1"], random_weights=True)
    for images in (torch.zeros(1, 3, 8, 8).byte(), None, [1]):
        with pytest.raises(ValueError, match=r"^VGGActivations expects (float images|a tensor)"):
            activations(images)


@pytest.mark.parametrize("value", ["abc", 3, math.nan, object(), True, data.StrokeAugmentation])
def test_augmentation_that_cannot_be_called_is_refused(value):
    for name in ("strokes", "hints"):
        with pytest.raises(ValueError, match=rf"^{name} should change batches, got "):
            data.SelfAugmentedReference(**{name: value})


@pytest.mark.parametrize("value", ["abc", 3, [3], math.nan, object(), True, data.XDoG])
def test_mixtures_of_what_are_no_filters_are_refused(value):
    xdog = data.XDoG()
    for given, name in (((value,), "filters"), (([xdog], value), "(weights to|a weight)")):
        if name == "filters" or value != [3]:
            with pytest.raises(ValueError, match=rf"^MixedFilter expects {name}"):
                data.MixedFilter(*given)
    with pytest.raises(ValueError, match=r"^MixedFilter expects seed to be a whole number, got "):
        data.MixedFilter([xdog], seed=0.5 if value == 3 else value)


def test_classes_in_place_of_their_instances_are_refused():
    finder = data.EmbeddedPortraits()
    expected = "^Portraits expects sketch_filter to be a function, got <class .*XDoG"
    with pytest.raises(ValueError, match=expected):
        data.Portraits(finder, 16, sketch_filter=data.XDoG)
    with pytest.raises(ValueError, match=r"^MixedFilter expects filters to be functions, got <"):
        data.MixedFilter([data.XDoG])
