from datetime import datetime, timedelta

from odoo import Command, fields
from odoo.tests import Form
from odoo.tools import SQL

from odoo.addons.base.tests.common import BaseCommon


class CrmCoreCommon(BaseCommon):
    """A company that sells paper, toner and a service, and the ERP's own flows as short verbs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.write({"crm_timezone": "UTC", "crm_offer_stock_policy": "any"})
        cls.Stat = cls.env["crm.customer.stat"]
        cls.Dirty = cls.env["crm.customer.dirty"]
        cls.Fact = cls.env["crm.customer.product"]
        cls.today = cls.company._crm_today()
        cls.paper, cls.toner, cls.stapler, cls.training = cls.env["product.product"].create(
            [
                cls._product_values("Paper A4", 30.0),
                cls._product_values("Toner XL", 90.0),
                cls._product_values("Stapler", 20.0),
                cls._product_values("Training", 100.0, type="service", invoice_policy="order"),
            ]
        )
        cls.customer = cls.make_customer("Alma Wholesale")
        cls.contact = cls.env["res.partner"].create({"name": "Anna", "parent_id": cls.customer.id})

    # Fixtures ---------------------------------------------------------

    @classmethod
    def make_product(cls, name, price, **values):
        return cls.env["product.product"].create(cls._product_values(name, price, **values))

    @staticmethod
    def _product_values(name, price, **values):
        return {
            "name": name,
            "list_price": price,
            "type": "consu",
            "is_storable": values.get("type", "consu") == "consu",
            "invoice_policy": "delivery",
            "taxes_id": [Command.clear()],
            **values,
        }

    @classmethod
    def make_customer(cls, name, **values):
        return cls.env["res.partner"].create({"name": name, "is_company": True, **values})

    @classmethod
    def at(cls, days_ago, hour=12):
        """Noon (UTC) of the day that many days before today."""
        day = cls.today - timedelta(days=days_ago)
        return datetime(day.year, day.month, day.day, hour)

    # The ERP's flows --------------------------------------------------

    @classmethod
    def quote(cls, partner, products, **values):
        """:param products: [(product, quantity)] or [(product, quantity, line values)]"""
        lines = [
            Command.create(
                {
                    "product_id": product.id,
                    "product_uom_qty": quantity,
                    **(extra[0] if extra else {}),
                }
            )
            for product, quantity, *extra in products
        ]
        return cls.env["sale.order"].create({"partner_id": partner.id, "order_line": lines, **values})

    @classmethod
    def order(cls, partner, products, days_ago=0, **values):
        order = cls.quote(partner, products, **values)
        order.action_confirm()
        # Noon of today may be still to come.
        order.date_order = min(cls.at(days_ago), fields.Datetime.now())
        return order

    @classmethod
    def deliver(cls, order, days_ago=0):
        for picking in order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel")):
            for move in picking.move_ids:
                move.write({"quantity": move.product_uom_qty, "picked": True})
            picking.button_validate()
            picking.date_done = min(cls.at(days_ago), fields.Datetime.now())
        return order.picking_ids

    @classmethod
    def send_back(cls, picking, quantity, to_refund=True):
        form = Form(
            cls.env["stock.return.picking"].with_context(
                active_id=picking.id, active_ids=picking.ids, active_model="stock.picking"
            )
        )
        wizard = form.save()
        wizard.product_return_moves.write({"quantity": quantity, "to_refund": to_refund})
        action = wizard.action_create_returns()
        back = cls.env["stock.picking"].browse(action["res_id"])
        for move in back.move_ids:
            move.write({"quantity": quantity, "picked": True})
        back.button_validate()
        return back

    @classmethod
    def invoice(cls, order, days_ago=0):
        invoice = order._create_invoices(final=True)
        invoice.invoice_date = fields.Date.to_string(cls.at(days_ago).date())
        invoice.action_post()
        return invoice

    @classmethod
    def bill(cls, partner, product, price, move_type="out_invoice", days_ago=0, **values):
        """An invoice or refund written by hand, without an order."""
        move = cls.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": partner.id,
                "invoice_date": cls.at(days_ago).date(),
                "invoice_date_due": cls.at(days_ago).date(),
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "quantity": 1,
                            "price_unit": price,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **values,
            }
        )
        move.action_post()
        return move

    @classmethod
    def pay(cls, invoice, days_ago=0, amount=None):
        values = {"payment_date": cls.at(days_ago).date()}
        if amount:
            values["amount"] = amount
        wizard = cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        wizard.create(values).action_create_payments()

    # Facts ------------------------------------------------------------

    @classmethod
    def stat(cls, partner, company=None):
        """The customer's facts, after what has been queued is folded."""
        cls.Dirty._fold()
        company = company or cls.company
        return cls.Stat.search([("partner_id", "=", partner.id), ("company_id", "=", company.id)])

    @classmethod
    def fact(cls, partner, product):
        cls.Dirty._fold()
        return cls.Fact.search(
            [
                ("partner_id", "=", partner.id),
                ("product_id", "=", product.id),
                ("company_id", "=", cls.company.id),
            ]
        )

    @classmethod
    def snapshot(cls, partners):
        """All derived rows of these customers as plain values, without ids and time of computing."""
        cls.env.flush_all()
        rows = []
        for model in (cls.Stat, cls.Fact):
            names = sorted(
                name
                for name, field in model._fields.items()
                if field.store and field.column_type and name not in ("id", "computed_at")
            )
            for record in model.search(
                [("partner_id", "in", partners.ids)], order="company_id, partner_id, id"
            ):
                values = record.read(names, load=None)[0]
                values.pop("id")
                rows.append((model._name, sorted(values.items(), key=str)))
        return sorted(rows, key=str)

    def assert_rebuild_changes_nothing(self, customers):
        """The rows kept step by step are those that a collection from nothing makes."""
        self.Dirty._fold()
        kept = self.snapshot(customers)
        self.assertTrue(kept)
        for model in (self.Stat, self.Fact):
            model.search([("partner_id", "in", customers.ids)]).unlink()
        self.Stat._refresh(self.company, customers)
        self.assertEqual(self.snapshot(customers), kept)

    def assert_asks_for_rebuild(self, hook):
        """Facts collected without an addon are collected anew when it comes or goes."""
        Rebuild = self.env["crm.customer.rebuild"]
        Rebuild.search([]).action_cancel()
        hook(self.env)
        self.assertTrue(Rebuild._is_running(self.company))

    def assert_timeline_follows_the_addon(self, source, post_init_hook, uninstall_hook, get_rows):
        """The rows of an addon's source go with it, and come back from the records when it is installed.

        :param str source: name of the model
        :param get_rows: gives the rows of the timeline, of which there are some
        """
        Fill = self.env["crm.interaction.fill"]
        before = [row["res_id"] for row in get_rows()]
        uninstall_hook(self.env)
        self.assertFalse(get_rows())
        self.assertFalse(Fill.search([("model_id.model", "=", source)]))
        post_init_hook(self.env)
        fill = Fill.search([("model_id.model", "=", source)])
        while not fill.is_done:
            fill._do_batch()
        self.assertEqual([row["res_id"] for row in get_rows()], before)

    def translate_choice(self, model, fname, value, words):
        """What a choice of a selection is called in French.

        :return: the customer, for a reader who speaks French
        """
        self.env["res.lang"]._activate_lang("fr_FR")
        choice = self.env["ir.model.fields.selection"].search(
            [("field_id.model", "=", model), ("field_id.name", "=", fname), ("value", "=", value)]
        )
        choice.with_context(lang="fr_FR").name = words
        return self.customer.with_context(lang="fr_FR")

    def places(self, text):
        """Tables and columns of the whole database that hold a text."""
        self.env.flush_all()
        columns = self.env.execute_query(
            SQL(
                """
                SELECT c.table_name, c.column_name FROM information_schema.columns c
                  JOIN information_schema.tables t USING (table_schema, table_name)
                 WHERE table_schema = current_schema AND table_type = 'BASE TABLE'
                   AND data_type IN ('character varying', 'text', 'jsonb')
                """
            )
        )
        found = set()
        for table, column in columns:
            query = SQL(
                "SELECT 1 FROM %s WHERE %s::text ILIKE %s LIMIT 1",
                SQL.identifier(table),
                SQL.identifier(column),
                f"%{text}%",
            )
            if self.env.execute_query(query):
                found.add(f"{table}.{column}")
        return found

    def assert_anonymizing_forgets(self, person, *words):
        """These words about the person stand somewhere in the database before, and nowhere after."""
        for word in words:
            self.assertTrue(self.places(word), word)
        person._crm_anonymize()
        for word in words:
            self.assertFalse(self.places(word), word)
