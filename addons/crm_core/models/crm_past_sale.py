from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class CrmPastSale(models.Model):
    """What a customer bought before the ERP was there: a line of an old order, for the facts alone.

    No order and no invoice is made of it: the ERP's books begin when the ERP did, and stock, accounts and
    reports stay untouched. Lines of one customer, day and reference are one order.
    """

    _name = "crm.past.sale"
    _description = "Past Sale"
    _inherit = ["crm.fact.source"]
    _order = "date desc, id desc"
    _rec_name = "reference"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    partner_id = fields.Many2one("res.partner", "Customer", required=True, ondelete="restrict")
    commercial_partner_id = fields.Many2one(related="partner_id.commercial_partner_id")
    date = fields.Date(required=True)
    reference = fields.Char(help="Number of the old order or invoice: lines with the same are one order.")
    product_id = fields.Many2one("product.product", required=True, index=True, ondelete="restrict")
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    quantity = fields.Float(required=True, default=1.0, digits="Product Unit", help="In the product's unit.")
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id
    )
    amount = fields.Monetary("Net Amount", required=True, help="Of the line, untaxed, after discount.")
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    amount_company = fields.Monetary(
        "Net in Company Currency",
        compute="_compute_amount_company",
        store=True,
        currency_field="company_currency_id",
        help="By the rate of the day of the sale.",
    )

    # What a list names them by
    customer_key = fields.Char(store=False, help="Reference, tax ID or e-mail address of the customer.")
    product_key = fields.Char(store=False, help="Reference or barcode of the product.")

    _order_idx = models.Index("(partner_id, date)")
    _quantity_positive = models.Constraint(
        "CHECK(quantity > 0)", "The quantity of a past sale must be above 0; returns are not imported."
    )
    _amount_positive = models.Constraint("CHECK(amount >= 0)", "The amount of a past sale can't be negative.")

    _crm_fact_fields = frozenset(
        {"company_id", "partner_id", "date", "reference", "product_id", "quantity", "amount_company"}
    )
    _crm_owner_fields = frozenset({"company_id", "partner_id"})

    # ------------------------------------------------------------------
    # Computes and constraints
    # ------------------------------------------------------------------

    @api.depends("amount", "currency_id", "company_id", "date")
    def _compute_amount_company(self):
        for sale in self:
            sale.amount_company = (
                sale.currency_id._convert(
                    sale.amount, sale.company_id.currency_id, sale.company_id, sale.date
                )
                if sale.currency_id and sale.date
                else sale.amount
            )

    @api.constrains("date", "company_id")
    def _check_date(self):
        for sale in self:
            if sale.date > sale.company_id._crm_today():
                raise ValidationError(self.env._("%s lies in the future: that is no past sale.", sale.date))

    @api.depends("partner_id", "reference", "date")
    def _compute_display_name(self):
        for sale in self:
            parts = (sale.reference, sale.partner_id.display_name, fields.Date.to_string(sale.date))
            sale.display_name = ", ".join(filter(None, parts))

    # ------------------------------------------------------------------
    # Importing
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        sales = super().create(self._find_keys(vals_list))
        sales._note_companies()
        return sales

    def write(self, vals):
        result = super().write(self._find_keys([vals])[0])
        if "company_id" in vals:
            self._note_companies()
        return result

    def _note_companies(self):
        """Where a company has no past sales, the statements of the facts stay as they are."""
        news = self.company_id.filtered(lambda company: not company.crm_has_past_sales)
        if news:
            news.sudo().crm_has_past_sales = True  # sudo: a note about the lines the user may write

    @api.model
    def _find_keys(self, vals_list):
        """Replace what a list names customer and product by with the records.

        :raise ValidationError: none, or several, are named so
        """
        customer = self.env["res.partner"]._crm_find_by_key(
            [vals["customer_key"] for vals in vals_list if vals.get("customer_key")]
        )
        product = self._find_products_by_key(
            [vals["product_key"] for vals in vals_list if vals.get("product_key")]
        )
        result = []
        for original in vals_list:
            vals = dict(original)
            if key := vals.pop("customer_key", None):
                vals["partner_id"] = customer(key).id
            if key := vals.pop("product_key", None):
                vals["product_id"] = product(key).id
            result.append(vals)
        return result

    @api.model
    def _find_products_by_key(self, keys):
        """Archived products, too: what was sold once need not be sold today.

        :param keys: references or barcodes
        :return: function of a key that gives its product, or raises a ValidationError that says why not
        """
        Product = self.env["product.product"].with_context(active_test=False)
        keys = list({key.strip() for key in keys})
        found = {}
        for fname in ("barcode", "default_code"):
            for value, products in Product.search([(fname, "in", keys)]).grouped(fname).items():
                found[value] = products.filtered("active") or products

        def get(key):
            products = found.get(key.strip(), Product)
            if len(products) == 1:
                return products
            raise ValidationError(
                self.env._("“%s” names several products.", key)
                if products
                else self.env._("No product has the reference or barcode “%s”.", key)
            )

        return get

    @api.model
    def load(self, fields, data):
        """Whole or not at all: the import dialog sends long lists in parts, each of them committed."""
        whole = super(CrmPastSale, self.with_context(_import_limit=None))
        wrong = self._find_wrong_keys(fields, data)
        if not wrong:
            return whole.load(fields, data)
        # Nothing is kept, but whatever else is wrong with the list is told at once.
        rest = [number for number in range(len(data)) if number not in wrong]
        savepoint = self.env.cr.savepoint()
        try:
            messages = whole.load(fields, [data[number] for number in rest])["messages"]
        finally:
            savepoint.close(rollback=True)
        for message in messages:
            if "rows" in message:
                message["rows"] = {end: rest[number] for end, number in message["rows"].items()}
        for number, text in wrong.items():
            rows = {"from": number, "to": number}
            messages.append({"type": "error", "message": text, "rows": rows, "record": number})
        messages.sort(key=lambda message: message.get("rows", {}).get("from", -1))
        return {"ids": False, "messages": messages, "nextrow": 0}

    @api.model
    def _find_wrong_keys(self, fields, data):
        """Customers and products of a list that nobody knows, or that are not unique.

        :return: {row: what is wrong, in words}
        """
        wrong = {}
        finders = {
            "customer_key": self.env["res.partner"]._crm_find_by_key,
            "product_key": self._find_products_by_key,
        }
        for fname in finders.keys() & set(fields):
            column = fields.index(fname)
            get = finders[fname]([row[column] for row in data if row[column]])
            told = {key: self._explain(get, key) for key in {row[column] for row in data} if key}
            wrong.update(
                (number, told[row[column]]) for number, row in enumerate(data) if told.get(row[column])
            )
        return wrong

    @api.model
    def _explain(self, get, key):
        """:return: why this key names no record, or None"""
        try:
            get(key)
        except ValidationError as error:
            return str(error)
        return None

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Template for Past Sales"),
                "template": "/crm_core/static/xls/past_sales.csv",
            }
        ]

    # ------------------------------------------------------------------
    # Facts
    # ------------------------------------------------------------------

    def _crm_owner_query(self, ids):
        return SQL(
            """
            SELECT sale.company_id, p.commercial_partner_id
              FROM crm_past_sale sale
              JOIN res_partner p ON p.id = sale.partner_id
             WHERE sale.id IN %s
            """,
            ids,
        )

    @api.model
    def _lines_sql(self, company, among=None):
        """SELECT of the past lines: partner_id (commercial), id, day, product_id, quantity, amount, and
        order_id, a negative number that the lines of one order share.

        :param SQL among: condition on ``buyer``, the partner; None for all
        """
        return SQL(
            """
            SELECT buyer.commercial_partner_id AS partner_id, sale.id, sale.date AS day, sale.product_id,
                   sale.quantity, sale.amount_company AS amount,
                   -min(sale.id) OVER (PARTITION BY buyer.commercial_partner_id, sale.date,
                                                    COALESCE(sale.reference, '')) AS order_id
              FROM res_partner buyer
              JOIN crm_past_sale sale ON sale.partner_id = buyer.id
             WHERE sale.company_id = %s
               AND %s
            """,
            company.id,
            among or SQL("TRUE"),
        )

    @api.model
    def _orders_sql(self, company):
        """Common table expression ``past`` of ``crm.customer.stat``: past orders of its ``member``."""
        among = SQL("buyer.commercial_partner_id IN (SELECT partner_id FROM member)")
        return SQL(
            """
            past AS (
                SELECT partner_id, order_id, day, sum(amount) AS amount
                  FROM (%s) AS line
                 GROUP BY partner_id, order_id, day
            )
            """,
            self._lines_sql(company, among),
        )

    @api.model
    def _get_sums(self, company):
        """:return: (number of past orders, net amount in company currency)"""
        return self.env.execute_query(
            SQL(
                "SELECT count(DISTINCT order_id), COALESCE(sum(amount), 0) FROM (%s) AS past",
                self._lines_sql(company),
            )
        )[0]


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def get_import_templates(self):
        return [
            *super().get_import_templates(),
            {
                "label": self.env._("Template for Customers with Salesperson and Reference"),
                "template": "/crm_core/static/xls/customers.csv",
            },
        ]


class ResCompany(models.Model):
    _inherit = "res.company"

    crm_has_past_sales = fields.Boolean("Past Sales Imported", readonly=True, copy=False)
