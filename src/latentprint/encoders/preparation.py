"""What stands between a processed photo and an encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image


class Preparation(Protocol):
    """Turns a processed photo at full size into the array that an encoder takes.

    :class:`~latentprint.encoders.preprocess.Preprocess`, which resizes and crops, is the usual
    one. It runs in worker processes: it must be picklable, import neither PyTorch nor an encoder
    library, and be hashable, so that encoders that prepare photos alike share the work.
    """

    def pixels(self, image: Image.Image) -> np.ndarray:
        """Prepare an RGB image of any size; the shape and dtype are the same for every image."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """The specification as plain JSON values, for the store's manifest."""
        ...
