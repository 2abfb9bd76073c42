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
    estimated_label_errors,
    precision_recall_at,
    rank_by_loss,
    rank_label_issues,
    second_labels,
    with_second_labels,
)
from helpers.evaluation.linear import compare_features, linear_logits, nearest_neighbours
from helpers.evaluation.metrics import (
    accuracy,
    accuracy_interval,
    average_precisions,
    evaluate,
    mean_average_precision,
    multiclass_metrics,
    multilabel_metrics,
    multilabel_scores,
    paired_bootstrap,
    paired_test,
    per_class_report,
    selection_bias,
)
