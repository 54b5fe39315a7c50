"""The scores for which a pretrained network looks at the images; computed where it is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from flowcolor.arguments import check_choice, check_flag, check_path
from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.evaluation.scores import MS_SSIM_LEAST, SETTINGS, Setting
from flowcolor.metrics import (
    LPIPS,
    ContentRelevance,
    FrechetInceptionDistance,
    InceptionScore,
    KernelInceptionDistance,
    PerceptualDistance,
    StyleRelevance,
)
from flowcolor.pretrained.weights import cached_path, find_weights

Preset = Literal["thesis", "cocosnet"]
_SETS = ("fid", "kid", "is")
LEAST = {"alexnet": 31, "vgg19": 16, "inception": 1, "googlenet": 32}  # Pixels a side.


@dataclass(frozen=True)
class Networks:
    """Which pretrained networks look at the results of a test.

    Without a file, a network's weights are looked for where ``flowcolor weights`` says. If they
    are not there, its scores are not computed, and the table says so.

    Args:
        inception: File with Inception's weights, for FID, KID and the inception score.
        vgg19: File with VGG19's weights, for SR and CR.
        alexnet: File with AlexNet's weights, for LPIPS.
        preset: Layers of SR and CR.
        download: Whether missing weights are downloaded, up to 950 MB.
        random_weights: Use random networks. The numbers are then comparable with no other, and
            are labelled so.
        googlenet: File with GoogLeNet's weights, for PD.
    """

    inception: Path | None = None
    vgg19: Path | None = None
    alexnet: Path | None = None
    preset: Preset = "thesis"
    download: bool = False
    random_weights: bool = False
    googlenet: Path | None = None

    def __post_init__(self) -> None:
        files = ("inception", "vgg19", "alexnet", "googlenet")
        check_path(self, **{name: getattr(self, name) for name in files})
        check_choice(self, preset=(self.preset, Preset))
        check_flag(self, download=self.download, random_weights=self.random_weights)


class NetworkScores:
    """FID, KID, IS, LPIPS, PD, SR and CR of results, as far as their networks are there.

    Args:
        networks: Where the weights are.
        settings: What will be scored; FID, KID and IS are of each setting for itself.
        side: Shorter side of the smallest image in pixels.

    Attributes:
        missing: By score that cannot be computed, what it lacks.

    Raises:
        InputError: A file was named and is missing or unusable.
    """

    def __init__(
        self, networks: Networks, settings: tuple[Setting, ...] = SETTINGS, side: int = 256
    ) -> None:
        self.side = side
        self.missing: dict[str, str] = {}
        self.files: dict[str, Path] = {}
        if side < MS_SSIM_LEAST:
            self.missing["ms_ssim"] = _too_small(MS_SSIM_LEAST)
        random: dict[str, Any] = {"random_weights": networks.random_weights}
        self.images: dict[str, Any] = {}
        if self._is_there(networks, "alexnet", "lpips"):
            self.images["lpips"] = LPIPS("alexnet", networks.alexnet, **random)
        if self._is_there(networks, "vgg19", "sr", "cr"):
            self.images["sr"] = StyleRelevance(networks.preset, networks.vgg19, **random)
            self.images["cr"] = ContentRelevance(networks.preset, networks.vgg19, **random)
        if self._is_there(networks, "googlenet", "pd"):
            self.images["pd"] = PerceptualDistance(networks.googlenet, **random)
        self.sets: dict[Setting, tuple[Any, Any, Any]] = {}
        if self._is_there(networks, "inception", "fid", "kid", "is"):
            for setting in settings:
                fid = FrechetInceptionDistance(networks.inception, **random)
                kid = KernelInceptionDistance(networks.inception, **random)
                score = InceptionScore(features=fid.network, dimensions=fid.dimensions)
                self.sets[setting] = (fid, kid, score)
        for metric in [*self.images.values(), *(sets[0] for sets in self.sets.values())]:
            metric.prepare(download=networks.download)

    @property
    def notes(self) -> dict[str, str]:
        """By score, what has to stand beside its number."""
        notes = {name: metric.note for name, metric in self.images.items()}
        for sets in self.sets.values():
            notes |= {name: metric.note for name, metric in zip(_SETS, sets, strict=True)}
        for name, file in self.files.items():
            notes[name] = "; ".join(part for part in (notes.get(name), str(file)) if part)
        return {name: note for name, note in notes.items() if note}

    def add(self, setting: Setting, batch: Batch, result: Tensor) -> dict[str, Tensor]:
        """Look at a batch and return the scores of its images by name, :math:`(B,)` each."""
        truth, reference = batch["truth"], batch["reference"]
        if setting in self.sets:
            metrics = [metric.to(result.device) for metric in self.sets[setting]]
            # In the cross setting the references are photographs as they are. Those of the self
            # setting are deformed, and to look like them is nothing to strive for.
            real = reference if setting == "cross" else truth
            for images, is_real in ((real, True), (result, False)):
                features = metrics[0].features(images)
                for metric in metrics:
                    metric.update(images, is_real, features)
        others = {"lpips": truth, "pd": truth, "sr": reference, "cr": truth}
        return {
            name: metric.to(result.device).per_image(result, others[name])
            for name, metric in self.images.items()
        }

    def reset(self) -> None:
        """Forget all images."""
        for metrics in self.sets.values():
            for metric in metrics:
                metric.reset()

    def compute(self) -> dict[Setting, dict[str, float]]:
        """Return FID, KID and IS of each setting; on several processes, all have to ask."""
        return {
            setting: {
                name: float(value) for metric in metrics for name, value in metric.compute().items()
            }
            for setting, metrics in self.sets.items()
        }

    def _is_there(self, networks: Networks, name: str, *scores: str) -> bool:
        least, path = LEAST[name], getattr(networks, name)
        if self.side < least:
            if path is not None and not networks.random_weights:
                find_weights(name, path)  # What is named has to be there, for any images.
            self.missing |= dict.fromkeys(scores, _too_small(least))
            return False
        if networks.random_weights:
            return True
        try:
            file = find_weights(name, path, download=networks.download)
        except InputError:
            if path is not None or networks.download:
                raise
            file = cached_path(name)
            reason = f"put {file.name} into {file.parent}, or see `flowcolor weights`"
            self.missing |= dict.fromkeys(scores, reason)
            return False
        self.files |= dict.fromkeys(scores, file)
        return True


def _too_small(least: int) -> str:
    return f"needs images of at least {least} pixels a side"
