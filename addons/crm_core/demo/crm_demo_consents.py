from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command

# customer: [(days ago, purpose, action, channel, source)]; what the main contact said on the company's behalf
SAID = {
    "Harbor & Hale Law Offices": [(520, "offers", "granted", "email", "import")],
    "Kestrel Group": [
        (600, "offers", "granted", "email", "import"),
        (600, "survey", "granted", "email", "import"),
        (40, "offers", "granted", "phone", "phone"),
    ],
    "Old Mill Hotel": [
        (500, "offers", "granted", "email", "staff"),
        (21, "offers", "withdrawn", "email", "mail_link"),
    ],
    "Linden School District": [(300, "offers", "objected", None, "staff")],
    "Pixelforge Studios": [
        (410, "offers", "granted", "email", "portal"),
        (90, "profiling", "objected", None, "portal"),
    ],
    "Brannigan Print Works": [(3, "offers", "requested", "email", "staff")],
}
# customer: (channels, hours of calls, limit of contacts in days, topics, habits)
WISHES = {
    "Harbor & Hale Law Offices": (
        ("email", "phone"),
        [("1", 9, 12), ("3", 14, 17)],
        (2, 14),
        ["Paper and print", "Offers of the month"],
        {"purchase_purpose": "own_use", "payment_habit": "on_time", "product_preferences": ["brands"]},
    ),
    "Kestrel Group": (
        ("phone", "email"),
        [],
        (0, 7),
        ["Office furniture"],
        {"purchase_purpose": "own_use", "payment_habit": "at_once"},
    ),
    "Old Mill Hotel": (
        ("phone",),
        [("0", 10, 12), ("2", 10, 12)],
        (1, 7),
        ["Coffee and kitchen"],
        {"payment_habit": "reminded", "product_preferences": ["sustainable", "cheapest"]},
    ),
}


class CrmDemoConsents(models.AbstractModel):
    """What the customers of the demo story allowed, and how they want to be treated. Demo data only."""

    _name = "crm.demo.consents"
    _description = "Demo story: consents and wishes"

    @api.model
    def _create_consents(self):
        self = self.with_company(self.env.ref("base.main_company"))  # noqa: PLW0642
        customers = self.env["res.partner"].search(
            [("name", "in", [*SAID, *WISHES]), ("parent_id", "=", False)]
        )
        by_name = {customer.name: customer for customer in customers}
        for name, statements in SAID.items():
            for days_ago, purpose, action, channel, source in statements:
                self.env["crm.consent.event"].create(
                    {
                        "partner_id": by_name[name].id,
                        "purpose_id": self.env["crm.consent.purpose"]._get(purpose).id,
                        "action": action,
                        "channel": channel,
                        "company_id": self.env.company.id,
                        "occurred_at": fields.Datetime.now() - timedelta(days=days_ago),
                        "source": source,
                    }
                )
        for name, wishes in WISHES.items():
            self._note_wishes(by_name[name], wishes)
        self._note_sensitive(by_name["Old Mill Hotel"])
        asked = by_name["Pixelforge Studios"]
        asked._crm_log_request("gathered", "Letter of the studio's lawyer")
        asked._crm_log_request("corrected", "Letter of the studio's lawyer", "Spelling of the name")

    def _note_sensitive(self, customer):
        """Without a key of the server there is an entry that waits for its value."""
        Data = self.env["crm.sensitive.data"]
        value = {"new_value": "48000"} if any(Data._get_keys()) else {}
        Data.create(
            {
                "partner_id": customer.id,
                "kind_id": self.env.ref("crm_core.sensitive_kind_income").id,
                "purpose": "Credit line agreed on the phone",
                **value,
            }
        )

    def _note_wishes(self, customer, wishes):
        channels, hours, limit, topics, habits = wishes
        Topic = self.env["crm.contact.topic"]
        known = {topic.name: topic for topic in Topic.search([])}
        picked = Topic.concat(*(known.get(name) or Topic.create({"name": name}) for name in topics))
        self.env["crm.contact.preference"].create(
            {
                "partner_id": customer.id,
                **dict(zip(("first_channel", "second_channel"), channels, strict=False)),
                "window_ids": [
                    Command.create({"weekday": day, "hour_from": begin, "hour_to": end})
                    for day, begin, end in hours
                ],
                "contact_limit": limit[0],
                "contact_limit_days": limit[1],
                "topic_ids": [Command.set(picked.ids)],
                "properties": habits,
            }
        )
