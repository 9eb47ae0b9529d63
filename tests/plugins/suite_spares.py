"""Pytest plugin that has ready what many tests ask for and the ERP takes long to make.

* Companies: with its warehouse, routes and sequences one takes a quarter of a second. A few archived
  ones are made before the first test; a test that creates a company of which it says no more than the
  name gets one of them, and the end of the test puts it back.
* Portraits of users: the ERP draws the initials of each new user in five sizes. Nobody looks at them.

Under Odoo's own test runner the tests do without.
"""

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import pytest

from odoo import SUPERUSER_ID, api
from odoo.orm.registry import Registry
from odoo.tests.common import get_db_name

from odoo.addons.base.models.avatar_mixin import AvatarMixin

# As many as one test asks for.
SPARES = 2
NAME = "Spare company of the tests"
# Values a company may be given afterwards as well.
PLAIN = {"name", "crm_timezone"}


@contextmanager
def replaced(model, name, method):
    """Another method for a class of the registry, unless its models are set up anew meanwhile."""
    setattr(model, name, method)
    try:
        yield
    finally:
        if vars(model).get(name) is method:
            delattr(model, name)


@pytest.fixture(scope="session", autouse=True)
def spare_companies(load_registry):
    """Make them, and give them to the tests."""
    with Registry(get_db_name()).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        spares = env["res.company"].create([{"name": f"{NAME} {number}"} for number in range(SPARES)])
        if "stock.warehouse" in env:
            # The ERP makes one with the company only while a test runs.
            has_one = env["stock.warehouse"].search([("company_id", "in", spares.ids)]).company_id
            env["stock.warehouse"].create([{"company_id": company.id} for company in spares - has_one])
        env.flush_all()
        # In SQL: archiving one would archive its warehouse as well.
        cr.execute("UPDATE res_company SET active = FALSE WHERE id = ANY(%s)", [spares.ids])
        cr.execute("UPDATE res_partner SET active = FALSE WHERE id = ANY(%s)", [spares.partner_id.ids])
        env.invalidate_all()
        if "crm.customer.dirty" in env:
            # What the queue of facts holds is theirs: the database is fresh.
            env["crm.customer.dirty"].search([]).unlink()
        ids = spares.ids

    def create(self, vals_list):
        given = vals_list if isinstance(vals_list, list) else [vals_list]
        if all(set(vals) <= PLAIN for vals in given):
            spares = _take(self, ids, given)
            if spares:
                return spares
        return make(self, vals_list)

    # The class of the registry: what all addons add to creating a company is done already.
    companies = Registry(get_db_name())["res.company"]
    make = companies.create
    create._api_model = True

    def used(self):
        return every(self).filtered(lambda company: not company.name.startswith(NAME))

    with ExitStack() as stack:
        stack.enter_context(replaced(companies, "create", create))
        if hasattr(companies, "_crm_all"):
            # What our addons keep company by company, archived ones included, is not kept for spares.
            every = companies._crm_all
            used._api_model = True
            stack.enter_context(replaced(companies, "_crm_all", used))
        yield


def _take(model, ids, vals_list):
    """Companies that stand ready, with these values; none when there are too few of them."""
    ready = model.sudo().browse(ids).exists().filtered(lambda company: not company.active)
    if len(ready) < len(vals_list):
        return None
    taken = ready[: len(vals_list)]
    taken.partner_id.write({"active": True})
    for company, vals in zip(taken, vals_list, strict=True):
        company.write({**vals, "active": True})
    # As after creating them: the user may work in them.
    model.env.user.sudo().write({"company_ids": [(4, company.id) for company in taken]})
    return model.browse(taken.ids)


@pytest.fixture(scope="session", autouse=True)
def no_portraits(load_registry):
    """Draw none for new users."""
    users = Registry(get_db_name())["res.users"]
    make, draw = users.create, AvatarMixin._avatar_generate_svg
    making = []

    def create(self, vals_list):
        making.append(True)
        try:
            return make(self, vals_list)
        finally:
            making.pop()

    create._api_model = True
    with (
        replaced(users, "create", create),
        patch.object(AvatarMixin, "_avatar_generate_svg", lambda self: False if making else draw(self)),
    ):
        yield
