# Two targets do everything on a fresh machine: `make raid` (set up, run the main job) and `make test` (set up, pass the
# tests). Each stamp under .venv says which lock was installed, so that a second call installs nothing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCENARIO ?= ain-al-asad-2021
OUT ?= out/$(SCENARIO)

.PHONY: raid test quick matrix mutate lint types prove clean lock
.DELETE_ON_ERROR:

raid: $(VENV)/run.stamp
	$(BIN)/tocsin run $(SCENARIO) --out $(OUT)

test: $(VENV)/test.stamp
	PYTHON=$(BIN)/python sh scripts/test.sh

quick: $(VENV)/test.stamp
	PYTHON=$(BIN)/python sh scripts/quick.sh

matrix: $(VENV)/test.stamp
	BIN=$(BIN) sh scripts/matrix.sh

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/test.stamp
	$(BIN)/mypy

prove: $(VENV)/test.stamp
	$(BIN)/python -m tools.prove $(TARGET)

mutate: $(VENV)/test.stamp
	$(BIN)/python -m tools.mutate

$(VENV)/installer.stamp: requirements/installer.txt
	PYTHON=$(PYTHON) VENV=$(VENV) sh scripts/venv.sh
	touch $@

$(VENV)/run.stamp: $(VENV)/installer.stamp requirements/run.txt pyproject.toml
	BIN=$(BIN) sh scripts/install.sh requirements/run.txt
	touch $@

$(VENV)/test.stamp: $(VENV)/installer.stamp requirements/test.txt pyproject.toml
	BIN=$(BIN) sh scripts/install.sh requirements/test.txt
	touch $@

lock: $(VENV)/installer.stamp
	BIN=$(BIN) sh scripts/lock.sh

clean:
	rm -rf $(VENV) out build dist
