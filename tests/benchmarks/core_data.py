"""A seeded wholesaler in the real tables: customers with rhythms, orders, deliveries, invoices, payments.

Shape A: many customers with few orders each. Shape B: one key account with many contacts and orders.
Rows go in by COPY; secondary indexes of the big tables are dropped before and made again after.
"""

import io
import random
from datetime import date, timedelta

SEED = 20190
LINES_PER_ORDER = 3
REGULAR_PRODUCTS = 5
PRODUCTS = 2000
FAVORITISM = 2.5  # 1: all products alike; the higher, the more the first ones are preferred
RETURN_SHARE = 0.02
OPEN_SHARE = 0.05
PAYMENT_SHARE = 0.2
HELD_OUT = 2000  # customers whose last basket is kept out of the tables, to predict it

TABLES = (
    "res_partner",
    "sale_order",
    "sale_order_line",
    "account_move",
    "account_move_line",
    "account_partial_reconcile",
    "stock_picking",
    "stock_move",
)


class Wholesaler:
    """Fill one database; afterwards ``held_out`` has the baskets to predict: {partner id: {product id}}."""

    def __init__(self, env, customers, orders_per_customer, key_contacts, key_orders):
        self.env = env
        self.chance = random.Random(SEED)
        self.customers = customers
        self.orders_per_customer = orders_per_customer
        self.key_contacts = key_contacts
        self.key_orders = key_orders
        self.today = date.today()
        self.held_out = {}
        self.key_account = None

    def fill(self):
        self._learn_references()
        self._number_tables()
        indexes = self._drop_indexes()
        self._copy_partners()
        self._copy_documents()
        for (definition,) in indexes:
            self.env.cr.execute(definition)
        for table in TABLES:
            self.env.cr.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
        self.env.cr.commit()
        connection = self.env.cr._cnx
        connection.autocommit = True
        try:
            for table in TABLES:
                self.env.cr.execute(f"VACUUM ANALYZE {table}")
        finally:
            connection.autocommit = False
        self.env.invalidate_all()

    # What the ERP has already -----------------------------------------

    def _learn_references(self):
        """One order through the ERP's own flow; its rows tell the columns that must be filled."""
        env = self.env
        self.company = env.company
        env["product.product"].create(
            [
                {
                    "name": f"Product {number:04d}",
                    "type": "consu",
                    "is_storable": True,
                    "list_price": 5 + number % 90,
                    "taxes_id": False,
                }
                for number in range(PRODUCTS)
            ]
        )
        self.products = env["product.product"].search([("name", "like", "Product ____")], order="id").ids
        partner = env["res.partner"].create({"name": "Sample", "is_company": True})
        line = {"product_id": self.products[0], "product_uom_qty": 1}
        order = env["sale.order"].create({"partner_id": partner.id, "order_line": [(0, 0, line)]})
        order.action_confirm()
        picking = order.picking_ids
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking._action_done()
        invoice = order._create_invoices()
        invoice.action_post()
        env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        env.cr.commit()
        self.order, self.picking, self.invoice = order, picking, invoice
        receivable = invoice.line_ids.filtered(lambda row: row.account_id.account_type == "asset_receivable")
        partial = receivable.matched_credit_ids
        self.samples = {
            "res_partner": partner.id,
            "sale_order": order.id,
            "sale_order_line": order.order_line.id,
            "account_move": invoice.id,
            "account_move_line": receivable.id,
            "account_partial_reconcile": partial.id,
            "stock_picking": picking.id,
            "stock_move": picking.move_ids.id,
            "payment": partial.credit_move_id.move_id.id,
            "payment_line": partial.credit_move_id.id,
            "product_line": (invoice.line_ids - receivable)[:1].id,
        }
        self.customer_location = picking.location_dest_id.id
        self.stock_location = picking.location_id.id

    def _number_tables(self):
        self.next_id = {}
        for table in TABLES:
            self.env.cr.execute(f"SELECT max(id) FROM {table}")
            self.next_id[table] = self.env.cr.fetchone()[0] + 1

    def _drop_indexes(self):
        """Drop what COPY would keep up to date row by row; returns how to make it again."""
        self.env.cr.execute(
            """
            SELECT pg_get_indexdef(i.indexrelid), i.indexrelid::regclass::text
              FROM pg_index i
             WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisprimary
               AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
            """,
            [list(TABLES)],
        )
        indexes = self.env.cr.fetchall()
        for _definition, name in indexes:
            self.env.cr.execute(f"DROP INDEX {name}")
        self.env.cr.execute("SET session_replication_role = replica")
        return [(definition,) for definition, _name in indexes] + [
            ("SET session_replication_role = DEFAULT",)
        ]

    # COPY -------------------------------------------------------------

    def _writer(self, table, columns, sample=None):
        """A function that adds one row: the sample's row with these columns changed."""
        sample = self.samples[sample or table]
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = %s AND column_name != 'id'",
            [table],
        )
        names = [name for (name,) in self.env.cr.fetchall()]
        kept = [name for name in names if name not in columns]
        quoted = ", ".join(f'"{name}"' for name in kept)
        buffer = io.StringIO()
        query = f"COPY (SELECT {quoted} FROM {table} WHERE id = {sample}) TO STDOUT"
        self.env.cr._obj.copy_expert(query, buffer)
        tail = buffer.getvalue().rstrip("\n")
        return _Rows(self.env.cr, table, [*columns, *kept], tail)

    def _copy_partners(self):
        rows = self._writer(
            "res_partner",
            [
                "id",
                "name",
                "complete_name",
                "is_company",
                "parent_id",
                "commercial_partner_id",
                "email",
                "user_id",
            ],
        )
        first = self.next_id["res_partner"]
        self.customer_ids = list(range(first, first + self.customers))
        for id_ in self.customer_ids:
            rows.add(
                id_,
                f"Customer {id_}",
                f"Customer {id_}",
                "t",
                None,
                id_,
                f"c{id_}@example.com",
                None,
            )
        self.key_account = first + self.customers
        rows.add(self.key_account, "Key account", "Key account", "t", None, self.key_account, None, None)
        self.contact_ids = list(range(self.key_account + 1, self.key_account + 1 + self.key_contacts))
        for id_ in self.contact_ids:
            name = f"Contact {id_}"
            rows.add(
                id_,
                name,
                f"Key account, {name}",
                "f",
                self.key_account,
                self.key_account,
                None,
                None,
            )
        rows.flush()

    def _copy_documents(self):
        self.rows = {
            "order": self._writer(
                "sale_order",
                [
                    "id",
                    "name",
                    "partner_id",
                    "partner_invoice_id",
                    "partner_shipping_id",
                    "date_order",
                    "amount_untaxed",
                    "amount_total",
                    "access_token",
                ],
            ),
            "line": self._writer(
                "sale_order_line",
                [
                    "id",
                    "order_id",
                    "order_partner_id",
                    "product_id",
                    "product_uom_qty",
                    "qty_delivered",
                    "price_unit",
                    "price_subtotal",
                ],
            ),
            "invoice": self._writer(
                "account_move",
                [
                    "id",
                    "name",
                    "sequence_number",
                    "partner_id",
                    "commercial_partner_id",
                    "invoice_date",
                    "date",
                    "invoice_date_due",
                    "amount_untaxed_signed",
                    "payment_state",
                    "invoice_origin",
                    "access_token",
                ],
            ),
            "receivable": self._writer(
                "account_move_line",
                [
                    "id",
                    "move_id",
                    "partner_id",
                    "date",
                    "date_maturity",
                    "debit",
                    "balance",
                    "amount_residual",
                    "reconciled",
                    "full_reconcile_id",
                    "matching_number",
                ],
            ),
            "revenue": self._writer(
                "account_move_line",
                ["id", "move_id", "partner_id", "date", "credit", "balance", "price_subtotal"],
                sample="product_line",
            ),
            "payment": self._writer(
                "account_move",
                ["id", "name", "sequence_number", "partner_id", "commercial_partner_id", "date"],
                sample="payment",
            ),
            "paid": self._writer(
                "account_move_line",
                [
                    "id",
                    "move_id",
                    "partner_id",
                    "date",
                    "credit",
                    "balance",
                    "amount_residual",
                    "reconciled",
                ],
                sample="payment_line",
            ),
            "partial": self._writer(
                "account_partial_reconcile",
                ["id", "debit_move_id", "credit_move_id", "amount", "max_date"],
            ),
            "picking": self._writer(
                "stock_picking",
                [
                    "id",
                    "name",
                    "sale_id",
                    "partner_id",
                    "date_done",
                    "date_deadline",
                    "scheduled_date",
                ],
            ),
            "move": self._writer(
                "stock_move",
                [
                    "id",
                    "picking_id",
                    "sale_line_id",
                    "product_id",
                    "location_id",
                    "location_dest_id",
                    "product_uom_qty",
                    "product_qty",
                    "quantity",
                    "date",
                ],
            ),
        }
        held_out = set(self.chance.sample(self.customer_ids, min(HELD_OUT, len(self.customer_ids) // 2)))
        for number, partner_id in enumerate(self.customer_ids):
            baskets = self._baskets(self.orders_per_customer, partner_id in held_out)
            if partner_id in held_out:
                self.held_out[partner_id] = {product for product, _quantity in baskets.pop()[1]}
            for day, basket in baskets:
                self._document(partner_id, partner_id, day, basket)
            if number % 2000 == 0:
                self._flush()
        for _number in range(self.key_orders):
            contact = self.chance.choice(self.contact_ids)
            day = self.chance.randint(1, 1400)
            basket = [(self._popular(), self.chance.randint(1, 9)) for _line in range(LINES_PER_ORDER)]
            self._document(contact, self.key_account, day, basket)
        self._flush()

    def _flush(self):
        for rows in self.rows.values():
            rows.flush()

    def _popular(self):
        """A product: a few favorites, many that are seldom bought."""
        return self.products[int(PRODUCTS * self.chance.random() ** FAVORITISM)]

    def _baskets(self, count, with_next):
        """The orders of one customer: regular products when their own interval is over, else chance.

        :param bool with_next: one order more, that of today; without it the next one is still to come
        :return: [(days ago, [(product id, quantity)])], oldest first
        """
        chance = self.chance
        rhythm = chance.uniform(15, 60)
        regular = [
            (self._popular(), chance.choice((1, 1, 2, 2, 3, 4)), chance.randint(1, 20), chance.randrange(12))
            for _product in range(REGULAR_PRODUCTS)
        ]
        count += with_next
        day = rhythm * (count - 1) + (0 if with_next else chance.uniform(1, rhythm))
        baskets = []
        for number in range(count):
            due = [
                (product, quantity)
                for product, every, quantity, phase in regular
                if (number + phase) % every == 0
            ]
            chance.shuffle(due)
            basket = dict(due[:LINES_PER_ORDER])
            while len(basket) < LINES_PER_ORDER:
                basket.setdefault(self._popular(), chance.randint(1, 5))
            baskets.append((max(int(day + chance.gauss(0, rhythm / 10)), 0), list(basket.items())))
            day -= rhythm
        return sorted(baskets, key=lambda row: -row[0])

    def _take(self, table):
        id_ = self.next_id[table]
        self.next_id[table] = id_ + 1
        return id_

    def _document(self, partner_id, commercial_id, days_ago, basket):
        """An order with its delivery, its invoice and perhaps a return and a payment."""
        day = self.today - timedelta(days=days_ago)
        amount = 0
        order_id, picking_id = self._take("sale_order"), self._take("stock_picking")
        for product_id, quantity in basket:
            price = 5 + product_id % 90
            amount += price * quantity
            self._line((order_id, picking_id, partner_id), product_id, quantity, price, day)
        moment = f"{day} 10:00:00"
        rows = self.rows
        rows["order"].add(
            order_id,
            f"B{order_id}",
            partner_id,
            partner_id,
            partner_id,
            moment,
            amount,
            amount,
            None,
        )
        took = 2 if self.chance.random() < 0.9 else 9
        done, deadline = day + timedelta(days=took), day + timedelta(days=4)
        rows["picking"].add(
            picking_id,
            f"B/OUT/{picking_id}",
            order_id,
            partner_id,
            f"{done} 12:00:00",
            f"{deadline} 12:00:00",
            f"{deadline} 12:00:00",
        )
        self._invoice(order_id, partner_id, commercial_id, day + timedelta(days=3), amount)

    def _line(self, owners, product_id, quantity, price, day):
        order_id, picking_id, partner_id = owners
        line_id = self._take("sale_order_line")
        back = quantity if self.chance.random() < RETURN_SHARE else 0
        self.rows["line"].add(
            line_id,
            order_id,
            partner_id,
            product_id,
            quantity,
            quantity - back,
            price,
            price * quantity,
        )
        here, there = self.stock_location, self.customer_location
        moves = [(quantity, here, there)] + ([(back, there, here)] if back else [])
        for moved, origin, target in moves:
            self.rows["move"].add(
                self._take("stock_move"),
                picking_id,
                line_id,
                product_id,
                origin,
                target,
                moved,
                moved,
                moved,
                f"{day} 12:00:00",
            )

    def _invoice(self, order_id, partner_id, commercial_id, day, amount):
        move_id, line_id = self._take("account_move"), self._take("account_move_line")
        is_open = self.chance.random() < OPEN_SHARE
        due = day + timedelta(days=30)
        rows = self.rows
        rows["invoice"].add(
            move_id,
            f"B/{move_id}",
            move_id,
            partner_id,
            commercial_id,
            day,
            day,
            due,
            amount,
            "not_paid" if is_open else "paid",
            f"B{order_id}",
            None,
        )
        rows["receivable"].add(
            line_id,
            move_id,
            commercial_id,
            day,
            due,
            amount,
            amount,
            amount if is_open else 0,
            "f" if is_open else "t",
            None,
            None,
        )
        rows["revenue"].add(
            self._take("account_move_line"), move_id, commercial_id, day, amount, -amount, amount
        )
        if not is_open and self.chance.random() < PAYMENT_SHARE:
            paid = day + timedelta(days=self.chance.randint(5, 60))
            payment_id, paid_id = self._take("account_move"), self._take("account_move_line")
            rows["payment"].add(payment_id, f"P/{payment_id}", payment_id, partner_id, commercial_id, paid)
            rows["paid"].add(paid_id, payment_id, commercial_id, paid, amount, -amount, 0, "t")
            rows["partial"].add(self._take("account_partial_reconcile"), line_id, paid_id, amount, paid)


class _Rows:
    """Rows for COPY: some columns given, the others as in the sample."""

    def __init__(self, cr, table, columns, tail):
        self.cr = cr
        self.table = table
        self.columns = ", ".join(f'"{column}"' for column in columns)
        self.tail = tail
        self.buffer = io.StringIO()

    def add(self, *values):
        cells = ("\\N" if value is None else str(value) for value in values)
        self.buffer.write("\t".join(cells) + "\t" + self.tail + "\n")

    def flush(self):
        self.buffer.seek(0)
        self.cr._obj.copy_expert(f"COPY {self.table} ({self.columns}) FROM STDIN", self.buffer)
        self.buffer = io.StringIO()
