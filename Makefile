.PHONY: setup
setup:
	@python3 -m tools.venv
	@.tools/venv/bin/python -m tools.setup
