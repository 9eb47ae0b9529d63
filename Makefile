# The commands of this checkout. The work is done by config/manage.py; variables are explained in README.md.
PYTHON ?= python3

export PORT DB DEMO ADDONS K BROWSER NAME WORKERS ODOO_SOURCE YES

COMMANDS = run test lint benchmark shell psql stop clean help

.DEFAULT_GOAL = help
.PHONY: $(COMMANDS)

$(COMMANDS):
	@$(PYTHON) config/manage.py $@
