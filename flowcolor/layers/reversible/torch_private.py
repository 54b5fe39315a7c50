"""The private parts of torch that are used, each with the reason why no public one serves."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch._C import _functorch
from torch._compile import _disable_dynamo
from torch.autograd import forward_ad
from torch.compiler import is_compiling
from torch.nn.modules import module
from torch.nn.utils import parametrize
from torch.utils._python_dispatch import TorchDispatchMode

# Does what `torch.compiler.disable` does, as torch's own optimizers use it. The public one imports
# the compiler where a function is defined, this one where it is called: seconds of every import.
disable_compile = _disable_dynamo

# Sees every operator that runs. Torch documents the class, and has no other name for it.
DispatchMode = TorchDispatchMode

# What `torch.linalg.slogdet` calls, as such a mode sees it; torch lists it as no function.
slogdet_operator = torch.ops.aten._linalg_slogdet

# What a traced program may rely on; torch's guide to exports writes it so, and has no other name.
assume = torch._check


def version(x: Tensor) -> int:
    """Return how often the tensor was written to; publicly only autograd's error messages tell.

    Tensors of inference mode do not count that.
    """
    x = innermost(x)
    return -1 if x.is_inference() else x._version


def innermost(x: Tensor) -> Tensor:
    """Return the tensor that holds the numbers, inside of those of ``torch.func``'s transforms.

    Those of ``vmap`` do not count how often they were written to, and cannot be compared.
    """
    while _functorch.is_functorch_wrapped_tensor(x):
        x = _functorch.get_unwrapped(x)
    return x


def parts_of(whole: nn.Module) -> list[nn.Module]:
    """Return the module and those inside of it, each once, in the order of ``modules``.

    Publicly a generator inside of another for each level makes names that nobody wants, which
    takes longer than networks of a few convolutions can spare.
    """
    parts: dict[nn.Module, None] = {}
    waiting: list[nn.Module | None] = [whole]
    while waiting:
        part = waiting.pop()
        if part is not None and part not in parts:
            parts[part] = None
            if part._modules:
                waiting += list(part._modules.values())[::-1]
    return list(parts)


def first_parameter(whole: nn.Module) -> Tensor | None:
    """Return the first of the module's parameters, for the same reason."""
    for param in whole._parameters.values():
        if param is not None:
            return param
    for part in whole._modules.values():
        found = None if part is None else first_parameter(part)
        if found is not None:
            return found
    return None


def contents(
    layer: nn.Module,
) -> tuple[list[nn.Module], dict[str, Tensor], dict[str, Tensor]]:
    """Return the modules inside, the parameters by name and the buffers by name, each once.

    Publicly three iterators walk through the modules, each of which takes longer than small layers
    can spare.
    """
    parts: list[nn.Module] = []
    params: dict[str, Tensor] = {}
    buffers: dict[str, Tensor] = {}
    seen: set[int] = set()
    waiting = [("", layer)]
    while waiting:
        prefix, part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        parts.append(part)
        for own, found in ((part._parameters, params), (part._buffers, buffers)):
            for name, tensor in own.items():
                if tensor is not None and id(tensor) not in seen:
                    seen.add(id(tensor))
                    found[prefix + name] = tensor
        if part._modules:
            inside = [(n, child) for n, child in part._modules.items() if child is not None]
            waiting += [(f"{prefix}{name}.", child) for name, child in inside[::-1]]
    return parts, params, buffers


def own_tensors(parts: Iterable[nn.Module]) -> list[Tensor | None]:
    """Return the parameters and buffers of these modules, empty places too, for the same reason."""
    return [
        tensor
        for part in parts
        for own in (part._parameters, part._buffers)
        for tensor in own.values()
    ]


def own_buffers(parts: Iterable[nn.Module]) -> list[tuple[nn.Module, dict[str, Tensor]]]:
    """Return those of these modules that have buffers, each with its own, for the same reason."""
    return [
        (part, {name: buffer for name, buffer in part._buffers.items() if buffer is not None})
        for part in parts
        if part._buffers
    ]


def storage_key(x: Tensor) -> int:
    """Return torch's name of the tensor's storage, for as long as that lives.

    Publicly a storage has an address alone, which tensors without numbers do not have.
    """
    key: int = x.untyped_storage()._cdata
    return key


def fingerprint(x: Tensor) -> tuple[Any, ...]:
    """Return what changes if the tensor's numbers are changed or it is exchanged for another."""
    return storage_key(x), x.storage_offset(), x.shape, x.stride(), version(x)


def in_transform() -> bool:
    """Tell whether a transform of ``torch.func`` or forward-mode differentiation is running.

    Some operators know no transforms: ``out=``, memory layouts, comparisons that Python asks for.
    Nothing public tells what stands inside of a tensor.
    """
    if is_compiling():
        return False
    return forward_ad._current_level >= 0 or _functorch.peek_interpreter_stack() is not None


def is_traced() -> bool:
    """Tell whether ``torch.jit.trace`` is running, which does not list the question as public."""
    traced: bool = torch.jit.is_tracing()  # type: ignore[attr-defined]
    return traced


