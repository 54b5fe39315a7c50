"""Samplers over several processes."""

from types import SimpleNamespace

from flowcolor.data.cross_reference import CrossReference, reference_names
from flowcolor.data.sampler import EveryOnce
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, Dataset


class Numbers(Dataset):
    def __init__(self, count):
        self.names = [f"n{i}" for i in range(count)]

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        return {"index": index, "name": self.names[index]}


@given(count=st.integers(1, 13), world=st.integers(1, 5), batch_size=st.integers(1, 4))
def test_all_processes_together_see_every_pair_once(count, world, batch_size):
    dataset, seen = Numbers(count), []
    for rank in range(world):
        sampler = EveryOnce(dataset, SimpleNamespace(world_size=world, global_rank=rank))
        batches = list(DataLoader(dataset, batch_size, sampler=sampler))
        own = [int(index) for batch in batches for index in batch["index"]]
        assert len(own) == len(sampler)
        assert own == sorted(own)
        seen += own
    assert sorted(seen) == list(range(count))


def test_outside_of_a_run_there_is_one_process():
    assert list(EveryOnce(Numbers(3), None)) == [0, 1, 2]


def test_the_reference_of_a_drawing_is_its_own_photograph_or_its_partner_s():
    dataset = Numbers(4)
    assert reference_names(dataset) == {name: name for name in dataset.names}
    cross = CrossReference(dataset, 0)
    for own, other in reference_names(cross).items():
        assert dataset.names[cross.partners[int(own[1:])]] == other
