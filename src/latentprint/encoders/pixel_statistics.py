"""Controls without a network, for context: ``pixels:colour`` and ``pixels:dct``.

A trace that the colour and contrast of the crop give away takes no encoder to read; one that the
blocks of the photo at its native size do not give away has hardly left any mark in the pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from latentprint.encoders.preprocess import Preprocess
from latentprint.encoders.torch_embedding import check_embeddings
from latentprint.errors import LatentprintError, unknown_name
from latentprint.words import COLOUR_STATISTICS, CONTROL, DCT_ENERGIES

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from latentprint.encoders.encoder import Encoder

PIXEL_CONTROLS = ("pixels:colour", "pixels:dct")
"""Specifications of both."""

BLOCK = 8
"""Side of a block in pixels, that of JPEG."""

# To be raised when the same pixels would give other numbers, so that no store mixes the two.
_VERSION = 1


def load_pixels(statistic: str) -> Encoder:
    """Make one of the controls that need no network.

    Args:
        statistic: ``"colour"`` or ``"dct"``.

    Raises:
        UsageError: If there is no such statistic.
    """
    known: dict[str, Callable[[], Encoder]] = {"colour": ColourStatistics, "dct": DctEnergies}
    if statistic not in known:
        raise unknown_name("pixel statistic", statistic, known)
    return known[statistic]()


class ColourStatistics:
    """Eighteen statistics of the colour and contrast of the crop, as an :class:`Encoder`.

    For each RGB channel: the mean and the 1st and 99th percentile, divided by 64; and the natural
    logarithms of the standard deviation and of the mean absolute first and second difference of
    neighbouring pixels. A probe reads L2-normalised features: these fixed scales bring all of them
    into one range, and nothing is learned from data. 0.1 is added before each logarithm, so that
    a flat image has a finite embedding, and a black one a length.
    """

    name = COLOUR_STATISTICS
    family = CONTROL
    input_size = 224
    dimension = 18
    preprocess = Preprocess(224, 224, "bicubic")

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Summarise uint8 pixels [B, H, W, 3] (any device) as float32 [B, 18] on the CPU.

        The columns are mean, 1st percentile, 99th percentile, standard deviation, first and second
        differences, each for R, G and B.
        """
        import torch

        # Image by image in NumPy: the same on any number of threads, and ten times as fast as
        # threads that wait for each other.
        return torch.from_numpy(np.stack([_statistics(image) for image in pixels.cpu().numpy()]))

    def identity(self) -> dict[str, Any]:
        """The specification, and the version of its statistics."""
        return {"library": "latentprint", "model": "pixels:colour", "version": _VERSION}


def _statistics(pixels: np.ndarray) -> np.ndarray:
    """The statistics of one image, uint8 [H, W, 3] to float32 [18]."""
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    mean, low, high, deviation = _of_levels(planes)
    linear = [mean / 64, low / 64, high / 64]
    contrast = [deviation, _difference(planes, 1), _difference(planes, 2)]
    return np.concatenate([*linear, *(np.log(each + 0.1) for each in contrast)], dtype=np.float32)


