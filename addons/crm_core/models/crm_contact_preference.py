from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from odoo.addons.base.models.res_partner import _lang_get

from .contact_channel import CONTACT_CHANNELS
from .res_company import _tz_get

WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]

MONTHS = [
    ("1", "January"),
    ("2", "February"),
    ("3", "March"),
    ("4", "April"),
    ("5", "May"),
    ("6", "June"),
    ("7", "July"),
    ("8", "August"),
    ("9", "September"),
    ("10", "October"),
    ("11", "November"),
    ("12", "December"),
]

CHANNEL_ORDER = ("first_channel", "second_channel", "third_channel")


class CrmContactPreference(models.Model):
    """How a person or customer wants to be treated: by which channel, when, how often, about what.

    A table beside the contacts, so that noting a wish locks no contact. At most one row of a contact
    counts, the oldest; no unique key says so, because merging contacts deletes what breaks one.
    """

    _name = "crm.contact.preference"
    _description = "Contact Preferences"
    _inherit = ["properties.base.definition.mixin"]
    _order = "id"
    _rec_name = "partner_id"

    # Restrict, so that a look-up of personal data finds the row; deleting the contact takes it along.
    partner_id = fields.Many2one("res.partner", "Contact", required=True, index=True, ondelete="restrict")

    # By which channel
    first_channel = fields.Selection(CONTACT_CHANNELS, "Best Reached By")
    second_channel = fields.Selection(CONTACT_CHANNELS, "Then By")
    third_channel = fields.Selection(CONTACT_CHANNELS, "Otherwise By")
    lang = fields.Selection(_lang_get, "Language", compute="_compute_lang", inverse="_inverse_lang")

    # When and how often
    tz = fields.Selection(
        _tz_get, "Time Zone", help="Empty: that of the contact, or else that of the company."
    )
    window_ids = fields.One2many("crm.contact.window", "preference_id", "Hours for Calls", copy=True)
    contact_limit = fields.Integer(
        "At Most", help="Contacts of ours over all channels, documents apart; 0: no limit."
    )
    contact_limit_days = fields.Integer("In Days", default=7)

    # Day and month alone, as the person said: a birth date would be sensitive data
    greeting_month = fields.Selection(MONTHS, "Congratulate In")
    greeting_day = fields.Integer("On Day", help="No year: enough to congratulate, not to tell the age.")

    # About what
    topic_ids = fields.Many2many("crm.contact.topic", string="Topics of Interest")
    properties = fields.Properties(string="Habits and Tastes")

    _limit_not_negative = models.Constraint(
        "CHECK(contact_limit >= 0 AND contact_limit_days > 0)",
        "A limit of contacts needs 0 or more contacts and one day or more.",
    )

    _greeting_day_exists = models.Constraint(
        "CHECK(greeting_month IS NULL OR greeting_day BETWEEN 1 AND"
        " CASE WHEN greeting_month = '2' THEN 29 WHEN greeting_month IN ('4', '6', '9', '11') THEN 30"
        " ELSE 31 END)",
        "That month has no such day.",
    )

    @api.depends("partner_id.lang")
    def _compute_lang(self):
        for preference in self:
            preference.lang = preference.partner_id.lang

    def _inverse_lang(self):
        for preference in self:
            # sudo: the language alone, for whoever may note this person's wishes
            partner = preference.partner_id.sudo()
            if preference.lang and partner.lang != preference.lang:
                partner.lang = preference.lang

    @api.constrains(*CHANNEL_ORDER)
    def _check_channels_differ(self):
        for preference in self:
            chosen = [channel for channel in preference._get_channel_order() if channel]
            if len(chosen) != len(set(chosen)):
                raise ValidationError(self.env._("Name each channel once."))

    @api.constrains("partner_id")
    def _check_one_per_contact(self):
        # No constraint of the database, see the class.
        for partner, count in self._read_group(
            [("partner_id", "in", self.partner_id.ids)], ["partner_id"], ["__count"]
        ):
            if count > 1:
                raise ValidationError(self.env._("%s has preferences already.", partner.display_name))

    @api.model
    def _define_properties(self):
        """What to note about habits and tastes, as a start; companies add their own on the form."""
        definition = self.env["properties.base.definition"]._get_definition_for_property_field(
            self._name, "properties"
        )
        if definition.properties_definition:
            return
        definition.properties_definition = [
            {
                "name": "purchase_purpose",
                "string": "Buys For",
                "type": "selection",
                "selection": [["own_use", "Own use"], ["resale", "Resale"], ["production", "Production"]],
            },
            {
                "name": "payment_habit",
                "string": "Pays",
                "type": "selection",
                "selection": [["at_once", "At once"], ["on_time", "When due"], ["reminded", "When reminded"]],
            },
            {
                "name": "product_preferences",
                "string": "Prefers",
                "type": "tags",
                "tags": [
                    ["brands", "Brands", 1],
                    ["cheapest", "Cheapest", 2],
                    ["sustainable", "Sustainable", 3],
                ],
            },
        ]

    def _get_summary(self):
        """The wishes in one line."""
        labels = dict(self._fields["first_channel"]._description_selection(self.env))
        wishes = [
            ", ".join(labels[channel] for channel in self._get_channel_order() if channel),
            ", ".join(self.window_ids.mapped("display_name")),
            self.contact_limit
            and self.env._(
                "at most %(limit)s contacts in %(days)s days",
                limit=self.contact_limit,
                days=self.contact_limit_days,
            ),
            ", ".join(self.topic_ids.mapped("name")),
        ]
        return " · ".join(filter(None, wishes))

    def _get_channel_order(self):
        """:return: the channels wished, best first; False where none is named"""
        return [self[fname] for fname in CHANNEL_ORDER]

    @api.model
    def _merge_partners(self, owners, survivor_id):
        """One row for the contact that is left: its own wishes, those of the others where it had none, and
        the lowest limit of contacts.

        :param dict owners: {row id: id of the contact it belonged to}
        """
        self.invalidate_model()
        rows = self.browse(owners).sorted(lambda row: (owners[row.id] != survivor_id, row.id))
        if len(rows) < 2:
            return
        kept, rest = rows[0], rows[1:]
        limits = rows.filtered("contact_limit").sorted(lambda row: row.contact_limit / row.contact_limit_days)
        values = {
            "tz": next(filter(None, rows.mapped("tz")), False),
            "contact_limit": limits[:1].contact_limit,
            "contact_limit_days": limits[:1].contact_limit_days or kept.contact_limit_days,
            "topic_ids": [Command.set(rows.topic_ids.ids)],
        }
        if not kept.first_channel:
            values.update(zip(CHANNEL_ORDER, rest[0]._get_channel_order(), strict=True))
        known = {
            name: value for row in reversed(rows) for name, value in dict(row.properties).items() if value
        }
        if known:
            values["properties"] = known
        if not kept.window_ids:
            rest.window_ids.preference_id = kept
        kept.write(values)
        rest.unlink()


