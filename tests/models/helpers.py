"""Small models that have learned something."""

import torch

from flowcolor.models import (
    CIC,
    CINN,
    AdaAttN,
    ArtFlow,
    FullGlow,
    Glow,
    Guided,
    IUNet,
    Palette,
    Pix2Pix,
    RevGAN,
    SketchColorFlow,
)


def images(batch=2, side=16, seed=1):
    """Return drawings with white paper and photographs, half noise and half smooth."""
    generator = torch.Generator().manual_seed(seed)
    sketch = (
        (torch.rand(batch, 1, side, side, generator=generator) > 0.2).float().repeat(1, 3, 1, 1)
    )
    sketch[:, :, : side // 2] = 1  # blank
    reference = torch.rand(batch, 3, side, side, generator=generator)
    reference[:, :, : side // 2] = torch.linspace(0.1, 0.9, side)
    return sketch, reference


def trained(seed=0, size=0.03, **config):
    """Build a small model, show it a batch, move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = SketchColorFlow(**{"downsamplings": 1, "ccbs": 3} | config)
    with torch.no_grad():
        model(*images())
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_glow(seed=0, size=0.03, **config):
    """Build a small Glow, show it a batch, move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = Glow(**{"levels": 2, "steps": 1, "hidden": 6} | config)
    with torch.no_grad():
        model.bits(*images())
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_art_flow(seed=0, size=0.03, **config):
    """Build a small ArtFlow, show it a batch, move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = ArtFlow(**{"levels": 1, "steps": 2, "hidden": 6} | config)
    with torch.no_grad():
        model(*images())
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_iunet(seed=0, size=0.03, **config):
    """Build a small invertible U-Net and move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = IUNet(**{"channels": [4, 8], "couplings": 1} | config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_full_glow(seed=0, size=0.03, **config):
    """Build a small Full-Glow, show it a batch, move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = FullGlow(**{"levels": 2, "steps": 1, "hidden": 6, "pool": 2} | config)
    with torch.no_grad():
        model.bits(*images())
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_revgan(seed=0, size=0.03, **config):
    """Build a small RevGAN and move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = RevGAN(**{"width": 2, "blocks": 2} | config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_cinn(seed=0, size=0.1, **config):
    """Build a small CINN and move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    sizes = {"coarse": 1, "blocks": [1, 2, 2, 1], "widths": [4, 4, 4, 4], "features": 4}
    model = CINN(**sizes | config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:  # Rotations that are fixed stay rotations.
                parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_pix2pix(seed=0, size=0.03, **config):
    """Build a small pix2pix and move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = Pix2Pix(**{"width": 4, "levels": 2} | config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_guided(seed=0, size=0.03, **config):
    """Build a small guided network and move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = Guided(**{"width": 2} | config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_cic(seed=0, size=0.03, **config):
    """Build a small CIC and move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = CIC(**{"width": 2} | config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_palette(seed=0, size=0.1, **config):
    """Build a small Palette of two steps and move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    sizes = {"width": 4, "factors": [1, 2], "blocks": 1, "attention": [1], "head_width": 4}
    model = Palette(**sizes | {"steps": 2} | config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_ada_attn(seed=0, size=0.03, **config):
    """Build a small AdaAttN with an encoder of its own; return it in eval mode."""
    torch.manual_seed(seed)
    model = AdaAttN(**{"encoder": "own", "width": 2} | config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()
