import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from flowcolor.data.cross import CrossReference
from flowcolor.training.shares import fresh, reference_names


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
        sampler = DistributedSampler(dataset, world, rank, shuffle=False)
        loader = DataLoader(dataset, batch_size, sampler=sampler)
        for number, batch in enumerate(loader):
            kept = fresh(batch, number, loader)
            assert len(kept["name"]) == len(kept["index"])
            seen += kept["index"].tolist()
    assert sorted(seen) == list(range(count))


def test_without_processes_nothing_is_left_out():
    loader = DataLoader(Numbers(3), 2)
    batch = {"index": torch.arange(2)}
    assert fresh(batch, 5, loader) is batch


def test_the_reference_of_a_drawing_is_its_own_photograph_or_its_partner_s():
    dataset = Numbers(4)
    assert reference_names(dataset) == {name: name for name in dataset.names}
    cross = CrossReference(dataset, 0)
    for own, other in reference_names(cross).items():
        assert dataset.names[cross.partners[int(own[1:])]] == other