class CrmContactWindow(models.Model):
    """Hours of a weekday in which a person wants to be called, in the person's time zone."""

    _name = "crm.contact.window"
    _description = "Hours for Calls"
    _order = "weekday, hour_from"

    preference_id = fields.Many2one("crm.contact.preference", required=True, index=True, ondelete="cascade")
    weekday = fields.Selection(WEEKDAYS, required=True, default="0")
    hour_from = fields.Float("From", required=True, default=9.0)
    hour_to = fields.Float("To", required=True, default=17.0)

    _hours_in_order = models.Constraint(
        "CHECK(hour_from >= 0 AND hour_from < hour_to AND hour_to <= 24)",
        "Hours run from 0:00 to 24:00, and the end comes after the begin.",
    )

    @api.depends("weekday", "hour_from", "hour_to")
    def _compute_display_name(self):
        days = dict(self._fields["weekday"]._description_selection(self.env))
        for window in self:
            hours = "–".join(
                f"{int(hour)}:{round(hour % 1 * 60):02}" for hour in (window.hour_from, window.hour_to)
            )
            window.display_name = f"{days.get(window.weekday, '')} {hours}"


class CrmContactTopic(models.Model):
    _name = "crm.contact.topic"
    _description = "Topic of Interest"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer()

    _name_uniq = models.UniqueIndex("(name)", "There is a topic of this name already.")
