from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_date

ROWS = 5000  # of pairs and of white spots: the best
MONEY = {"monetary": "money", "integer": "integer", "float": "number", "date": "date", "boolean": "text"}
WIDTHS = {"text": 28, "wrapped": 60}
# Fields of the sheets, with a kind of column where that of the field is not the one; the rest by its type.
PAIRS = {
    "product_id": None,
    "other_product_id": None,
    "kind": None,
    "basket_count": None,
    "support": "percent",
    "confidence": "percent",
    "lift": None,
    "leverage": "any",
    "conviction": None,
    "q_value": "any",
    "meaning": "wrapped",
}
WHITE_SPOTS = {
    "partner_id": None,
    "product_id": None,
    "because_id": None,
    "peer_count": None,
    "confidence": "percent",
    "lift": None,
    "potential": None,
    "reason": "wrapped",
}
CAMPAIGNS = {
    **dict.fromkeys(("campaign_id", "date_start", "date_end", "cost", "reach", "control_count")),
    **dict.fromkeys(("response_rate", "control_rate"), "percent"),
    **dict.fromkeys(("lead_count", "order_count", "won_count", "revenue")),
    **dict.fromkeys(("credit_first", "credit_last", "credit_linear", "credit_position")),
    **dict.fromkeys(("uplift", "uplift_low", "uplift_high"), "percent"),
    **dict.fromkeys(("extra_revenue", "extra_low", "extra_high", "is_proven", "profit")),
    "roi": "percent",
    **dict.fromkeys(("cost_per_customer", "payback")),
    "verdict": "wrapped",
}
FORECAST = {
    **dict.fromkeys(("dimension", "member_name")),
    "month": "month",
    **dict.fromkeys(("booked", "history", "pipeline", "future", "expected", "low", "high", "plain")),
    **dict.fromkeys(("last_year", "actual")),
}


class CrmAnalyticsWorkbook(models.Model):
    """The sheets of what is sold: baskets, campaigns and the forecast, as far as who asked may see them."""

    _inherit = "crm.analytics.workbook"

    @api.model
    def _get_sheets(self):
        sheets = super()._get_sheets()
        place = next(number for number, (name, _title) in enumerate(sheets) if name == "models")
        more = [
            ("pairs", self.env._("Baskets"), "crm.analytics.pair"),
            ("white_spots", self.env._("White Spots"), "crm.analytics.white.spot"),
            ("campaigns", self.env._("Campaigns"), "crm.analytics.campaign"),
            ("forecast", self.env._("Forecast"), "crm.analytics.forecast.line"),
        ]
        found = [(name, title) for name, title, model in more if self.env[model].has_access("read")]
        return [*sheets[:place], *found, *sheets[place:]]

    def _write_pairs(self, book, title, scope, data):
        company = [("company_id", "=", scope.company.id)]
        pairs = self.env["crm.analytics.pair"].search(company, limit=ROWS)
        self._write_records(book.sheet(title), pairs, PAIRS)

    def _write_white_spots(self, book, title, scope, data):
        spots = self.env["crm.analytics.white.spot"].search(Domain(scope.of("partner_id")), limit=ROWS)
        self._write_records(book.sheet(title), spots, WHITE_SPOTS)

    def _write_campaigns(self, book, title, scope, data):
        company = [("company_id", "=", scope.company.id)]
        self._write_records(book.sheet(title), self.env["crm.analytics.campaign"].search(company), CAMPAIGNS)

    def _write_forecast(self, book, title, scope, data):
        """The forecast made last, that of the company first, and a chart of it with its interval."""
        sheet = book.sheet(title)
        Line = self.env["crm.analytics.forecast.line"]
        company = Domain("company_id", "=", scope.company.id)
        last = Line.search(company, order="as_of desc", limit=1)
        lines = Line.search(company & Domain("forecast_id", "=", last.forecast_id.id)) if last else Line
        whole = lines.filtered(lambda line: line.dimension == "company").sorted("month")
        rest = (lines - whole).sorted(lambda line: (line.dimension, line.member_id, line.month))
        first, _last = self._write_records(sheet, whole + rest, FORECAST)
        names, made_on = list(FORECAST), format_date(self.env, last.as_of)
        series = ("expected", "low", "high", "last_year")
        sheet.chart(
            "line",
            (first, first + len(whole) - 1),
            names.index("month"),
            [(names.index(name), Line._fields[name]._description_string(self.env)) for name in series],
            title=self.env._("Forecast with its interval, made on %s", made_on) if last else title,
            place="O2",
        )

    @api.model
    def _write_records(self, sheet, records, names):
        """A table of fields of records.

        :param dict names: {field: kind of column, or None for that of its type}
        :return: rows as of :meth:`..lib.workbook.Sheet.table`
        """
        kinds = {name: kind or MONEY.get(records._fields[name].type, "text") for name, kind in names.items()}
        columns = [
            (records._fields[name]._description_string(self.env), kind, WIDTHS.get(kind, 13))
            for name, kind in kinds.items()
        ]
        choices = {
            name: dict(records._fields[name]._description_selection(self.env))
            for name in names
            if records._fields[name].type == "selection"
        }
        rows = ([self._read_cell(record, name, choices) for name in names] for record in records)
        return sheet.table(columns, rows, freeze=True)

    @api.model
    def _read_cell(self, record, name, choices):
        value = record[name]
        if name in choices:
            return choices[name].get(value)
        if record._fields[name].type == "many2one":
            return value.display_name or None
        # Nothing is an empty cell, but 0 is a number.
        return None if value is False and record._fields[name].type != "boolean" else value
