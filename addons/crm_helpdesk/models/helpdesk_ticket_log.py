from odoo import api, models
from odoo.tools import SQL

# Key of what a cursor gathers while changes are logged: see HelpdeskTicket._log_together
NOTES = "crm_helpdesk.notes"


class HelpdeskTicket(models.Model):
    """What is written down when tickets come and move: a plain log, unless somebody wants to be told.

    To post a message costs many times a log, and of a thousand tickets hardly one is followed for it.
    """

    _inherit = "helpdesk.ticket"

    @api.model_create_multi
    def create(self, vals_list):
        context = self.env.context
        if context.get("mail_create_nolog") or context.get("tracking_disable"):
            return super().create(vals_list)
        quiet = self.with_context(mail_create_nolog=True)
        tickets = super(HelpdeskTicket, quiet).create(vals_list).with_env(self.env)
        tickets._log_opening()
        return tickets

    def _log_opening(self):
        """Log that the tickets were opened; whoever follows that is told."""
        subtype = self._creation_subtype()
        told = self._get_followed_by(subtype)
        for ticket in told:
            # sudo: as the ERP does it, also of who may open a ticket and write no message
            ticket.sudo().message_post(
                subtype_id=subtype.id,
                author_id=self.env.user.partner_id.id,
                body=ticket._creation_message(),
            )
        others = self - told
        if others:
            others._for_the_log()._message_log_batch(
                {ticket.id: ticket._creation_message() for ticket in others}
            )

    def _track_prepare(self, fields_iter):
        # A change of team tells which properties are gone; most teams have none to be read.
        # sudo: whether there are any
        if not any(team.ticket_properties_definition for team in self.sudo().team_id):
            fields_iter = self._track_get_fields().intersection(fields_iter) - {"ticket_properties"}
        return super()._track_prepare(fields_iter)

    def _message_track(self, fields_iter, initial_values_dict):
        told = self._get_followed_by(self._stage_subtype())
        tickets = self._for_the_log().with_context(helpdesk_stage_followed=told._ids)
        data = self.env.cr.precommit.data
        data[NOTES] = []
        try:
            result = super(HelpdeskTicket, tickets)._message_track(fields_iter, initial_values_dict)
        finally:
            notes = data.pop(NOTES)
        tickets._log_together(notes)
        return result

    def _message_log(self, *, body="", tracking_value_ids=False, author_id=None, **options):
        notes = self.env.cr.precommit.data.get(NOTES)
        if notes is None or options:
            return super()._message_log(
                body=body, tracking_value_ids=tracking_value_ids, author_id=author_id, **options
            )
        notes.append((self.id, body, author_id, tracking_value_ids or []))
        return self.env["mail.message"]

    def _log_together(self, notes):
        """Log what changed of many tickets at once: one by one, each costs two queries.

        :param list notes: (ticket id, body, author id or None, commands that create tracking values)
        """
        values = []
        for author_id in {author_id for _id, _body, author_id, _values in notes}:
            of_author = [note for note in notes if note[2] == author_id]
            bodies = {ticket_id: body for ticket_id, body, _author, _values in of_author}
            messages = self.browse(bodies)._message_log_batch(bodies, author_id=author_id)
            logged = dict(zip(bodies, messages.ids, strict=True))
            values += [
                {**tracked, "mail_message_id": logged[ticket_id]}
                for ticket_id, _body, _author, commands in of_author
                for _create, _zero, tracked in commands
            ]
        # sudo: as the ERP writes them with the message
        self.env["mail.tracking.value"].sudo().create(values)

    def _for_the_log(self):
        """The tickets, where what is logged is told to nobody: it needs no address for answers, for which
        the ERP reads the whole company, and of its author only how he is called.
        """
        self.env.user.partner_id.fetch(("name", "email"))
        return self.with_context(helpdesk_log_only=True)

    def _track_subtype(self, init_values):
        self.ensure_one()
        if "stage_id" in init_values and self.id in self.env.context.get(
            "helpdesk_stage_followed", self._ids
        ):
            return self._stage_subtype()
        return super()._track_subtype(init_values)

    def _creation_message(self):
        # As the ERP words it; the name of the model is no question to the database.
        return self.env._("Ticket created")

    def _creation_subtype(self):
        return self._get_subtype("crm_helpdesk.mt_ticket_new")

    def _stage_subtype(self):
        return self._get_subtype("crm_helpdesk.mt_ticket_stage")

    def _get_subtype(self, xml_id):
        """The subtype without asking the database whether it is there, once per ticket.

        :rtype: mail.message.subtype
        """
        subtypes = self.env["mail.message.subtype"]
        return subtypes.browse(self.env["ir.model.data"]._xmlid_to_res_id(xml_id, raise_if_not_found=True))

    def _get_followed_by(self, subtype):
        """Those of the tickets that somebody follows for messages of this subtype.

        :rtype: helpdesk.ticket
        """
        self.env["mail.followers"].flush_model()
        # SQL: that there is a follower is asked of each ticket that is opened or moved, not who it is.
        followed = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT follower.res_id
                  FROM mail_followers follower
                  JOIN mail_followers_mail_message_subtype_rel told ON told.mail_followers_id = follower.id
                 WHERE follower.res_model = %s
                   AND follower.res_id = ANY(%s)
                   AND told.mail_message_subtype_id = %s
                """,
                self._name,
                self.ids,
                subtype.id,
            )
        )
        return self.browse(ticket_id for (ticket_id,) in followed)
