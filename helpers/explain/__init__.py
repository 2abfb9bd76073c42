"""Why a model answers as it does: class activation maps (pytorch-grad-cam's formulas) for any
TransferModel, and whether they may be believed."""

from helpers.explain.cams import cam_maps, label_maps
from helpers.explain.faithfulness import (
    area_under,
    deletion_curves,
    insertion_curves,
    randomised_models,
)
from helpers.explain.methods import METHODS
from helpers.explain.pointing import (
    center_maps,
    energy_inside,
    noise_maps,
    pointing_game,
    rank_correlation,
    scale_boxes,
)
