"""Pretrained backbones by name, the transfer-learning model on top of them, and what can be done
with a model without training it: predicting, computing frozen features, saving and loading."""

from helpers.errors import ModelError
from helpers.models.architecture import (
    HUMAN_ERROR,
    WINNERS,
    imagenet_networks,
    in_8_bits,
    multiplications,
    relu6_inputs,
    stage_table,
)
from helpers.models.backbones import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Backbone,
    BackboneError,
    load_backbone,
    resolve_backbone,
)
from helpers.models.features import FeatureDataset, compute_features, image_pyramid_features
from helpers.models.inference import evaluating, predict
from helpers.models.memory import activation_bytes
from helpers.models.pooling import SpatialPyramidPooling
from helpers.models.saving import (
    load_model,
    predict_photo,
    save_model,
    transform_from_config,
)
from helpers.models.seeding import seeded
from helpers.models.transfer import TransferModel
