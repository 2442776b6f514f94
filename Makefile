# Two commands are enough: `make demo` makes a video, `make app` opens the web app.
# Everything that is installed or cached lies in .venv; nothing else on the machine is touched.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
export GRADIO_ANALYTICS_ENABLED := False
export HF_HUB_OFFLINE := 1
export XDG_CACHE_HOME := $(CURDIR)/$(VENV)/cache
export MPLCONFIGDIR := $(CURDIR)/$(VENV)/cache/matplotlib
export HF_HOME := $(CURDIR)/$(VENV)/cache/huggingface

.PHONY: demo app test check bench format clean

demo: $(VENV)/.installed
	@mkdir -p outputs
	$(RUN) -m talkinghead.examples outputs
	$(RUN) -m talkinghead generate outputs/portrait.jpg outputs/speech.wav -o outputs/demo.mp4 \
		--emotion "quiet joy, a little nervous"
	@echo
	@echo "Your video: $(CURDIR)/outputs/demo.mp4"
	@echo "The web app: make app"

app: $(VENV)/.installed
	$(RUN) app.py

test: $(VENV)/.installed-dev
	$(RUN) -m pytest

check: $(VENV)/.installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --cache-dir $(VENV)/cache/mypy
	$(VENV)/bin/lint-imports --cache-dir $(VENV)/cache/import-linter
	$(RUN) -m pytest tests/contracts

bench: $(VENV)/.installed
	$(RUN) -m talkinghead.evaluation.benchmark --json benchmarks/results/latest.json

format: $(VENV)/.installed-dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean:
	rm -rf $(VENV) outputs

$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 13) else f"Python 3.11 or 3.12 is needed, {v[0]}.{v[1]} was found; run: make PYTHON=python3.11 demo")'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
