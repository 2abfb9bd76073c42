"""What the notebooks find in their own folder."""

import sys

from tools.environment import ROOT

sys.path.insert(0, str(ROOT / "notebooks"))  # where a kernel finds `check`
sys.path.insert(0, str(ROOT / "tests" / "tools"))  # its test of pages knows GitHub's anchors
