# Thin on purpose: each target is a line of shell or Python; the work is in tools/ and data_scripts/.
PYTHON ?= python3
# A pair that is known to work; another Python may have no build of it, then pip chooses.
TORCH ?= torch==2.14.1 torchvision==0.29.1
NOTEBOOKS ?=
REPO ?=

PY := .venv/bin/python
INSTALLED := .venv/installed
# Most of 15,000 modules are never imported; those that are get compiled then.
PIP := $(PY) -m pip install --no-compile
unexport PYTHONDONTWRITEBYTECODE
# Data of another form is fetched or is somebody's own; the shortcut is drawn for all.
RENDERED := $(if $(filter-out rendered,$(COURSE_DATA)),,data/rendered/drones data/rendered/panoramas) data/rendered/shortcut

.PHONY: help course real test lab bench stress publish publish-real badges clean ready

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-12s %s\n", $$1, $$2 }'

course: ready ## run the notebooks on rendered data into build/notebooks/ (NOTEBOOKS="02 03" for some)
	@$(PY) -m tools.execute $(NOTEBOOKS)

real: $(INSTALLED) ## the same on real photos, fetched first (COURSE_MIRROR=folder for a local copy)
	@$(PY) -m data_scripts.fetch_drones
	@$(PY) -m data_scripts.fetch_panoramas
	@COURSE_DATA=real $(PY) -m tools.execute $(NOTEBOOKS)

test: ready ## unit tests, then every notebook
	@$(PY) -m tools.environment pytest --nbmake tests notebooks

lab: ready ## JupyterLab, opened at the first notebook
	@$(PY) -m tools.environment jupyterlab notebooks/01_data_exploration.ipynb

bench: ready ## maintainers: side-by-side timings for images of any size, six minutes on a quiet machine
	@$(PY) -m tools.environment tests.benchmarks

stress: ready ## maintainers: trainings killed, files damaged by the thousand, ten minutes
	@$(PY) -m tools.environment tests.stress

publish: ready ## maintainers: execute the notebooks in place, refresh Save_Model/ and the README's tables
	@$(PY) -m data_scripts.fetch_drones
	@$(PY) -m tools.publish

publish-real: $(INSTALLED) ## maintainers: the same on real photos, numbers alone (COURSE_MIRROR=folder for a local copy)
	@$(PY) -m data_scripts.fetch_drones
	@$(PY) -m data_scripts.fetch_panoramas
	@$(PY) -m tools.publish real

badges: ## after a fork: make badges REPO=owner/name points every address at it
	@echo '$(REPO)' | grep -Ex '[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_.-]+' | grep -vq '\.git$$' || { echo 'make badges REPO=owner/name, as in REPO=ada/transfer-learning-course' >&2; exit 1; }
	@old=$$(sed -n 's|^Repository = "https://github.com/\(.*\)"$$|\1|p' pyproject.toml) && files=$$(git grep -lIF "$$old") && echo "$$files" && sed -i.old "s|$$old|$(REPO)|g" $$files && rm $$(printf '%s.old ' $$files)

clean: ## remove build/, Save_Model/runs/ and caches; never data/
	@rm -rf build Save_Model/runs .pytest_cache .ruff_cache .import_linter_cache *.egg-info
	@find . -name .venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -prune -exec rm -rf {} +

ready: $(INSTALLED) $(RENDERED)

data/rendered/%: | $(INSTALLED)
	@$(PY) -m data_scripts.render_$*

# The stamp is touched last, so an install that was cut off starts again.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "$(PYTHON) is Python %d.%d; the course needs 3.10 or newer: make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@$(PY) -c 'import torch, torchvision' 2>/dev/null || $(PIP) $(TORCH) || $(PIP) torch torchvision
	@echo 'installing the course into .venv' && $(PIP) -q -e '.[dev]'
	@touch $@
