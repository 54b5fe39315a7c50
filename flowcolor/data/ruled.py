"""Find the printed lines of ruled or squared paper, and take them out of a drawing."""

import numpy as np
import torch
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

_STRIPS = 48  # Parts of the width, in each of which a line that is not quite level is level.
_ROWS = 400  # At which slopes are compared first.
_TILTS = np.linspace(-0.06, 0.06, 49)  # Slopes that are tried: up to 3.4 degrees.
_NEARLY_ALL = 0.8  # Of the parts; in the others, strokes may hide a line.
_FAINT = 0.015  # Darkness of a printed line, of the mean over a part, below which it is none.
_FEWEST = 6  # Lines that make a page ruled.
_EVEN = 0.12  # How far a line may be from its place, in parts of the gap.
_NEAREST = 6  # Pixels between two lines; what is closer is hatching or noise.
_AGREEING = 0.5  # Of all lines, strokes included, so many have to be at such places.
_SHARE = 0.75  # Of the places down the page at which there has to be a line.


def remove_rules(gray: Float[Tensor, "1 height width"]) -> Float[Tensor, "1 height width"] | None:
    r"""Take out evenly spaced straight lines across a page, level or upright, or nearly so.

    A printed line is as dark in every part of the page, and a stroke only where it is drawn. So
    the median over parts of the width sees the printed lines alone,

    .. math:: \ell(y) = \operatorname{med}_k \bar g_k(y + t x_k),

    with :math:`\bar g_k` the mean of a row in the :math:`k`-th part, whose middle is at
    :math:`x_k`, and the slope :math:`t` at which lines are sharpest. Where :math:`\ell` is darker
    than around, it is divided out; what was drawn across a line stays.

    Args:
        gray: Light as paper is light, in [0, 1].

    Returns:
        The drawing, or ``None`` where fewer than six lines with even gaps were found.
    """
    pixels = gray[0].numpy()
    across = _without_level_lines(pixels)
    upright = _without_level_lines((pixels if across is None else across).T)
    if upright is not None:
        return torch.from_numpy(np.ascontiguousarray(upright.T))[None]
    return None if across is None else torch.from_numpy(across)[None]


def _without_level_lines(pixels: np.ndarray) -> np.ndarray | None:
    height, width = pixels.shape
    if height < 8 * _FEWEST or width < _STRIPS:
        return None
    edges = np.linspace(0, width, _STRIPS + 1).astype(int)
    parts = np.add.reduceat(pixels, edges[:-1], axis=1) / np.diff(edges)
    middles = (edges[1:] + edges[:-1] - width) / 2
    tilt = _tilt(parts, middles)
    profile = _profile(parts, tilt * middles)
    gap = _even_gap(_darker(profile, height))
    if gap is None:
        return None
    rule = 1 - _darker(profile, round(gap))
    # Rows between the lines differ by less than a line; they are left as they are.
    rule[rule > 1 - _FAINT / 3] = 1
    tilted = np.arange(height)[:, None] - tilt * (np.arange(width) - width / 2)[None]
    printed = np.interp(tilted.ravel(), np.arange(height), rule).reshape(height, width)
    cleaned: np.ndarray = np.clip(pixels / np.maximum(printed, 0.2), 0, 1).astype(pixels.dtype)
    return cleaned


