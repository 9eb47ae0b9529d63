from odoo import api, fields, models


class CrmPortalAct(models.Model):
    """What a customer did in the portal, where no document tells it: a thin row for the timeline."""

    _name = "crm.portal.act"
    _description = "Act in the portal"
    _inherit = ["crm.interaction.mixin"]
    _order = "date desc, id desc"
    _rec_name = "act"
    _interaction_fields = frozenset({"partner_id", "company_id", "date", "act"})

    # Who deletes the own account in the portal leaves no trace of signing in.
    partner_id = fields.Many2one(
        "res.partner", "Contact", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True)
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    act = fields.Selection(
        [
            ("sign_in", "Signed in"),
            ("offer_accepted", "Accepted an offer"),
            ("offer_declined", "Declined an offer"),
            ("wishes", "Changed the preferences"),
            ("consent", "Changed a consent"),
            ("people", "Changed who sees the business"),
            ("download", "Downloaded the own data"),
        ],
        required=True,
        readonly=True,
    )
    name = fields.Char("Document", readonly=True)

    @api.model
    def _record(self, partner, act, name=None):
        """Note an act of a person; signing in once a day.

        :param partner: the person
        :param str act: see the field
        :param str name: number of the document it was about
        """
        # sudo: customers have no rights to what is noted of them
        acts = self.sudo()
        if act == "sign_in":
            begin = fields.Datetime.now().replace(hour=0, minute=0, second=0)
            if acts.search_count(
                [("partner_id", "=", partner.id), ("act", "=", act), ("date", ">=", begin)], limit=1
            ):
                return
        acts.create({"partner_id": partner.id, "act": act, "name": name, "company_id": self.env.company.id})

    def _interaction_values(self):
        acts = dict(self._fields["act"].selection)
        return [
            {
                "res_id": act.id,
                "kind": "portal",
                "date": act.date,
                "partner_id": act.partner_id.id,
                "company_id": act.company_id.id,
                "channel": "portal",
                "direction": "in",
                # For the search, and for who reads the table: the reader is told in his language, below.
                "subject": f"{acts[act.act]}: {act.name}" if act.name else acts[act.act],
            }
            for act in self
        ]

    def _interaction_look(self):
        acts = dict(self._fields["act"]._description_selection(self.env))
        return {
            act.id: {"subject": f"{acts[act.act]}: {act.name}" if act.name else acts[act.act]} for act in self
        }


class ResUsers(models.Model):
    _inherit = "res.users"

    def _update_last_login(self):
        result = super()._update_last_login()
        if self.env.user.share:
            self.env["crm.portal.act"]._record(self.env.user.partner_id, "sign_in")
        return result