def is_called_plainly(layer: nn.Module) -> bool:
    """Tell whether calling the layer is calling its ``forward`` and nothing beside.

    It has no hooks, no others count for all modules, and it was not compiled in place. Publicly
    hooks can be set and removed, not asked for.
    """
    return not (
        layer._forward_pre_hooks
        or layer._forward_hooks
        or layer._backward_pre_hooks
        or layer._backward_hooks
        or module._global_forward_pre_hooks
        or module._global_forward_hooks
        or module._global_backward_pre_hooks
        or module._global_backward_hooks
        or layer._compiled_call_impl is not None
        or type(layer).__call__ is not nn.Module.__call__
    )


def runs_code_of(packages: tuple[str, ...], part: nn.Module) -> bool:
    """Tell whether calling the module runs code of these packages alone, not that of hooks either.

    Args:
        packages: How the names of the modules begin that classes are defined in.
        part: What is called.
    """
    own = vars(part)
    known = type(part).__module__.startswith(packages) and "forward" not in own
    # Layers of transformers call a function that somebody gives them.
    called = own.get("activation")
    whose = getattr(called, "__module__", None) or ""
    known = known and (called is None or whose.startswith("torch"))
    return known and is_called_plainly(part)


@contextmanager
def without_hooks(tensors: Iterable[Tensor]) -> Iterator[None]:
    """Run the body as if these tensors had no hooks on their gradients.

    ``torch.autograd.grad`` runs them, and publicly they can be removed only by those who set them.
    """
    held = [(hooks, dict(hooks)) for t in tensors if (hooks := t._backward_hooks)]
    for hooks, _ in held:
        hooks.clear()
    try:
        yield
    finally:
        for hooks, own in held:
            hooks.update(own)


def without_cached_weights() -> AbstractContextManager[None]:
    """Return a context as if ``torch.nn.utils.parametrize.cached`` were not on.

    What is computed there without gradients would stay for those who need some. Publicly it can
    only be left by who has entered it.
    """
    return _without_cache() if parametrize._cache_enabled else nullcontext()


@contextmanager
def _without_cache() -> Iterator[None]:
    # By what is taken away and given back, not by a value that is put back: other threads count,
    # too.
    depth = parametrize._cache_enabled
    parametrize._cache_enabled -= depth
    try:
        yield
    finally:
        parametrize._cache_enabled += depth


def has_numbers(x: Tensor) -> bool:
    """Tell whether there is more than a shape: not on the meta device, nor while it is traced.

    The public class of fake tensors cannot be imported without the compiler.
    """
    if type(x) is Tensor:
        return not x.is_meta
    names = {kind.__name__ for kind in type(x).__mro__}
    return not x.is_meta and names.isdisjoint({"FakeTensor", "FunctionalTensor"})


def can_look(x: Tensor) -> bool:
    """Tell whether Python may ask for the values of a tensor."""
    return not is_compiling() and not in_transform() and has_numbers(x)


def is_mapped(x: Tensor) -> bool:
    """Tell whether this is one of the many at once of ``torch.func.vmap``, which have no values."""
    if is_compiling():
        return False
    while _functorch.is_functorch_wrapped_tensor(x):
        if _functorch.is_batchedtensor(x):
            return True
        x = _functorch.get_unwrapped(x)
    return False


@contextmanager
def outside_transforms() -> Iterator[None]:
    """Run the body as if no transform of ``torch.func`` were running.

    What is made inside of one, as weights that are read at a first call, would belong to it.
    """
    if not in_transform():
        yield
        return
    from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack  # Slow to import.

    with temporarily_clear_interpreter_stack():
        yield


def is_batched(gradient: Tensor) -> bool:
    """Tell whether these are many gradients at once, ``is_grads_batched`` of autograd.

    They are no transform of ``torch.func``, and look like one gradient.
    """
    return _functorch.is_legacy_batchedtensor(gradient)


def is_sharded(layer: nn.Module) -> bool:
    """Tell whether ``fully_shard`` was applied to this very layer.

    The public class cannot be asked without importing all of ``torch.distributed.fsdp``, which
    takes longer than importing the layers.
    """
    return "FSDPModule" in (kind.__name__ for kind in type(layer).__mro__)


def holds_sharded(layer: nn.Module) -> bool:
    """Tell whether a module inside of a layer is sharded."""
    # Among no processes nothing is, and to look costs some percent of a small model's step.
    if not (distributed.is_available() and distributed.is_initialized()):
        return False
    return any(is_sharded(part) for part in parts_of(layer) if part is not layer)


def gathers(layer: nn.Module) -> bool:
    """Tell whether a sharded layer has parameters that are there while it runs, and only then.

    Others are of sharded layers inside of it, which gather them by themselves.
    """
    if not is_sharded(layer):
        return False
    inside = (part for part in parts_of(layer) if part is not layer and is_sharded(part))
    theirs = {id(param) for part in inside for param in part.parameters()}
    return any(id(param) not in theirs for param in layer.parameters())


def plain_state(layer: nn.Module, name: str, value: nn.Parameter) -> dict[str, Any]:
    """Return the attributes of a parametrized layer as those of a plain one of this parameter.

    Torch refuses to pickle parametrized layers, and publicly names no parameters that are absent.
    """
    inside = {key: part for key, part in layer._modules.items() if key != "parametrizations"}
    return {
        **layer.__dict__,
        "_modules": inside,
        "_parameters": {name: value, **layer._parameters},
    }


def is_replica(layer: nn.Module) -> bool:
    """Tell whether ``torch.nn.DataParallel`` made this copy; nothing public tells it."""
    return getattr(layer, "_is_replica", False)
