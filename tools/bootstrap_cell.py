# On Colab this cell fetches and installs the course; anywhere else it does nothing.
import importlib.util
import os
import subprocess
import sys

COURSE = "https://github.com/transfer-learning-course/transfer-learning-course"
on_colab = importlib.util.find_spec("google") and importlib.util.find_spec("google.colab")
if on_colab and not os.path.exists("../tools/colab.py"):  # where it is, the cell has run before
    folder = os.path.abspath("transfer-learning-course")
    clone = ["git", "clone", "-q", "--depth", "1", COURSE, folder]
    install = [sys.executable, f"{folder}/tools/colab.py"]
    for command in [install] if os.path.exists(install[1]) else [clone, install]:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
    importlib.invalidate_caches()
    sys.path.insert(0, folder)
    os.chdir(f"{folder}/notebooks")
