"""Checks of the exercises: `import check`, then `check.ex_02_1(answer)` says whether an answer is
right, or what is wrong and why."""

from check.notebook_01 import ex_01_1, ex_01_2, ex_01_3
from check.notebook_02 import ex_02_1, ex_02_2, ex_02_3
from check.notebook_03 import ex_03_1, ex_03_2, ex_03_3
from check.notebook_04 import ex_04_1, ex_04_2, ex_04_3
from check.notebook_05 import ex_05_1, ex_05_2, ex_05_3
from check.notebook_06 import ex_06_1, ex_06_2, ex_06_3
from check.notebook_07 import ex_07_1, ex_07_2, ex_07_3
