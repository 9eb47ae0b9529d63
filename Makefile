# The commands of this checkout. The work is done by config/manage.py; variables are explained in README.md.
export PYTHON PORT DB DEMO ADDONS K BROWSER NAME WORKERS ODOO_SOURCE YES

COMMANDS = run test lint benchmark shell psql stop clean help

.DEFAULT_GOAL = help
.PHONY: $(COMMANDS)

$(COMMANDS):
	@$(or $(PYTHON),python3) config/manage.py $@
