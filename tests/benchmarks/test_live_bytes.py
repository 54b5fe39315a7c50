import pytest
import torch

from benchmarks.live_bytes import by_allocator, by_storages, fake, resident

KIB = 256  # float32 numbers in a kibibyte


def pattern(mark):
    """Hold 1, 3, 2 and 6 KiB, the last of them partly as views, and 2 at the mark."""
    one = torch.ones(KIB)
    two = torch.ones(2 * KIB)
    del one
    mark()
    four = torch.ones(4, KIB)
    view = four[1:].mT
    del four, two
    return view.shape


@pytest.mark.parametrize("method", [by_allocator, by_storages])
def test_a_known_pattern_is_counted_exactly(method):
    found = method(pattern)
    assert (found.peak, found.marked) == (6 * 1024, 2 * 1024)
    assert sum(found.parts.values()) == found.peak


def test_fake_tensors_count_the_same():
    with fake():
        found = by_storages(pattern)
    assert (found.peak, found.marked) == (6 * 1024, 2 * 1024)


@pytest.mark.parametrize("method", [by_allocator, by_storages])
def test_what_was_there_before_does_not_count(method):
    before = torch.ones(8 * KIB)
    assert method(lambda mark: before.neg()).peak == 8 * 1024


def test_allocator_sees_scratch_memory_and_storages_name_tensors():
    x = torch.randn(1000)
    assert by_allocator(lambda mark: x.sort()).peak > by_storages(lambda mark: x.sort()).peak
    assert "aten.add.Tensor float32[1000]" in by_storages(lambda mark: x + 1).parts


def test_activations_of_plain_autograd_are_held_until_backward():
    """Three sigmoids save their outputs, 4 KiB each; the last is also the result."""
    x = torch.randn(4 * KIB, requires_grad=True)

    def run(mark):
        y = x.sigmoid().sigmoid().sigmoid()
        mark()
        y.backward(y.detach())

    assert by_storages(run).marked == 3 * 4 * 1024
    assert by_allocator(run).marked == 3 * 4 * 1024


def test_resident_counts_shared_storages_once():
    layer = torch.nn.Linear(2, 3)
    layer.weight.grad = torch.zeros(3, 2)
    assert resident(layer, layer.weight) == 4 * (6 + 3 + 6)
