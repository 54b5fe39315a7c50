"""Which part of the installation a command lacks, in one sentence."""

from flowcolor.errors import InputError

# What each extra brings, by the names under which it is imported; the test compares with pyproject.
EXTRAS = {
    "app": ("gradio",),
    "hed": ("h5py",),
    "train": (
        "docstring_parser",
        "jsonargparse",
        "lightning",
        "matplotlib",
        "skimage",
        "tensorboard",
        "torchmetrics",
        "torchvision",
        "yaml",
    ),
}


def missing_extra(error: ModuleNotFoundError, command: str) -> InputError | None:
    """Return what to install for a module that is not there, if an extra brings it.

    Example:
        >>> missing_extra(ModuleNotFoundError(name="lightning.pytorch"), "fit")
        InputError("flowcolor fit needs lightning: pip install 'flowcolor[train]'.")
        >>> missing_extra(ModuleNotFoundError(name="own"), "fit")
    """
    name = (error.name or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if name in modules:
            return InputError(
                f"flowcolor {command} needs {name}: pip install 'flowcolor[{extra}]'."
            )
    return None
