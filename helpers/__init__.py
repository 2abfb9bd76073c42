"""The tested code under the transfer-learning course.

Modules in the direction that data flows: `images`, `datasets`, `transforms`, `backbones`, `models`,
`features`, `trainer` (with `callbacks` and `lr_range`), `metrics`, `plots`; `course` knows the
folders. Importing the package imports none of them: each notebook names what it uses.
"""

import warnings

# Of libraries that draw their own progress bars; the course's are plain text.
warnings.filterwarnings("ignore", message="IProgress not found")
