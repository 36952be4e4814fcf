"""Which output of a transformers model is its embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentprint.errors import UsageError

if TYPE_CHECKING:
    import torch

REPRESENTATIONS = ("pooled", "class_token", "patch_mean")
# Tokens that stand before the patches, by the last part of their parameter's name.
SINGLE_TOKENS = ("cls_token", "class_embedding", "distillation_token")
REGISTER_TOKENS = "register_tokens"
# Towers whose last hidden state still lacks the normalisation that their own pooling begins with.
UNNORMALISED = ("clip_vision_model", "metaclip_2_vision_model")
PATCHED = "siglip2_vision_model"


class Embedding:
    """Turns normalised pixels into the chosen embedding of a model.

    The usual one, ``"pooled"``, is the first of these that the model has:

    1. the image features in the space that images and texts share, before they are normalised;
    2. its ``pooler_output``;
    3. the class token of its last hidden state;
    4. the mean of the patch tokens, without class and register tokens, or of the pixels of the
       feature map, of its last hidden state.

    ``"class_token"`` and ``"patch_mean"`` choose the third and the fourth. CLIP's last hidden state
    is normalised first, as CLIP does before it pools.

    Attributes:
        representation: The chosen one.
    """

    def __init__(self, model: torch.nn.Module, representation: str, name: str) -> None:
        """Find out what stands before the patch tokens.

        Args:
            model: A transformers model that takes ``pixel_values``.
            representation: One of ``REPRESENTATIONS``; empty for the usual one.
            name: The encoder, as errors name it.

        Raises:
            UsageError: If the class token is asked for, and there is none.
        """
        self.representation = representation or "pooled"
        self._model: Any = model
        names = {each: tuple(parameter.shape) for each, parameter in model.named_parameters()}
        single = sum(each.endswith(SINGLE_TOKENS) for each in names)
        registers = [shape[-2] for each, shape in names.items() if each.endswith(REGISTER_TOKENS)]
        self._prefix = single + sum(registers)
        if representation == "class_token" and not single:
            raise UsageError(f"{name} has no class token; write #pooled or #patch_mean.")

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """Embed normalised pixels [B, 3, H, W] as [B, D]."""
        inputs = {"pixel_values": values}
        if self._model.config.model_type == PATCHED:
            if values.is_meta:  # it reads the sizes of images, which have no values then
                return values.new_empty(len(values), self._model.config.hidden_size)
            inputs = patched(values, self._model.config.patch_size)
        if hasattr(self._model, "get_image_features"):
            features = self._model.get_image_features(**inputs)
            pooled: torch.Tensor = getattr(features, "pooler_output", features)
            return pooled
        output = self._model(**inputs)
        if self.representation == "pooled":
            return self._pooled(output)
        return self._chosen(output.last_hidden_state, self.representation)

    def _pooled(self, output: Any) -> torch.Tensor:
        for name in ("image_embeds", "pooler_output"):
            found: torch.Tensor | None = getattr(output, name, None)
            if found is not None:
                # ResNets keep the two axes over which they averaged.
                return found.flatten(1) if found.shape[2:] == (1, 1) else found
        usual = "class_token" if self._prefix else "patch_mean"
        return self._chosen(output.last_hidden_state, usual)

    def _chosen(self, hidden: torch.Tensor, representation: str) -> torch.Tensor:
        if hidden.ndim == 4:
            return hidden.mean((2, 3))
        if self._model.config.model_type in UNNORMALISED:
            hidden = self._model.post_layernorm(hidden)
        if representation == "class_token":
            return hidden[:, 0]
        return hidden[:, self._prefix :].mean(1)


def patched(values: torch.Tensor, patch: int) -> dict[str, torch.Tensor]:
    """What SigLIP2's models for any proportions take, for square images.

    Args:
        values: Normalised pixels [B, 3, H, H].
        patch: Side of a patch, in pixels, of which H is a multiple.

    Returns:
        The N = (H / patch)^2 patches [B, N, patch * patch * 3], channels last; a mask [B, N] that
        hides none; and rows and columns [B, 2].
    """
    import torch

    batch, channels, height, _ = values.shape
    side = height // patch
    grid = values.reshape(batch, channels, side, patch, side, patch).permute(0, 2, 4, 3, 5, 1)
    return {
        "pixel_values": grid.reshape(batch, side * side, patch * patch * channels),
        "pixel_attention_mask": torch.ones(batch, side * side, device=values.device),
        "spatial_shapes": torch.full((batch, 2), side, device=values.device),
    }
