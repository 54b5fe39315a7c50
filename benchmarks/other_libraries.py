"""The same Glow in flowcolor, FrEIA and normflows: memory, time, round trip.

Levels of squeeze and K steps (normalisation, mixing of channels, affine coupling), half of the
channels leaving after each level but the last. All use the same sub-networks (3x3 convolution,
ReLU, 1x1, ReLU, 3x3 that starts at zero) on the same split. What differs is what the libraries
offer: FrEIA's ``AllInOneBlock`` mixes by a fixed rotation, the others by a learned one (LU); the
row "fixed mixing" is flowcolor with its matrices frozen. Each library is timed as it comes and with
weights and images in torch's channels-last layout, which suits convolutions on a CPU; flowcolor
chooses that for its sub-networks by itself. The row "sub-networks alone" runs them and nothing
else: eagerly, no library can be faster.

Published sizes are 256x256, batch 8, hidden 256, K up to 48. The defaults here are smaller, so
that two CPU cores finish in minutes; the output says which were used.

``pip install flowcolor[bench]`` brings the other two libraries; a missing one is left out.
"""

import argparse
import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import report
from benchmarks.live_bytes import MIB, Mark, measure
from benchmarks.speed import Runs, interleave, show
from flowcolor.layers import ActNorm, AffineCoupling, Chain, InvertibleConv1x1, Squeeze

Latents = list[Tensor]
_ALIKE = ("checkpoint", "reversible", "fixed mixing")  # They sample as flowcolor does.


