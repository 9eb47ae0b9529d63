from odoo.tools.misc import format_date

from ..lib.consent import REFUSALS


class ContactWords:
    """The judgment on a person, in a sentence."""

    def __init__(self, env, channel, purpose, at=None):
        self.env = env
        self.purpose = purpose
        self.channel = channel
        label = env["res.partner"]._crm_channel_label(channel)
        self.about = {
            "purpose": purpose._name_in_sentence(),
            "channel": label[:1].lower() + label[1:] if (env.lang or "en").startswith("en") else label,
        }
        self.today = env.company._crm_today(at)
        self._by_statement = {}
        self._by_basis = env._(
            "No consent needed (%s), and no objection",
            dict(purpose._fields["legal_basis"]._description_selection(env))[purpose.legal_basis],
        )

    def judge(self, row):
        """:return: (allowed, reason)"""
        if reason := self._stopped(row):
            return False, reason
        said = (row["status"], row["since"], row["valid_until"], row["readdressed"])
        if said not in self._by_statement:  # among 100,000 persons few differ
            self._by_statement[said] = self._on_statement(row)
        allowed, reason = self._by_statement[said]
        if allowed and (obstacle := self._not_reachable(row)):
            return False, obstacle
        return allowed, reason

    def refusal(self, row):
        """:return: the person's own no, or None"""
        if row["restricted"]:
            return self._stopped(row)
        return self._refused(row) if row["status"] in REFUSALS else None

    def _on_statement(self, row):
        if reason := self._not_agreed(row):
            return False, reason
        if row["status"] == "granted":
            return True, self.env._(
                "Consented to %(purpose)s by %(channel)s on %(day)s", day=self.day(row["since"]), **self.about
            )
        return True, self._by_basis

    def day(self, day):
        """A day as people say it: 12 May 2026."""
        return format_date(self.env, day, date_format="d MMMM y")

    def _stopped(self, row):
        if row["restricted"]:
            return self.env._("The person demanded that the data are not used")
        if not row["active"]:
            return self.env._("The contact is archived")
        return None

    def _not_agreed(self, row):
        status = row["status"]
        if status in REFUSALS:
            return self._refused(row)
        if self.purpose.legal_basis != "consent":
            return None
        if status is None:
            return self.env._("No consent for %(purpose)s by %(channel)s", **self.about)
        if status == "pending":
            return self.env._(
                "Consent for %(purpose)s by %(channel)s asked for on %(day)s and not confirmed yet",
                day=self.day(row["since"]),
                **self.about,
            )
        return self._not_covered(row)

    def _not_covered(self, row):
        """:return: why a yes that was given does not hold now, or None"""
        if row["readdressed"]:
            values = {"day": self.day(row["since"]), **self.about}
            if self.channel == "email":
                return self.env._(
                    "Consent for %(purpose)s by %(channel)s of %(day)s was for an earlier address; the new"
                    " one is not confirmed yet",
                    **values,
                )
            return self.env._(
                "Consent for %(purpose)s by %(channel)s of %(day)s was for an earlier number; the new one is"
                " not confirmed yet",
                **values,
            )
        if row["valid_until"] and row["valid_until"] < self.today:
            return self.env._(
                "Consent for %(purpose)s by %(channel)s ended on %(day)s",
                day=self.day(row["valid_until"]),
                **self.about,
            )
        return None

    def _refused(self, row):
        values = {"day": self.day(row["since"]), **self.about}
        if row["status"] == "withdrawn":
            return self.env._("Withdrew consent for %(purpose)s by %(channel)s on %(day)s", **values)
        return self.env._("Objected to %(purpose)s by %(channel)s on %(day)s", **values)

    def _not_reachable(self, row):
        if not row["has_address"]:
            return {
                "email": self.env._("No e-mail address"),
                "letter": self.env._("No postal address"),
            }.get(self.channel, self.env._("No phone number"))
        if row["blacklisted"]:
            return (
                self.env._("The e-mail address is on the blacklist")
                if self.channel == "email"
                else self.env._("The phone number is on the blacklist")
            )
        limit = row["contact_limit"]
        if limit and row["number"] >= limit:
            return self.env._(
                "Contacted %(number)s times in %(days)s days; agreed are %(limit)s at most",
                number=row["number"],
                days=row["contact_limit_days"],
                limit=limit,
            )
        return None
