"""How good a model is, and how far to trust that: metrics and their intervals, thresholds and
calibration, and the hunt for mislabelled images. Everything here needs predictions, not a
Trainer."""

from helpers.evaluation.calibration import (
    bagged_thresholds,
    calibration_error,
    fit_temperature,
    reliability,
    tune_thresholds,
)
from helpers.evaluation.label_audit import (
    compared,
    found_among,
    other_labels,
    out_of_sample,
    rank_by_loss,
    rank_suspects,
)
from helpers.evaluation.metrics import (
    accuracy,
    accuracy_interval,
    confusion,
    evaluate,
    multiclass_metrics,
    multilabel_metrics,
    paired_test,
    per_class_report,
)

__all__ = [
    "accuracy",
    "accuracy_interval",
    "bagged_thresholds",
    "calibration_error",
    "compared",
    "confusion",
    "evaluate",
    "fit_temperature",
    "found_among",
    "multiclass_metrics",
    "multilabel_metrics",
    "other_labels",
    "out_of_sample",
    "paired_test",
    "per_class_report",
    "rank_by_loss",
    "rank_suspects",
    "reliability",
    "tune_thresholds",
]
