from odoo import models
from odoo.tools import SQL


class ResPartner(models.Model):
    """Who may no longer see the tickets of colleagues, does not follow them either."""

    _inherit = "res.partner"

    def write(self, vals):
        losing = self.browse()
        if "crm_sees_business" in vals and not vals["crm_sees_business"]:
            losing = self.filtered("crm_sees_business")
        result = super().write(vals)
        losing._helpdesk_forget_follows()
        return result

    def _crm_portal_forget_rights(self, before):
        result = super()._crm_portal_forget_rights(before)
        left = [id_ for id_, owner in self._crm_owners_stored().items() if before[id_] not in (None, owner)]
        if left:
            self.browse(left)._helpdesk_forget_follows(dict(before))
        return result

    def _helpdesk_forget_follows(self, customers=None):
        """End following tickets that are not the own ones; of employees nothing.

        :param dict customers: {partner id: id of the commercial entity whose tickets}, None: the own one
        """
        if not self:
            return
        customers = customers or {person.id: person.commercial_partner_id.id for person in self}
        pairs = SQL(", ").join(SQL("(%s, %s)", id_, customers[id_]) for id_ in self.ids if customers[id_])
        if not pairs:
            return
        # SQL: this may run inside a flush, where nothing may be written by the ORM.
        gone = self.env.execute_query(
            SQL(
                """
                DELETE FROM mail_followers follower
                 USING helpdesk_ticket ticket, (VALUES %s) AS person (id, customer_id)
                 WHERE follower.res_model = 'helpdesk.ticket' AND follower.res_id = ticket.id
                   AND follower.partner_id = person.id
                   AND ticket.commercial_partner_id = person.customer_id AND ticket.partner_id != person.id
                   AND NOT EXISTS (SELECT FROM res_users u
                                    WHERE u.partner_id = person.id AND NOT u.share AND u.active)
             RETURNING follower.id
                """,
                pairs,
            )
        )
        if gone:
            self.env["mail.followers"].invalidate_model(flush=False)
            Ticket = self.env["helpdesk.ticket"]
            Ticket.invalidate_model(["message_follower_ids", "message_partner_ids"], flush=False)
