.PHONY: setup
setup:
	@python3 -m tools.setup
