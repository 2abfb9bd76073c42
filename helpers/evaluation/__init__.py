"""How good a model is, and how far to trust that: metrics and their intervals, thresholds and
calibration, and the hunt for mislabelled images. Everything here needs predictions, not a
Trainer."""

from helpers.evaluation.calibration import (
    bagged_thresholds,
    calibration_error,
    fit_temperature,
    tune_thresholds,
)
from helpers.evaluation.label_audit import (
    cross_validated_probabilities,
    precision_recall_at,
    rank_by_loss,
    rank_label_issues,
    second_labels,
    with_second_labels,
)
from helpers.evaluation.metrics import (
    accuracy,
    accuracy_interval,
    evaluate,
    multiclass_metrics,
    multilabel_metrics,
    multilabel_scores,
    paired_test,
    per_class_report,
)

__all__ = [
    "accuracy",
    "accuracy_interval",
    "bagged_thresholds",
    "calibration_error",
    "cross_validated_probabilities",
    "evaluate",
    "fit_temperature",
    "multiclass_metrics",
    "multilabel_metrics",
    "multilabel_scores",
    "paired_test",
    "per_class_report",
    "precision_recall_at",
    "rank_by_loss",
    "rank_label_issues",
    "second_labels",
    "tune_thresholds",
    "with_second_labels",
]
