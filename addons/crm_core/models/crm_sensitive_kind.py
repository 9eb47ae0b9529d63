from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import UserError


class CrmSensitiveKind(models.Model):
    """What kind of sensitive data may be held, and for how long."""

    _name = "crm.sensitive.kind"
    _description = "Kind of Sensitive Data"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    value_type = fields.Selection(
        [("text", "Text"), ("date", "Date"), ("number", "Number")], required=True, default="text"
    )
    retention_months = fields.Integer(
        "Kept For (Months)", default=24, help="Proposed for new entries; each has a last day of its own."
    )

    _retention_positive = models.Constraint(
        "CHECK(retention_months > 0)", "Sensitive data are kept for a month or more, never for ever."
    )

    def _get_last_day(self):
        return fields.Date.today() + relativedelta(months=self.retention_months or 24)

    def _check_value(self, value):
        """:return: the value in the form it is kept in

        :raise UserError: it is none of this kind
        """
        value = (value or "").strip()
        try:
            if self.value_type == "date":
                return fields.Date.to_date(value).isoformat()
            if self.value_type == "number":
                return str(float(value))
        except (ValueError, TypeError, AttributeError):
            # The value is not repeated: errors are logged.
            raise UserError(
                self.env._("“%(kind)s” has to be a date such as 1980-05-12.", kind=self.name)
                if self.value_type == "date"
                else self.env._("“%(kind)s” has to be a number such as 52000.", kind=self.name)
            ) from None
        if not value:
            raise UserError(self.env._("Give the value of “%s”.", self.name))
        return value
