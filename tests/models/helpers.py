"""Small models that have learned something."""

import torch

from flowcolor.models import (
    CIC,
    CINN,
    SCFT,
    AdaAttN,
    ArtFlow,
    ChromaGAN,
    ColTran,
    DeepFaceEditing,
    FullGlow,
    Glow,
    Guided,
    InstanceColorization,
    IUNet,
    Palette,
    Pix2Pix,
    RevGAN,
    SelfSupervisedS2I,
    SketchColorFlow,
    UNetAdaIN,
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


def trained_unet_adain(seed=0, size=0.1, **config):
    """Build a small UNetAdaIN, show it a batch, move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = UNetAdaIN(**{"width": 2, "latent": 4, "style_width": 4} | config)
    with torch.no_grad():
        content, reference = images()
        model(content, reference if config.get("latent", 4) else None)
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
        if model.encoder is not None:
            for conv in list(model.encoder.net)[::2]:
                conv.bias += 0.1  # So small a net may be silent as a whole behind its ReLUs.
    return model.eval()


def trained_chromagan(seed=0, size=0.03, **config):
    """Build a small ChromaGAN and move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = ChromaGAN(**{"width": 2, "encoder": "small", "areas": 1} | config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_instance(seed=0, size=0.03, **config):
    """Build a small InstanceColorization and move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = InstanceColorization(**{"width": 2} | config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_coltran(seed=0, size=0.5, **config):
    """Build a small ColTran and move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    sizes = {"size": 4, "core_size": 2, "width": 4, "heads": 2, "layers": [1, 1, 1]}
    sizes |= {"color_layers": 1, "spatial_width": 4, "spatial_layers": 1}
    model = ColTran(**sizes | config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_s2i(seed=0, size=0.03, **config):
    """Build a small sketch-to-image network, show it a batch, and move all of its weights."""
    torch.manual_seed(seed)
    model = SelfSupervisedS2I(**{"width": 2, "size": 64} | config)
    with torch.no_grad():
        model(*images(side=32))
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
    return model.eval()


def trained_scft(seed=0, size=0.3, **config):
    """Build a small SCFT, show it batches, move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = SCFT(**{"width": 2, "levels": 2, "blocks": 1} | config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += size * torch.randn_like(parameter)
        for seed in range(20):  # Running statistics take their time.
            model(*images(seed=seed))
    return model.eval()


def trained_deep_face_editing(seed=0, size=0.03, **config):
    """Build a small DeepFaceEditing and move all of its weights; return it in eval mode."""
    torch.manual_seed(seed)
    model = DeepFaceEditing(**{"width": 2, "downsamplings": 1} | config)
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