class Glow(nn.Module):
    """Levels with a common interface, whatever library they are from."""

    def __init__(self, levels: Sequence[nn.Module]) -> None:
        super().__init__()
        self.levels = nn.ModuleList(levels)

    def encode(self, x: Tensor) -> tuple[Latents, Tensor]:
        latents, total = [], x.new_zeros(len(x))
        for level in self.levels:
            x, logdet = self.there(level, x)
            total = total + logdet
            if level is not self.levels[-1]:
                x, out = x.chunk(2, 1)
                latents.append(out)
        return [*latents, x], total

    def decode(self, latents: Latents) -> Tensor:
        *rest, x = latents
        for level in reversed(self.levels):
            x = self.back(level, x)
            x = torch.cat([x, rest.pop()], 1) if rest else x
        return x

    def there(self, level: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
        y, logdet = level(x)
        return y, logdet

    def back(self, level: nn.Module, y: Tensor) -> Tensor:
        return level.inverse(y)[0]

    def forward(self, x: Tensor) -> Tensor:
        """Return the negative log-likelihood per pixel and channel, up to a constant."""
        latents, logdet = self.encode(x)
        energy = sum(z.square().flatten(1).sum(1) for z in latents) / 2
        return (energy - logdet).mean() / x[0].numel()


class _FreiaGlow(Glow):
    def there(self, level: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
        y, logdet = level(x)
        return y, logdet

    def back(self, level: nn.Module, y: Tensor) -> Tensor:
        return level(y, rev=True, jac=False)[0]


class _NormflowsGlow(Glow):
    """Its layers call `inverse` the direction from data to latent, and keep the order of that."""

    def there(self, level: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        total = x.new_zeros(len(x))
        for layer in level:
            x, logdet = layer.inverse(x)
            total = total + logdet
        return x, total

    def back(self, level: Any, y: Tensor) -> Tensor:
        for layer in reversed(level):
            y = layer(y)[0]
        return y


def subnet(channels: int, out_channels: int, hidden: int) -> nn.Sequential:
    last = nn.Conv2d(hidden, out_channels, 3, padding=1)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)  # type: ignore[arg-type]
    first = nn.Conv2d(channels, hidden, 3, padding=1)
    return nn.Sequential(first, nn.ReLU(), nn.Conv2d(hidden, hidden, 1), nn.ReLU(), last)


def flowcolor(chosen: argparse.Namespace, memory: Any = "none") -> Glow:
    levels, channels = [], 3
    for _ in range(chosen.levels):
        layers: list[Any] = [Squeeze(2)]
        channels *= 4
        for _ in range(chosen.steps):
            net = subnet(channels // 2, channels, chosen.hidden)
            mix = InvertibleConv1x1(channels, "lu")
            layers.append(Chain([ActNorm(channels), mix, AffineCoupling(net)]))
        levels.append(Chain(layers, memory=memory))
        channels //= 2
    return Glow(levels)


def freia(chosen: argparse.Namespace) -> Glow:
    from FrEIA.framework import SequenceINN
    from FrEIA.modules import AllInOneBlock, IRevNetDownsampling

    levels, channels, side = [], 3, chosen.size

    def net(channels: int, out_channels: int) -> nn.Sequential:
        return subnet(channels, out_channels, chosen.hidden)

    for _ in range(chosen.levels):
        level = SequenceINN(channels, side, side)
        level.append(IRevNetDownsampling)
        channels, side = 4 * channels, side // 2
        for _ in range(chosen.steps):
            level.append(AllInOneBlock, subnet_constructor=net, permute_soft=True)
        levels.append(level)
        channels //= 2
    return _FreiaGlow(levels)


def normflows(chosen: argparse.Namespace) -> Glow:
    import normflows as nf

    levels, channels = [], 3
    for _ in range(chosen.levels):
        channels *= 4
        blocks = [nf.flows.GlowBlock(channels, chosen.hidden) for _ in range(chosen.steps)]
        # Its blocks run coupling, mixing, normalisation towards data, so reversed towards latent.
        levels.append(nn.ModuleList([nf.flows.Squeeze(), *blocks]))
        channels //= 2
    return _NormflowsGlow(levels)


def main() -> None:
    options = report.parser(__doc__, "against")
    options.add_argument("--levels", type=int, default=3)
    options.add_argument("--steps", type=report.numbers, default=[4, 8], help="K, per level")
    options.add_argument("--hidden", type=int, default=64)
    options.add_argument("--size", type=int, default=64)
    options.add_argument("--batch", type=int, default=4)
    options.add_argument("--repeats", type=int, default=7)
    options.add_argument("--compiled", action="store_true", help="also all three compiled")
    options.add_argument("--no-times", action="store_true", help="memory and round trip only")
    chosen = options.parse_args()
    where = report.environment(
        chosen.device, *[name for name in ("FrEIA", "normflows") if _has(name)]
    )
    scale = ("levels", "hidden", "size", "batch")
    print("Published: 3 levels, hidden 256, size 256, batch 8. Here:", *_settings(chosen, scale))
    for depth in chosen.steps:
        result = compare(argparse.Namespace(**{**vars(chosen), "steps": depth}))
        sizes = {name: getattr(chosen, name) for name in scale}
        report.write(chosen.out, f"K={depth}", {**result, **sizes}, where)


def compare(chosen: argparse.Namespace) -> dict[str, Any]:
    builders: dict[str, Callable[[], Glow]] = {
        f"flowcolor, {mode}": lambda mode=mode: flowcolor(chosen, mode) for mode in report.MODES
    }
    others = {"FrEIA": freia, "normflows": normflows}
    builders |= {name: lambda b=b: b(chosen) for name, b in others.items() if _has(name)}
    images = torch.rand(chosen.batch, 3, chosen.size, chosen.size, device=chosen.device)
    glows = {name: _prepared(build, images) for name, build in builders.items()}
    rows = [{"name": name, **_weigh(glow, images, chosen)} for name, glow in glows.items()]
    head = [f"K = {chosen.steps}", "peak MiB", "held MiB", "parameters M", "round trip"]
    print(
        report.table(head, [[*list(row.values())[:4], f"{row['round_trip']:.1e}"] for row in rows])
    )
    result: dict[str, Any] = {"rows": rows}
    if not chosen.no_times:
        result |= _times(chosen, glows, builders, images)
    return result


def _prepared(build: Callable[[], Glow], images: Tensor) -> Glow:
    """Initialise by data, then move the last convolutions away from zero, as training would."""
    torch.manual_seed(0)
    glow = build().to(images.device)
    glow(images).backward()
    with torch.no_grad():
        for part in glow.modules():
            if isinstance(part, nn.Conv2d) and not part.weight.any():
                part.weight.normal_(std=0.01)
    return glow


def _weigh(glow: Glow, images: Tensor, chosen: argparse.Namespace) -> dict[str, Any]:
    def run(mark: Mark) -> None:
        glow.zero_grad()
        loss = glow(images)
        mark()
        loss.backward()

    glow.zero_grad()
    found = measure(run, chosen.device)
    glow.eval()
    with torch.no_grad():
        error = (glow.decode(glow.encode(images)[0]) - images).abs().max()
    glow.train()
    return {
        "peak": found.peak / MIB,
        "held": found.marked / MIB,
        "parameters": sum(p.numel() for p in glow.parameters() if p.requires_grad) / 1e6,
        "round_trip": float(error),
    }


def _times(
    chosen: argparse.Namespace,
    glows: dict[str, Glow],
    builders: dict[str, Callable[[], Glow]],
    images: Tensor,
) -> dict[str, Any]:
    libraries = [name for name in builders if "," not in name or name == "flowcolor, none"]
    last = images.contiguous(memory_format=torch.channels_last)
    candidates = {name: (glow, images) for name, glow in glows.items()}
    fixed = _prepared(builders["flowcolor, none"], images)
    for part in fixed.modules():
        if isinstance(part, InvertibleConv1x1):
            part.requires_grad_(requires_grad=False)
    candidates["flowcolor, none, fixed mixing"] = fixed, images
    for name in libraries:
        candidates[f"{name}, channels last"] = _last(_prepared(builders[name], images)), last
    for name in libraries if chosen.compiled else []:
        glow = _last(_prepared(builders[name], images))
        glow.compile()
        glow.decode = torch.compile(glow.decode)  # type: ignore[method-assign]
        candidates[f"{name}, channels last, compiled"] = glow, last

    def step(glow: Glow, images: Tensor) -> None:
        glow.zero_grad()
        glow(images).backward()

    alone = SubnetsAlone(glows["flowcolor, none"], images)
    steps: Runs = {name: lambda c=c: step(*c) for name, c in candidates.items()}
    steps["sub-networks alone"] = alone.step
    times = interleave(steps, chosen.repeats, chosen.device)
    result = {"steps": show("s per training step", times)}
    with torch.no_grad():
        samples: Runs = {}
        for name in [n for n in candidates if not n.endswith(_ALIKE)]:
            glow, batch = candidates[name]
            latents = glow.encode(batch)[0]
            glow.eval()
            samples[name] = lambda glow=glow, latents=latents: glow.decode(latents)
        samples["sub-networks alone"] = alone.evaluate
        times = interleave(samples, chosen.repeats, chosen.device)
    return result | {"samples": show("s per sampled batch", times)}


class SubnetsAlone:
    """What every library has to compute: the sub-networks of a Glow, on the inputs they get.

    Args:
        glow: Any of them.
        images: What it encodes.
    """

    def __init__(self, glow: Glow, images: Tensor) -> None:
        self.nets = [part for part in glow.modules() if isinstance(part, nn.Sequential)]
        self.inputs: list[Tensor] = []
        hooks = [net[0].register_forward_pre_hook(self._remember) for net in self.nets]
        with torch.no_grad():
            glow.encode(images)
        for hook in hooks:
            hook.remove()

    def _remember(self, _: nn.Module, given: tuple[Tensor]) -> None:
        self.inputs.append(given[0])

    def evaluate(self) -> list[Tensor]:
        """Evaluate them one by one."""
        return [net(x) for net, x in zip(self.nets, self.inputs, strict=True)]

    def step(self) -> None:
        """Evaluate and differentiate them, keeping all activations in between."""
        for net, x in zip(self.nets, self.inputs, strict=True):
            net.zero_grad()
            x.requires_grad_().grad = None
        results = self.evaluate()
        torch.autograd.backward(results, [torch.ones_like(y) for y in results])


def _last(glow: Glow) -> Glow:
    moved: Glow = glow.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def _settings(chosen: argparse.Namespace, names: Sequence[str]) -> list[str]:
    return [f"{name} {getattr(chosen, name)}" for name in names]


def _has(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


if __name__ == "__main__":
    main()
