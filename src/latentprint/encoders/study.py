"""The published encoders: the ICCV 2025 study's names and families, by specification.

Left out are the four encoders that neither timm nor OpenCLIP distributes (DINO's ResNet-50 and
MoCo v3); they can be loaded with ``python:module:factory``.
"""

from __future__ import annotations

# CVL: contrastive vision-language.
_CVL = {
    "open_clip:ViT-B-16/openai": "CLIP (ViT-B/16, WIT)",
    "open_clip:ViT-B-32/openai": "CLIP (ViT-B/32, WIT)",
    "open_clip:ViT-L-14/openai": "CLIP (ViT-L/14, WIT)",
    "open_clip:ViT-L-14-336/openai": "CLIP (ViT-L/14@336, WIT)",
    "open_clip:RN50/openai": "CLIP (RN50, WIT)",
    "open_clip:RN101/openai": "CLIP (RN101, WIT)",
    "open_clip:RN50x4/openai": "CLIP (RN50×4, WIT)",
    "open_clip:RN50x16/openai": "CLIP (RN50×16, WIT)",
    "open_clip:RN50x64/openai": "CLIP (RN50×64, WIT)",
    "open_clip:ViT-B-16/laion2b_s34b_b88k": "OpenCLIP (ViT-B/16, LAION-2B)",
    "open_clip:ViT-B-32/laion2b_s34b_b79k": "OpenCLIP (ViT-B/32, LAION-2B)",
    "open_clip:ViT-L-14/laion2b_s32b_b82k": "OpenCLIP (ViT-L/14, LAION-2B)",
    "open_clip:ViT-H-14/laion2b_s32b_b79k": "OpenCLIP (ViT-H/14, LAION-2B)",
    "open_clip:ViT-g-14/laion2b_s34b_b88k": "OpenCLIP (ViT-g/14, LAION-2B)",
    "open_clip:ViT-B-16/datacomp_xl_s13b_b90k": "OpenCLIP (ViT-B/16, DataComp-1B)",
    "open_clip:ViT-B-32/datacomp_xl_s13b_b90k": "OpenCLIP (ViT-B/32, DataComp-1B)",
    "open_clip:ViT-L-14/datacomp_xl_s13b_b90k": "OpenCLIP (ViT-L/14, DataComp-1B)",
    "open_clip:convnext_base_w/laion2b_s13b_b82k_augreg": "OpenCLIP (ConvNeXt-B, LAION-2B)",
    "open_clip:convnext_large_d_320/laion2b_s29b_b131k_ft_soup": "OpenCLIP (ConvNeXt-L, LAION-2B)",
    "open_clip:convnext_xxlarge/laion2b_s34b_b82k_augreg_soup": "OpenCLIP (ConvNeXt-XXL, LAION-2B)",
    "timm:vit_base_patch16_siglip_256.webli": "SigLIP (ViT-B/16, WebLI)",
    "timm:vit_large_patch16_siglip_256.webli": "SigLIP (ViT-L/16, WebLI)",
    "timm:vit_base_patch16_siglip_256.v2_webli": "SigLIP2 (ViT-B/16, WebLI)",
    "timm:vit_large_patch16_siglip_256.v2_webli": "SigLIP2 (ViT-L/16, WebLI)",
}
# SUP: supervised.
_SUP = {
    "timm:vit_base_patch16_224.orig_in21k": "ViT (ViT-B/16, ImageNet-21k)",
    "timm:vit_base_patch32_224.orig_in21k": "ViT (ViT-B/32, ImageNet-21k)",
    "timm:vit_large_patch16_224.orig_in21k": "ViT (ViT-L/16, ImageNet-21k)",
    "timm:vit_large_patch32_224.orig_in21k": "ViT (ViT-L/32, ImageNet-21k)",
    "timm:vit_huge_patch14_224.orig_in21k": "ViT (ViT-H/14, ImageNet-21k)",
    "timm:resnet50.a1_in1k": "ResNet (RN50, ImageNet-1k)",
    "timm:resnet101.a1h_in1k": "ResNet (RN101, ImageNet-1k)",
    "timm:convnext_tiny.fb_in22k_ft_in1k_384": "ConvNeXt (ConvNeXt-T, ImageNet-21k)",
    "timm:convnext_base.fb_in22k_ft_in1k_384": "ConvNeXt (ConvNeXt-B, ImageNet-21k)",
    "timm:convnext_large.fb_in22k_ft_in1k_384": "ConvNeXt (ConvNeXt-L, ImageNet-21k)",
    "timm:convnext_xlarge.fb_in22k_ft_in1k_384": "ConvNeXt (ConvNeXt-XL, ImageNet-21k)",
}
# SSL: self-supervised.
_SSL = {
    "timm:vit_small_patch16_224.dino": "DINO (ViT-S/16, ImageNet-1k)",
    "timm:vit_small_patch8_224.dino": "DINO (ViT-S/8, ImageNet-1k)",
    "timm:vit_base_patch16_224.dino": "DINO (ViT-B/16, ImageNet-1k)",
    "timm:vit_base_patch8_224.dino": "DINO (ViT-B/8, ImageNet-1k)",
    "timm:vit_small_patch14_reg4_dinov2.lvd142m": "DINOv2 (ViT-S/14 reg, LVD-142M)",
    "timm:vit_base_patch14_reg4_dinov2.lvd142m": "DINOv2 (ViT-B/14 reg, LVD-142M)",
    "timm:vit_large_patch14_reg4_dinov2.lvd142m": "DINOv2 (ViT-L/14 reg, LVD-142M)",
    "timm:vit_giant_patch14_reg4_dinov2.lvd142m": "DINOv2 (ViT-g/14 reg, LVD-142M)",
}
STUDY = {
    spec: (name, family)
    for family, encoders in (("CVL", _CVL), ("SUP", _SUP), ("SSL", _SSL))
    for spec, name in encoders.items()
}


def published(spec: str) -> tuple[str, str]:
    """The study's name and family of an encoder; for any other, its specification and "yours"."""
    return STUDY.get(spec, (spec, "yours"))
