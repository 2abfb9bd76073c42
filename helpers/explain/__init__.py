"""Why a model answers as it does: class activation maps (pytorch-grad-cam's formulas) for any
TransferModel, and whether they may be believed."""

from helpers.explain.cams import METHODS, cam_maps, label_maps
from helpers.explain.faithfulness import (
    area_under,
    confidence_change,
    deletion_curves,
    insertion_curves,
    randomised_models,
    road,
)
from helpers.explain.pointing import (
    around_boxes,
    center_maps,
    energy_inside,
    noise_maps,
    pointing_game,
    rank_correlation,
    scale_boxes,
)

__all__ = [
    "METHODS",
    "area_under",
    "around_boxes",
    "cam_maps",
    "center_maps",
    "confidence_change",
    "deletion_curves",
    "energy_inside",
    "insertion_curves",
    "label_maps",
    "noise_maps",
    "pointing_game",
    "randomised_models",
    "rank_correlation",
    "road",
    "scale_boxes",
]
