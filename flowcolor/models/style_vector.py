"""What a reference has to say wherever its things lie: one vector."""

from torch import Tensor, nn

from flowcolor.io.resizing import resize


class StyleVector(nn.Module):
    """The mean over places of what three convolutions find in a photograph.

    Args:
        width: Numbers of the vector.
        side: Photographs are brought to this side first.

    Shape:
        - input: :math:`(B, 3, H, W)`, RGB in [0, 1].
        - output: :math:`(B, C)`.
    """

    def __init__(self, width: int, side: int = 32) -> None:
        super().__init__()
        self.side = side
        half = (width + 1) // 2
        self.body = nn.Sequential(
            nn.Conv2d(3, half, 3, 2, padding=1),
            nn.ReLU(),
            nn.Conv2d(half, width, 3, 2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, 2, padding=1),
            nn.ReLU(),
        )
        self.project = nn.Linear(width, width)

    def forward(self, photo: Tensor) -> Tensor:
        """Return the vector of each photograph."""
        small = resize(photo, (self.side, self.side))
        vector: Tensor = self.project(self.body(2 * small - 1).mean((2, 3)))
        return vector