def _of_levels(planes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Mean, 1st and 99th percentile and standard deviation of uint8 [3, H, W], float64 [3] each.

    A percentile is the lowest level that at least this share of the pixels does not exceed.
    """
    counts = np.stack([np.bincount(plane.ravel(), minlength=256) for plane in planes])
    total, levels = planes[0].size, np.arange(256)
    mean = counts @ levels / total
    variance = (counts * (levels - mean[:, None]) ** 2).sum(1) / total
    up_to = 100 * counts.cumsum(1)
    low, high = ((up_to < percent * total).sum(1) for percent in (1, 99))
    return mean, low, high, np.sqrt(variance)


def _difference(planes: np.ndarray, order: int) -> np.ndarray:
    """Mean absolute difference of an order along rows and columns, uint8 [3, H, W] to [3]."""
    signed = planes.astype(np.int16)
    both = [np.abs(np.diff(signed, order, axis)).mean((1, 2), np.float64) for axis in (1, 2)]
    mean: np.ndarray = (both[0] + both[1]) / 2
    return mean


@dataclass(frozen=True)
class BlockEnergies:
    """Log energies of the 8 x 8 DCT of a photo at its native size, as a ``Preparation``.

    JPEG works on blocks of 8 x 8 pixels in the colours Y, Cb and Cr, and its traces are what its
    quantisation left of each coefficient; sharpening and scaling change how energy falls with
    frequency. Any resize would move the blocks, so there is none. All three colours are needed,
    as chroma subsampling shows in Cb and Cr alone. Cost is bounded by a central window, whose
    offset is a multiple of 8 pixels, so that it keeps to the photo's own blocks. Pixels at the
    right and at the bottom that fill no block are left out; a side shorter than a block is filled
    up by repeating its last pixels.

    The energy of a coefficient is its square plus ``noise``; its logarithm is averaged over the
    blocks. That is the logarithm of the geometric mean, which, unlike the arithmetic one, is not
    ruled by the few blocks with strong edges.

    Attributes:
        window: Longest side of the window in pixels, a multiple of 8.
        noise: What is added to each squared coefficient: by default the energy that rounding to
            whole levels leaves in it.
    """

    window: int = 1024
    noise: float = 1 / 12

    def pixels(self, image: Image.Image) -> np.ndarray:
        """Measure an RGB image of any size, float32 [192]: Y, Cb, Cr, each 8 x 8 by row."""
        coefficients = _dct(_whole_blocks(image, self.window))
        energies = np.square(coefficients, out=coefficients)
        energies += np.float32(self.noise)
        logs = np.log(energies, out=energies)
        # Over the rows of blocks, then along them.
        mean = logs.mean(0).mean(1).reshape(BLOCK, BLOCK, 3)
        return np.ascontiguousarray(mean.transpose(2, 0, 1)).reshape(-1)

    def as_dict(self) -> dict[str, Any]:
        """The specification as plain JSON values, for the store's manifest."""
        return {"statistic": "log energies of the 8 x 8 DCT of Y, Cb, Cr", **asdict(self)}


def _whole_blocks(image: Image.Image, window: int) -> np.ndarray:
    """Cut out the central window, in whole blocks of the photo's own grid, uint8 [H, W, 3]."""
    width, height = (min(window, max(BLOCK, side - side % BLOCK)) for side in image.size)
    left, top = (
        max(0, (whole - side) // 2) // BLOCK * BLOCK
        for whole, side in zip(image.size, (width, height), strict=True)
    )
    right, bottom = min(left + width, image.width), min(top + height, image.height)
    pixels = np.asarray(image.crop((left, top, right, bottom)), dtype=np.uint8)
    missing = ((0, height - pixels.shape[0]), (0, width - pixels.shape[1]), (0, 0))
    return np.pad(pixels, missing, "edge") if np.any(missing) else pixels


def _dct(pixels: np.ndarray) -> np.ndarray:
    """Orthonormal 8 x 8 DCT-II of all blocks in Y, Cb and Cr.

    Args:
        pixels: uint8 [H, W, 3], H and W multiples of 8.

    Returns:
        Coefficients, float32 [H / 8, 8 (down), W / 8, 24], the last axis 8 (across) x 3 (colours).
    """
    rows, columns = pixels.shape[0] // BLOCK, pixels.shape[1] // BLOCK
    # JPEG's level shift: without it the first coefficient would measure brightness alone.
    values = np.subtract(pixels, 128, dtype=np.float32)
    # Two products, each over all blocks: down the columns; along the rows together with the
    # colours. NumPy runs them one row of blocks at a time, which is too small for BLAS threads.
    down = _DCT @ values.reshape(rows, BLOCK, columns * BLOCK * 3)
    coefficients: np.ndarray = down.reshape(rows, BLOCK, columns, BLOCK * 3) @ _ACROSS
    return coefficients


def _dct_matrix() -> np.ndarray:
    """The orthonormal DCT-II of 8 values, float64 [8 (frequency), 8 (position)]."""
    at = np.arange(BLOCK)
    matrix: np.ndarray = np.cos(np.pi * at[:, None] * (2 * at + 1) / (2 * BLOCK)) * np.sqrt(
        2 / BLOCK
    )
    matrix[0] /= np.sqrt(2)
    return matrix


# JPEG's colours (JFIF 1.02): rows are Y, Cb and Cr, columns R, G and B.
_YCBCR = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
_DCT = _dct_matrix().astype(np.float32)
_ACROSS = np.kron(_dct_matrix().T, _YCBCR.T).astype(np.float32)


class DctEnergies:
    """The energies of :class:`BlockEnergies` as an :class:`Encoder`.

    They are measured where the photo is processed, before any crop; all that is left to do is to
    pass them on. A mask of the crop cannot cover them, so that extraction refuses the two together.
    """

    name = DCT_ENERGIES
    family = CONTROL
    preprocess = BlockEnergies()
    input_size = preprocess.window
    dimension = 3 * BLOCK * BLOCK

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pass energies on, float32 [B, 192], to the CPU.

        Raises:
            LatentprintError: If they are of another shape, or a value is NaN or infinite.
        """
        energies = pixels.float().cpu()
        check_embeddings(energies, len(pixels), self.name)
        if energies.shape[1] != self.dimension:
            raise LatentprintError(
                f"{self.name} takes the {self.dimension} values that its own preprocess makes, not "
                f"{energies.shape[1]}."
            )
        return energies

    def identity(self) -> dict[str, Any]:
        """The specification, and the version of its statistics."""
        return {"library": "latentprint", "model": "pixels:dct", "version": _VERSION}