def _tilt(parts: np.ndarray, middles: np.ndarray) -> float:
    """Return the slope at which lines are sharpest, on few rows first."""
    step = max(1, len(parts) // _ROWS)
    few = parts[: len(parts) // step * step].reshape(-1, step, parts.shape[1]).mean(1)
    tilts, width = _TILTS, _TILTS[1] - _TILTS[0]
    for rows, scale in ((few, step), (parts, 1)):
        # Nearly all parts have to be dark: of lines that are not level, the median sees wide ones.
        profiles = [_profile(rows, tilt * middles / scale, _NEARLY_ALL) for tilt in tilts]
        sharp = [_harmonics(_darker(profile, len(rows))).max() for profile in profiles]
        best = float(tilts[int(np.argmax(sharp))])
        tilts = np.linspace(best - width, best + width, 9)
    return best


def _harmonics(dark: np.ndarray) -> np.ndarray:
    """Return the power of six and more even lines, with harmonics, which sharp lines have."""
    power = np.square(np.abs(np.fft.rfft(dark - dark.mean())))
    frequencies = np.arange(_FEWEST, max(_FEWEST + 1, len(dark) // _NEAREST))
    multiples = np.outer(np.arange(1, 5), frequencies)
    inside = multiples < len(power)
    return np.asarray((power[np.where(inside, multiples, 0)] * inside).sum(0))


def _profile(parts: np.ndarray, shifts: np.ndarray, share: float = 0.5) -> np.ndarray:
    """Return what so many of the parts are darker than, the median, each moved up by its shift."""
    whole = np.floor(shifts).astype(np.intp)
    rest = (shifts - whole).astype(parts.dtype)
    rows = np.clip(np.arange(len(parts) + 1)[:, None] + whole, 0, len(parts) - 1)
    # Taken from the flat array, which is several times faster than by two indices.
    found = parts.take(rows * len(whole) + np.arange(len(whole)))
    moved = found[:-1] + rest * np.diff(found, axis=0)
    rank = int(share * (moved.shape[1] - 1))
    return np.asarray(np.partition(moved, rank, axis=1)[:, rank])


def _darker(profile: np.ndarray, reach: int) -> np.ndarray:
    """Return by how much each row is darker than the rows around it."""
    half = max(5, min(reach, len(profile) // 8)) // 2
    windows = sliding_window_view(np.pad(profile, half, mode="edge"), 2 * half + 1)
    # The median of each window; wide ones change little from row to row, and take long to sort.
    rows = np.arange(0, len(profile), 1 + half // 16)
    medians = np.partition(windows[rows], half, axis=1)[:, half]
    around = np.interp(np.arange(len(profile)), rows, medians)
    return np.asarray(np.clip(1 - profile / np.maximum(around, 0.05), 0, 1))


def _even_gap(dark: np.ndarray) -> float | None:
    """Return the distance of the lines, or ``None`` if there are too few or they are uneven."""
    least = max(_FAINT, 0.4 * float(np.quantile(dark, 0.995)))
    is_line = np.concatenate([[False], dark > least, [False]])
    starts, ends = np.flatnonzero(np.diff(is_line)).reshape(-1, 2).T
    if len(starts) < _FEWEST:
        return None
    rows = np.arange(len(dark))
    centres = np.array(
        [np.average(rows[a:b], weights=dark[a:b]) for a, b in zip(starts, ends, strict=True)]
    )
    # Strokes add lines of their own, and hide some: of the distances between lines, the one counts
    # at which most places down the page have a line.
    distances = {
        round(c - b) for n in (1, 2, 3) for b, c in zip(centres, centres[n:], strict=False)
    }
    wide = [gap for gap in distances if _NEAREST <= gap <= len(dark) / _FEWEST]
    shares = [_places_with_a_line(centres, gap, len(dark)) for gap in wide]
    share, gap = max(shares, default=(0.0, 0.0))
    return gap if share >= _SHARE else None


def _places_with_a_line(centres: np.ndarray, middle: int, rows: int) -> tuple[float, float]:
    """Return the share of the places at about this distance that have a line, and the distance."""
    # Over a whole page, a small error of the gap would add up to a gap.
    gaps = middle + np.linspace(-0.6, 0.6, 61)
    waves = np.exp(2j * np.pi * centres / gaps[:, None]).mean(1)
    best = int(np.argmax(np.abs(waves)))
    gap, wave = float(gaps[best]), waves[best]
    places = np.arange(float(np.angle(wave)) / (2 * np.pi) % 1 * gap, rows, gap)
    if len(places) < _FEWEST or abs(wave) < _AGREEING:
        return 0.0, gap
    found = np.abs(places[:, None] - centres).min(1) < _EVEN * gap
    return float(found.mean()), gap
