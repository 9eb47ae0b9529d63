from odoo import api, fields, models
from odoo.fields import Domain

from .crm_analytics_fact import PATIENCE

BATCH = 2000  # customers read at a time
FILTERS = {
    "team_id": "crm.team",
    "user_id": "res.users",
    "country_id": "res.country",
    "categ_id": "product.category",
}


class CrmAnalyticsWorkbook(models.Model):
    """The sheets of the workbook, one method each.

    ``_write_<name>(book, title, scope, data)``: ``book`` is a :class:`..lib.workbook.Book`, ``scope`` says
    whose customers, ``data`` is the answer of ``crm_dashboard``. The environment is that of who asked.
    """

    _inherit = "crm.analytics.workbook"

    @api.model
    def _get_sheets(self):
        """Names and titles of the sheets, in their order; extend with those you write.

        :return: list of (name, title)
        """
        return [
            ("readme", self.env._("Read Me")),
            ("kpis", self.env._("Figures")),
            ("segments", self.env._("Segments")),
            ("grid", self.env._("RFM Grid")),
            ("customers", self.env._("Customers")),
            ("cohort_customers", self.env._("Cohorts")),
            ("cohort_retention", self.env._("Cohorts %")),
            ("cohort_revenue", self.env._("Cohorts Revenue")),
            ("months", self.env._("Months")),
            ("models", self.env._("Models")),
            ("quality", self.env._("Data Quality")),
        ]

    def _write_readme(self, book, title, scope, data):
        sheet = book.sheet(title)
        sheet.line(self.env._("Customer analytics of %s", scope.company.name), is_title=True)
        sheet.skip()
        sheet.table(
            [(self.env._("What"), "text", 30), (self.env._("Value"), "wrapped", 90)],
            [*self._get_parameters(scope, data), *self._get_reading_notes(data)],
        )

    @api.model
    def _get_parameters(self, scope, data):
        """What the figures rest on: rows of name and value."""
        company = scope.company.sudo()  # sudo: settings of analytics, told to who reads its results
        source = dict(company._fields["crm_analytics_source"]._description_selection(self.env))
        rows = [
            [self.env._("As of"), fields.Date.to_string(scope.as_of)],
            [self.env._("Made on"), fields.Datetime.to_string(fields.Datetime.now()) + " UTC"],
            [self.env._("Made for"), self.env.user.name],
            [self.env._("Currency"), company.currency_id.name],
            [self.env._("Customers"), data["basis"]],
            [self.env._("Period"), self.env._("%s months", scope.months)],
            [self.env._("Movement since"), self.env._("%s days", scope.moved_days)],
            [self.env._("What counts as a purchase"), source[company.crm_analytics_source]],
            [
                self.env._("History starts on"),
                str(company.crm_analytics_since or self.env._("its beginning")),
            ],
            [self.env._("Margin"), f"{company.crm_analytics_margin:g} %"],
            [self.env._("Yearly discount"), f"{company.crm_analytics_discount:g} %"],
            [self.env._("Lost after"), self.env._("%s months without a purchase", PATIENCE)],
        ]
        for name, model in FILTERS.items():
            if name in scope.chosen:
                label = self.env["ir.model"]._get(model).name
                rows.append([self.env._("Only: %s", label), self._get_filter_name(model, scope.chosen[name])])
        return rows

    @api.model
    def _get_filter_name(self, model, record_id):
        return self.env[model].browse(record_id).exists().display_name or ""

    @api.model
    def _get_reading_notes(self, data):
        """How to read the figures: rows of name and value."""
        notes = data["model"]
        return [
            [self.env._("How sure"), notes.get("holdout_note") or self.env._("Nothing was held back yet.")],
            [self.env._("Doubts"), notes.get("doubts") or self.env._("None.")],
            [
                self.env._("Who is in it"),
                self.env._(
                    "Customers who want no profile are in the totals and cohorts; they have no score and are"
                    " on no list."
                ),
            ],
            [
                self.env._("Ranking"),
                self.env._("To rank customers, what they spent is as good as the model."),
            ],
        ]

    # ------------------------------------------------------------------
    # Figures, segments, grid
    # ------------------------------------------------------------------

    def _write_kpis(self, book, title, scope, data):
        sheet = book.sheet(title)
        if data["is_empty"]:
            sheet.line(self.env._("Nothing to tell yet."))
            return
        labels = self._get_kpi_labels()
        sheet.table(
            [
                (self.env._("Figure"), "text", 32),
                (self.env._("Value"), "number", 16),
                (self.env._("Before"), "number", 16),
                (self.env._("Change"), "percent", 12),
            ],
            [[labels[tile["key"]], tile["value"], tile["before"], tile["trend"]] for tile in data["kpis"]],
        )
        self._write_runs(sheet, scope)

    @api.model
    def _get_kpi_labels(self):
        return {
            "revenue": self.env._("Revenue"),
            "customers": self.env._("Customers"),
            "new": self.env._("New customers"),
            "repeat": self.env._("Repeat rate (share)"),
            "average": self.env._("Value of a purchase"),
            "kept": self.env._("Revenue kept (share)"),
            "stake": self.env._("Money at stake"),
            "expected": self.env._("Revenue expected"),
        }

    def _write_runs(self, sheet, scope):
        """Figures of the company over time, for who sees all of it."""
        if not scope.is_whole:
            return
        runs = self.env["crm.analytics.kpi"].search(
            [("company_id", "=", scope.company.id), ("as_of", "<=", scope.as_of)], limit=120
        )
        sheet.skip(2)
        columns = [
            (self.env._("As of"), "date", 32),
            (self.env._("Revenue, 12 months"), "money", 16),
            (self.env._("Customers"), "integer", 16),
            (self.env._("Repeat rate"), "percent", 12),
            (self.env._("Revenue kept"), "percent", 14),
            (self.env._("Money at stake"), "money", 14),
            (self.env._("Revenue expected"), "money", 16),
        ]
        names = ("as_of", "revenue", "customer_count", "repeat_rate", "net_retention", "money_at_stake")
        rows = [[run[name] for name in (*names, "expected_revenue")] for run in runs.sorted("as_of")]
        body = sheet.table(columns, rows)
        sheet.chart(
            "line",
            body,
            0,
            [(1, columns[1][0]), (5, columns[5][0])],
            title=self.env._("Revenue and what is at stake"),
            place="I2",
        )

    def _write_segments(self, book, title, scope, data):
        sheet = book.sheet(title)
        if data["is_empty"]:
            return
        columns = [
            (self.env._("Segment"), "text", 26),
            (self.env._("Customers"), "integer", 12),
            (self.env._("Share"), "percent", 10),
            (self.env._("Revenue (12 m)"), "money", 16),
            (self.env._("At stake"), "money", 14),
            (self.env._("Expected (12 m)"), "money", 16),
            (self.env._("Came"), "integer", 10),
            (self.env._("Left"), "integer", 10),
            (self.env._("What to do"), "wrapped", 60),
        ]
        names = ("name", "customer_count", "share", "revenue_12m", "money_at_stake", "expected_revenue")
        rows = [
            [row[name] for name in (*names, "joined", "left", "advice")] for row in data["segments"]["rows"]
        ]
        body = sheet.table(columns, rows, freeze=True)
        chart_title = self.env._("Customers by segment")
        sheet.chart("bar", body, 0, [(1, columns[1][0])], title=chart_title, place="K2")

    def _write_grid(self, book, title, scope, data):
        """Customers, then revenue, by recency (down) and frequency (across)."""
        sheet = book.sheet(title)
        if data["is_empty"]:
            return
        for label, name in (
            (self.env._("Customers"), "customer_count"),
            (self.env._("Revenue (12 m)"), "revenue_12m"),
        ):
            sheet.line(label, is_title=True)
            frequencies = [(self.env._("Frequency %s", number), "integer", 14) for number in range(1, 6)]
            first, last = sheet.table(
                [(self.env._("Recency"), "integer", 12), *frequencies],
                [[row["recency"], *(cell[name] for cell in row["cells"])] for row in data["grid"]["rows"]],
            )
            sheet.color(first, last, (1, 5))
            sheet.skip()

    # ------------------------------------------------------------------
    # Customers
    # ------------------------------------------------------------------

    @api.model
    def _get_customer_columns(self):
        """Heading, kind, width, and how the value is read of a score; extend with those you add."""
        return [
            (self.env._("Customer"), "text", 32, lambda score: score.partner_id.display_name),
            (self.env._("Reference"), "text", 14, lambda score: score.partner_id.ref or None),
            (self.env._("Salesperson"), "text", 20, lambda score: score.user_id.name or None),
            (self.env._("Country"), "text", 16, lambda score: score.country_id.name or None),
            (self.env._("Segment"), "text", 20, lambda score: score.segment_id.name or None),
            (self.env._("RFM"), "text", 6, lambda score: score.rfm),
            (self.env._("ABC"), "text", 6, lambda score: (score.abc_class or "").upper()),
            (self.env._("First Purchase"), "date", 12, lambda score: score.first_day),
            (self.env._("Last Purchase"), "date", 12, lambda score: score.last_day),
            (self.env._("Days of Purchase"), "integer", 10, lambda score: score.purchase_days),
            (self.env._("Usual Gap (Days)"), "number", 10, lambda score: score.mean_gap or None),
            (self.env._("Revenue"), "money", 14, lambda score: score.revenue),
            (self.env._("Revenue (12 m)"), "money", 14, lambda score: score.revenue_12m),
            (self.env._("Still a Customer"), "percent", 10, lambda score: score.p_alive),
            (self.env._("No Order in 90 Days"), "percent", 10, lambda score: score.p_no_order),
            (self.env._("At Stake"), "money", 14, lambda score: score.money_at_stake),
            (self.env._("Orders Expected (12 m)"), "number", 10, lambda score: score.expected_orders),
            (self.env._("Expected (12 m)"), "money", 14, lambda score: score.expected_revenue),
            (self.env._("Value (36 m)"), "money", 14, lambda score: score.lifetime_value),
            (self.env._("Next Expected"), "date", 12, lambda score: score.next_day),
            (self.env._("Why"), "text", 80, lambda score: score.why),
        ]

    def _write_customers(self, book, title, scope, data):
        columns = self._get_customer_columns()
        readers = [read for *_column, read in columns]
        rows = (
            [read(score) for read in readers]
            for scores in self._get_customer_batches(scope)
            for score in scores
        )
        book.sheet(title).table([column[:3] for column in columns], rows, freeze=True)

    def _get_customer_batches(self, scope):
        """The scores who asked may see, some at a time; what has been written is forgotten."""
        Score = self.env["crm.analytics.customer"]
        wanted, last = Domain(scope.of("partner_id")), 0
        while scores := Score.search(wanted & Domain("id", ">", last), order="id", limit=BATCH):
            last = scores[-1].id
            yield scores
            self.env.invalidate_all()

    # ------------------------------------------------------------------
    # Cohorts and months
    # ------------------------------------------------------------------

    def _write_cohort_customers(self, book, title, scope, data):
        self._write_cohorts(book, title, data, "customers", "integer")

    def _write_cohort_retention(self, book, title, scope, data):
        self._write_cohorts(book, title, data, "retention", "percent")

    def _write_cohort_revenue(self, book, title, scope, data):
        self._write_cohorts(book, title, data, "revenue", "money")

    def _write_cohorts(self, book, title, data, name, kind):
        """A triangle; months that still run are left empty, as they would look like a fall."""
        sheet = book.sheet(title)
        if data["is_empty"]:
            return
        cohorts = data["cohorts"]
        width = cohorts["width"]
        first, last = sheet.table(
            [
                (self.env._("First Purchase"), "month", 14),
                (self.env._("Customers"), "integer", 11),
                *((str(offset), kind, 9) for offset in range(width)),
            ],
            [
                [
                    fields.Date.to_date(row["cohort"]),
                    row["size"],
                    *(
                        None if cell["is_partial"] and offset else cell[name]
                        for offset, cell in enumerate(row["cells"])
                    ),
                    *[None] * (width - len(row["cells"])),
                ]
                for row in cohorts["rows"]
            ],
            freeze=True,
        )
        sheet.color(first, last, (3, max(width + 1, 3)))

    def _write_months(self, book, title, scope, data):
        sheet = book.sheet(title)
        if data["is_empty"]:
            return
        columns = [
            (self.env._("Month"), "month", 12),
            (self.env._("New"), "integer", 10),
            (self.env._("Returning"), "integer", 10),
            (self.env._("Reactivated"), "integer", 12),
            (self.env._("Lost"), "integer", 10),
            (self.env._("Customers"), "integer", 11),
            (self.env._("Bought Before"), "percent", 12),
            (self.env._("Revenue"), "money", 16),
            (self.env._("Still Runs"), "text", 10),
        ]
        names = ("new_count", "returning_count", "reactivated_count", "lost_count", "customer_count")
        rows = [
            [
                fields.Date.to_date(row["month"]),
                *(row[name] for name in names),
                row["repeat_rate"],
                row["revenue"],
                row["is_partial"],
            ]
            for row in data["months"]["rows"]
        ]
        body = sheet.table(columns, rows, freeze=True)
        series = [(place, columns[place][0]) for place in range(1, 5)]
        sheet.chart("column", body, 0, series, title=title, place="K2")

    # ------------------------------------------------------------------
    # Models
    # ------------------------------------------------------------------

    def _write_models(self, book, title, scope, data):
        """What was learned when, and how well it would have told what came."""
        models_ = self.env["crm.analytics.model"].search([("company_id", "=", scope.company.id)], limit=60)
        kinds, statuses = (
            dict(models_._fields[name]._description_selection(self.env)) for name in ("kind", "status")
        )
        names = ("customer_count", "repeater_count", "r", "alpha", "a", "b", "log_likelihood")
        columns = [
            (self.env._("As of"), "date", 12),
            (self.env._("Model"), "text", 12),
            (self.env._("Status"), "text", 26),
            (self.env._("Values"), "text", 26),
            *((models_._fields[name]._description_string(self.env), "any", 14) for name in names),
            (self.env._("How Well It Would Have Done"), "wrapped", 100),
        ]
        rows = [
            [
                model.as_of,
                kinds[model.kind],
                statuses[model.status],
                statuses[model.value_status],
                *(model[name] for name in names),
                model.holdout_note or None,
            ]
            for model in models_
        ]
        book.sheet(title).table(columns, rows, freeze=True)
