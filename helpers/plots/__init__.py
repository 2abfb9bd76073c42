"""Every figure of the course: plain data in (a History, arrays, frames), a matplotlib Figure out.
A figure is saved only when it is given a path."""

from helpers.plots.cams import label_rows, map_gallery, map_rows, overlay
from helpers.plots.data import (
    augmentation_rows,
    channel_statistics,
    class_counts,
    co_occurrence,
    size_scatter,
)
from helpers.plots.faithfulness import cascade_curves, measure_bars, removal_curves
from helpers.plots.images import (
    answers,
    confusion,
    image_grid,
    mark,
    neighbours,
    prediction_grid,
    result_figure,
)
from helpers.plots.labels import (
    label_error_curves,
    label_gallery,
    precision_recall,
    reliability_curves,
    suspect_gallery,
)
from helpers.plots.networks import imagenet_history, inverted_residual, relu6
from helpers.plots.sizes import (
    batch_rows,
    by_group,
    lines,
    memory,
    pyramid,
    side_by_side,
    strategies,
)
from helpers.plots.style import save
from helpers.plots.training import (
    accuracy_curves,
    epoch_curves,
    learning_rate_curve,
    loss_curves,
    lr_range,
)
