"""The tested code under the transfer-learning course.

Modules in the direction that data flows: `images`, `sizes`, `label_table`, `image_dataset`,
`datasets`, `splits`, `transforms`, `batching`, `backbones`, `models`, `memory`, `features`,
`history`, `callbacks`, `trainer`, `lr_range`, `metrics`, `multilabel`, `label_audit`, `explain`,
`map_quality`, `faithfulness`, `recipes`, `phases`, `plots`, `curves`, `size_plots`, `label_plots`,
`map_plots`, `map_charts`; `course` knows the folders and settings, `errors` holds what all need to
tell errors. Importing the package imports none of them: each notebook names what it uses.
"""

import warnings

# Of libraries that draw their own progress bars; the course's are plain text.
warnings.filterwarnings("ignore", message="IProgress not found")
