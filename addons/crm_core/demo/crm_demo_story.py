import logging
import random
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command

from . import story_data

_logger = logging.getLogger(__name__)

SEED = 1847
# Share of the usual demand by month for those who buy with the seasons.
SEASON = {1: 0.6, 6: 0.4, 7: 0.5, 8: 2.2, 9: 1.8, 12: 0.5}
PAYMENT_RUN_DAYS = 14  # payments are entered every other week
PAYMENT_DAYS = 30


class CrmDemoStory(models.AbstractModel):
    """Two years of a mid-size wholesaler, made by the ERP's own flows. Demo data only.

    Everything is done for all orders at once and dated back afterwards; that keeps the installation
    short. The story ends on the day of installation.
    """

    _name = "crm.demo.story"
    _description = "Demo story of a wholesaler"

    @api.model
    def _create_story(self):
        self = self.with_context(  # noqa: PLW0642 - nobody follows or is told about made-up documents
            tracking_disable=True,
            mail_create_nosubscribe=True,
            mail_notrack=True,
            no_reset_password=True,
        ).with_company(self.env.ref("base.main_company"))
        chance = random.Random(SEED)
        products = self._create_products()
        customers, sellers = self._create_customers(chance)
        plan = self._plan_orders(chance, customers)
        orders = self._create_orders(plan, products, sellers)
        self._deliver(chance, plan, orders)
        self._send_back(chance, plan, orders)
        self._invoice_and_pay(chance, plan, orders)
        self._create_open_business(products, customers, sellers)
        self._collect_facts()
        self._create_offers(customers)
        self._log_contacts(customers, sellers)
        _logger.info("Demo story: %s customers, %s orders", len(customers), len(orders))

    # Master data ------------------------------------------------------

    def _create_products(self):
        category = self.env["product.category"].create({"name": "Office Supply"})
        products = {}
        for key, (name, price, cost, kind) in story_data.PRODUCTS.items():
            products[key] = self.env["product.product"].create(
                {
                    "name": name,
                    "default_code": f"NG-{key[:4].upper()}",
                    "list_price": price,
                    "standard_price": cost,
                    "categ_id": category.id,
                    "type": "service" if kind == "service" else "consu",
                    "is_storable": kind != "service",
                    "invoice_policy": "order" if kind == "service" else "delivery",
                    "crm_is_durable": kind == "durable",
                    "taxes_id": [Command.clear()],
                }
            )
        stock = (
            self.env["stock.warehouse"]
            .search([("company_id", "=", self.env.company.id)], limit=1)
            .lot_stock_id
        )
        for product in products.values():
            if product.is_storable:
                self.env["stock.quant"]._update_available_quantity(product, stock, 9000)
        return products

    def _create_customers(self, chance):
        """:return: {name: partner}, {partner: salesperson}"""
        team = self.env.ref("sales_team.team_sales_department")
        users = [
            self._create_seller("Mia Carter", "mia", "sales_team.group_sale_salesman"),
            self._create_seller("Petra Novak", "petra", "sales_team.group_sale_manager"),
            self.env.ref("base.user_demo"),
        ]
        for user in users:
            if user not in team.member_ids:
                team.member_ids |= user
        pricelist = self._create_euro_pricelist()
        key_account = self.env["res.partner.category"].create({"name": "Key account", "color": 4})
        customers, sellers = {}, {}
        rows = [
            *((name, None, row[0], row[-1]) for name, row in story_data.CUSTOMERS.items()),
            *((name, row[0], row[1], row[-1]) for name, row in story_data.GROUP.items()),
            *((name, None, row[0], "") for name, row in story_data.PROSPECTS.items()),
        ]
        for number, (name, parent, city, traits) in enumerate(rows):
            slug = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())
            values = {
                "name": name,
                "is_company": True,
                "city": city,
                **self._get_place(city),
                "email": f"office@{slug}.example.com",
                "phone": f"+1 555 {100 + number:03d} {2000 + number * 7}",
                "user_id": users[number % 3].id,
                "parent_id": customers[parent].id if parent else False,
                "category_id": [Command.link(key_account.id)] if "grows" in traits else False,
            }
            if "euro" in traits:
                values["property_product_pricelist"] = pricelist.id
            partner = self.env["res.partner"].create(values)
            self._create_contacts(chance, partner, slug)
            customers[name], sellers[partner] = partner, users[number % 3]
        return customers, sellers

    def _create_seller(self, name, login, group):
        return self.env["res.users"].create(
            {
                "name": name,
                "login": login,
                "password": login,
                "email": f"{login}@northgate.example.com",
                "company_id": self.env.company.id,
                "company_ids": [Command.set(self.env.company.ids)],
                "group_ids": [Command.set([self.env.ref("base.group_user").id, self.env.ref(group).id])],
            }
        )

    def _create_contacts(self, chance, partner, slug):
        for name, function in chance.sample(story_data.CONTACTS, chance.randint(1, 3)):
            first = name.split()[0].lower()
            self.env["res.partner"].create(
                {
                    "name": name,
                    "function": function,
                    "parent_id": partner.id,
                    "email": f"{first}@{slug}.example.com".replace("á", "a"),
                }
            )

    def _create_euro_pricelist(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        return self.env["product.pricelist"].create({"name": "Europe (EUR)", "currency_id": euro.id})

    def _get_place(self, city):
        country = self.env["res.country"].search(
            [("code", "=", story_data.COUNTRIES.get(city, "US"))], limit=1
        )
        region = country.state_ids.filtered(lambda state: state.code == story_data.REGION_OF.get(city))
        return {"country_id": country.id, "state_id": region.id}

    # Orders -----------------------------------------------------------

    def _plan_orders(self, chance, customers):
        """:return: list of (partner, days ago, [(product key, quantity)], traits), oldest first"""
        plan = []
        rows = {
            **story_data.CUSTOMERS,
            **{name: row[1:] for name, row in story_data.GROUP.items()},
        }
        for name, (_city, basket, interval, spread, first, last, traits) in rows.items():
            days = self._plan_days(chance, interval, spread, first, last)
            for number, days_ago in enumerate(days):
                factor = self._plan_factor(chance, traits, days_ago, number / len(days))
                lines = self._plan_lines(basket, number, factor, traits.split())
                plan.append((customers[name], days_ago, lines, traits))
        return sorted(plan, key=lambda row: -row[1])

    def _plan_days(self, chance, interval, spread, first, last):
        """Days ago of each order, counted back from the last one so that the rhythm ends as told."""
        days, day = [], float(last)
        while day <= first:
            days.append(round(day))
            day += max(5, chance.gauss(interval, spread))
        return days[::-1]

    def _plan_factor(self, chance, traits, days_ago, share_of_history):
        """How much more or less than usual an order is."""
        factor = chance.uniform(0.8, 1.25)
        if "seasonal" in traits:
            factor *= SEASON.get(self._moment(days_ago).month, 1)
        if "grows" in traits:
            factor *= 0.6 + 0.9 * share_of_history
        return factor

    def _plan_lines(self, basket, number, factor, traits):
        lines = [
            (key, max(1, round(quantity * factor)))
            for place, (key, quantity, every) in enumerate(story_data.BASKETS[basket])
            if (number + place) % every == 0
        ]
        if number == 0:
            durable = [trait.split(":")[1] for trait in traits if trait.startswith("first:")]
            lines += [(key, 1) for key in durable] + ([("setup", 1)] if durable else [])
        if "service" in traits and number % 6 == 3:
            lines.append(("service", 1))
        return lines

    def _create_orders(self, plan, products, sellers):
        orders = self.env["sale.order"].create(
            [
                {
                    "partner_id": partner.id,
                    "user_id": sellers[partner].id,
                    "date_order": self._moment(days_ago),
                    "order_line": [
                        Command.create({"product_id": products[key].id, "product_uom_qty": quantity})
                        for key, quantity in lines
                    ],
                }
                for partner, days_ago, lines, _traits in plan
            ]
        )
        orders.action_confirm()
        for order, (_partner, days_ago, _lines, _traits) in zip(orders, plan, strict=True):
            order.date_order = self._moment(days_ago)
        return orders

    def _moment(self, days_ago, hour=10):
        now = fields.Datetime.now().replace(hour=hour, minute=0, second=0, microsecond=0)
        return now - timedelta(days=days_ago)

    # Deliveries -------------------------------------------------------

    def _deliver(self, chance, plan, orders):
        """Deliver all but the newest orders; some in part, some too late."""
        self.env.company.stock_text_confirmation = False  # no text messages to invented numbers
        done = []
        for order, (_partner, days_ago, _lines, traits) in zip(orders, plan, strict=True):
            picking = order.picking_ids
            if not picking or days_ago < 5:
                continue
            partial = "partial" in traits and chance.random() < 0.25
            for move in picking.move_ids:
                share = chance.choice((0.5, 0.75)) if partial else 1
                move.write(
                    {
                        "quantity": max(1, int(move.product_uom_qty * share)),
                        "picked": True,
                        "date_deadline": self._moment(days_ago - 3),
                    }
                )
            took = 5 if chance.random() < (0.3 if "partial" in traits else 0.08) else chance.choice((1, 2, 3))
            done.append((picking, days_ago - took))
        pickings = self.env["stock.picking"].union(*(picking for picking, _days in done))
        pickings._action_done()
        for picking, days_ago in done:
            picking.date_done = self._moment(max(days_ago, 0), hour=15)
            picking.move_ids.date = picking.date_done
        self._finish_backorders(chance, pickings)

    def _finish_backorders(self, chance, pickings):
        late = pickings.backorder_ids.filtered(lambda picking: chance.random() < 0.8)
        for move in late.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        late._action_done()
        for picking in late:
            picking.date_done = min(picking.backorder_id.date_done + timedelta(days=9), fields.Datetime.now())

    def _send_back(self, chance, plan, orders):
        for order, (_partner, days_ago, _lines, traits) in zip(orders, plan, strict=True):
            if "returns" not in traits or days_ago < 20 or chance.random() > 0.3:
                continue
            picking = order.picking_ids.filtered(lambda picking: picking.state == "done")[:1]
            move = picking.move_ids[:1]
            wizard = self.env["stock.return.picking"].with_context(
                active_id=picking.id, active_ids=picking.ids, active_model="stock.picking"
            )
            wizard = wizard.create({"picking_id": picking.id})
            quantity = max(1, int(move.quantity * 0.4))
            for line in wizard.product_return_moves:
                line.quantity = quantity if line.move_id == move else 0
            back = wizard._create_return()
            for returned in back.move_ids:
                returned.write({"quantity": quantity, "picked": True})
            back._action_done()
            back.date_done = picking.date_done + timedelta(days=6)

    # Money ------------------------------------------------------------

    def _invoice_and_pay(self, chance, plan, orders):
        rows = {
            order: (days_ago, traits)
            for order, (_partner, days_ago, _lines, traits) in zip(orders, plan, strict=True)
            if days_ago >= 7 and order.invoice_status == "to invoice"
        }
        posted = self.env["sale.order"].union(*rows)._create_invoices(grouped=True, final=True)
        invoices = []
        for invoice in posted:
            days_ago, traits = rows[invoice.line_ids.sale_line_ids.order_id]
            day = self._moment(days_ago - 4).date()
            invoice.write(
                {
                    "invoice_date": day,
                    "invoice_payment_term_id": False,
                    "invoice_date_due": day + timedelta(days=PAYMENT_DAYS),
                }
            )
            invoices.append((invoice, traits))
        posted.action_post()
        self._refund_some(chance, invoices)
        self._pay(chance, invoices)

    def _refund_some(self, chance, invoices):
        for invoice, traits in invoices:
            if "returns" in traits and invoice.move_type == "out_invoice" and chance.random() < 0.15:
                wizard = self.env["account.move.reversal"].with_context(
                    active_model="account.move", active_ids=invoice.ids
                )
                wizard = wizard.create(
                    {
                        "journal_id": invoice.journal_id.id,
                        "reason": "Goods damaged in transit",
                        "date": invoice.invoice_date + timedelta(days=8),
                    }
                )
                wizard.refund_moves()
                refund = wizard.new_move_ids
                refund.invoice_line_ids[1:].unlink()
                refund.action_post()

    def _pay(self, chance, invoices):
        today = fields.Date.today()
        runs = defaultdict(lambda: self.env["account.move"])
        for invoice, traits in invoices:
            if invoice.move_type != "out_invoice":
                continue
            delay = chance.randint(45, 75) if "late_payer" in traits else chance.randint(18, 34)
            day = invoice.invoice_date + timedelta(days=delay)
            day += timedelta(days=-day.toordinal() % PAYMENT_RUN_DAYS)
            if day <= today:
                runs[day, invoice.currency_id] |= invoice
        for (day, _currency), due in runs.items():
            wizard = self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=due.ids
            )
            wizard.create({"payment_date": day, "group_payment": False})._create_payments()

    # What is open today -----------------------------------------------

    def _create_open_business(self, products, customers, sellers):
        for name, (_city, basket, revenue) in story_data.PROSPECTS.items():
            partner = customers[name]
            lead = self._create_opportunity(partner, f"Framework contract {name}", revenue, sellers[partner])
            if basket:
                self._create_quotation(partner, basket, products, sellers[partner], lead)
        for name, subject, revenue in (
            ("Pixelforge Studios", "New studio in Dallas", 18000),
            ("Kestrel Group", "Yearly contract for all branches", 52000),
            ("Harbor & Hale Law Offices", "Document archive", 7500),
        ):
            self._create_opportunity(customers[name], subject, revenue, sellers[customers[name]])
        for name in ("Harbor & Hale Law Offices", "Old Mill Hotel", "Tidewater Insurance"):
            basket = story_data.CUSTOMERS[name][1]
            self._create_quotation(customers[name], basket, products, sellers[customers[name]])

    def _create_opportunity(self, partner, name, revenue, user):
        return self.env["crm.lead"].create(
            {
                "name": name,
                "type": "opportunity",
                "partner_id": partner.id,
                "expected_revenue": revenue,
                "user_id": user.id,
            }
        )

    def _create_quotation(self, partner, basket, products, user, lead=None):
        order = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "user_id": user.id,
                "opportunity_id": lead.id if lead else False,
                "order_line": [
                    Command.create({"product_id": products[key].id, "product_uom_qty": quantity})
                    for key, quantity, _every in story_data.BASKETS[basket]
                ],
            }
        )
        order.action_quotation_sent()
        order.date_order = self._moment(9)

    def _collect_facts(self):
        self.env["crm.customer.dirty"]._fold()
        # Those who did business before the story too, so that the sums agree with the reports.
        customers = self.env["sale.order"].search([("state", "!=", "cancel")]).partner_id
        customers |= self.env["account.move"].search([("state", "=", "posted")]).partner_id
        self.env["crm.customer.stat"]._refresh(self.env.company, customers.commercial_partner_id)
        self.env["crm.product.stat"]._refresh(self.env.company)
        self.env["crm.product.pair"]._refresh(self.env.company)
        self.env["crm.fact.check"]._check_facts(self.env.company)

    def _create_offers(self, customers):
        """Offers for a selection: some to talk about, one a quotation already, one refused."""
        batch = self.env["crm.offer.batch"]._create_for(
            self.env["res.partner"].concat(*(customers[name] for name in story_data.OFFERED))
        )
        batch.write(
            {
                "name": "Due and late, this week",
                "user_id": self.env["res.users"].search([("login", "=", "petra")]).id,
                "make_quotations": False,
            }
        )
        batch.action_generate()
        for line in batch.line_ids:
            line._process()
        batch._close_finished()
        proposed, refused = batch.offer_ids[0], batch.offer_ids[-1]
        proposed._make_quotation().action_quotation_sent()
        refused.action_decline("Storeroom is full until spring")
        self.env["crm.customer.dirty"]._fold()

    def _log_contacts(self, customers, sellers):
        for name, days_ago, channel, direction, outcome, subject, next_step in story_data.LOGGED:
            partner = customers[name]
            self.env["crm.contact.log"].create(
                {
                    "partner_id": (partner.child_ids[:1] or partner).id,
                    "date": self._moment(days_ago),
                    "channel": channel,
                    "direction": direction,
                    "outcome": outcome,
                    "subject": subject,
                    "user_id": sellers[partner].id,
                    "next_step": next_step,
                }
            )
