"""The training loop (Model, Criterion, Optimizer, Callbacks), what can happen around it, and the
course's two phases in one call each."""

from helpers.errors import TrainingError
from helpers.training.callbacks import (
    Callback,
    EarlyStopping,
    LearningRateSchedule,
    Mixup,
    Monitor,
    Predictions,
    Progress,
    warmup_cosine,
)
from helpers.training.checkpoints import Checkpoint
from helpers.training.comparison import RATES, CrossValidation, adapt, cross_validate
from helpers.training.history import History
from helpers.training.lr_range import lr_range_test, suggest_rate
from helpers.training.phases import panorama_model, phase1_model, phase2_model
from helpers.training.recipes import (
    FINE_TUNE_RATE,
    HEAD_FACTOR,
    HEAD_RATE,
    LABEL_SMOOTHING,
    LANDSCAPES,
    VIEWS,
    criterion_for,
    fine_tune,
    frozen_features,
    metrics_for,
    refit_head,
    train_head,
)
from helpers.training.trainer import Trainer
