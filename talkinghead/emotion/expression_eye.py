"""What looks at the crop in the image tower: a small residual network that training has taught."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import fuse_conv_bn_eval

SEEN, NAMED = 256, 7
WIDTHS = (16, 48, 96, 160)
"""Channels at a half, a quarter, an eighth and a sixteenth of the crop."""
_MIDDLE_GREY = 0.5


class ExpressionEye(nn.Module):
    """A stem, three residual stages (He et al. 2016, arXiv 1512.03385) and a mean over the picture.

    Args:
        learning: with batch normalisation after each convolution, as it is trained; `folded` takes
            it away.
    """

    def __init__(self, *, learning: bool = False) -> None:
        super().__init__()
        first, second, third, fourth = WIDTHS
        self.stem = _Layer(1, first, 5, 2, learning=learning)
        self.stages = nn.Sequential(
            _Block(first, second, learning=learning), _Block(second, second, learning=learning),
            _Block(second, third, learning=learning), _Block(third, third, learning=learning),
            _Block(third, fourth, learning=learning),
        )  # fmt: skip
        self.last = nn.Conv2d(fourth, SEEN, 1)

    def forward(self, crops: Tensor) -> Tensor:
        """(N, 256), 0 or more, of (N, S, S) grey 0..1."""
        values = self.stem(crops[:, None] - _MIDDLE_GREY).relu()
        seen: Tensor = self.last(self.stages(values)).relu()
        return seen.mean(dim=(2, 3))


class _Block(nn.Module):
    """A step to more channels halves the picture."""

    def __init__(self, before: int, width: int, *, learning: bool) -> None:
        super().__init__()
        stride = 1 if before == width else 2
        self.first = _Layer(before, width, 3, stride, learning=learning)
        self.second = _Layer(width, width, 3, 1, learning=learning)
        self.past = nn.Conv2d(before, width, 1, bias=False) if stride == 2 else None

    def forward(self, values: Tensor) -> Tensor:
        branch = self.second(self.first(values).relu())
        if self.past is not None:
            values = self.past(functional.avg_pool2d(values, 2))
        total: Tensor = (values + branch).relu()
        return total


class _Layer(nn.Module):
    def __init__(self, before: int, width: int, size: int, stride: int, *, learning: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, width, size, stride, size // 2, bias=not learning)
        self.normal = nn.BatchNorm2d(width) if learning else None

    def forward(self, values: Tensor) -> Tensor:
        result: Tensor = self.convolution(values)
        return result if self.normal is None else self.normal(result)


def folded(taught: ExpressionEye) -> ExpressionEye:
    """The same function with the batch normalisation inside the convolutions.

    Args:
        taught: a learning eye in evaluation mode.
    """
    plain = ExpressionEye().eval()
    state = {f"last.{name}": value for name, value in taught.last.state_dict().items()}
    for name, layer in taught.named_modules():
        if isinstance(layer, _Block) and layer.past is not None:
            state[f"{name}.past.weight"] = layer.past.weight
        if isinstance(layer, _Layer) and layer.normal is not None:
            fused = fuse_conv_bn_eval(layer.convolution, layer.normal)
            state |= {
                f"{name}.convolution.{part}": value for part, value in fused.state_dict().items()
            }
    plain.load_state_dict(state)
    return plain
