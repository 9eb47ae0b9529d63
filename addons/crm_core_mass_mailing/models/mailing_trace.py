from odoo import fields, models
from odoo.tools import SQL

# It never arrived, or never left.
LOST = ("outgoing", "error", "bounce", "cancel")


class MailingTrace(models.Model):
    """A mailing that left is a contact with the person: one row of the timeline, counted by the limit."""

    _name = "mailing.trace"
    _inherit = ["mailing.trace", "crm.interaction.mixin"]

    _interaction_fields = frozenset({"trace_status", "sent_datetime", "model", "res_id", "mass_mailing_id"})

    failure_type = fields.Selection(
        selection_add=[("crm_consent", "No Consent")], ondelete={"crm_consent": "set null"}
    )

    def _crm_cancel(self, reason):
        """Not sent, since the person may not be contacted."""
        self.write({"trace_status": "cancel", "failure_type": "crm_consent", "failure_reason": reason})

    # ------------------------------------------------------------------
    # Timeline
    # ------------------------------------------------------------------

    def _interaction_relevant(self):
        return self.filtered(lambda trace: not trace.is_test_trace)

    def _interaction_filter_told(self):
        return self.filtered("sent_datetime")

    def _interaction_query(self, ids):
        return SQL(
            """
            SELECT trace.id, 'partner ' || behind.partner_id, 'mailing', trace.sent_datetime,
                   behind.partner_id, behind.partner_id, NULL::int,
                   CASE trace.trace_type WHEN 'mail' THEN 'email' ELSE 'message' END, 'out',
                   mailing.user_id, mailing.subject, NULL
              FROM mailing_trace trace
              JOIN mailing_mailing mailing ON mailing.id = trace.mass_mailing_id
              JOIN (%(behind)s) AS behind ON behind.id = trace.id
             WHERE trace.sent_datetime IS NOT NULL
               AND trace.trace_status NOT IN %(lost)s
               AND trace.is_test_trace IS NOT TRUE
            """,
            behind=self._interaction_behind(ids),
            lost=LOST,
        )

    def _interaction_behind(self, ids):
        """SELECT of the trace's id and the partner behind its recipient: of the record, else by address."""
        rows = self.env.execute_query(
            SQL("SELECT model, array_agg(id) FROM mailing_trace WHERE id IN %s GROUP BY model", ids)
        )
        queries = []
        for name, trace_ids in rows:
            model = self.env.get(name)
            if name == "res.partner":
                source = SQL("SELECT trace.id, trace.res_id AS partner_id FROM mailing_trace trace")
            elif model is not None and model._auto and (field := model._fields.get("partner_id")):
                if not field.store or field.comodel_name != "res.partner":
                    continue
                source = SQL(
                    "SELECT trace.id, record.partner_id FROM mailing_trace trace JOIN %s record"
                    " ON record.id = trace.res_id AND record.partner_id IS NOT NULL",
                    SQL.identifier(model._table),
                )
            else:
                source = SQL(
                    "SELECT trace.id, person.id AS partner_id FROM mailing_trace trace JOIN res_partner"
                    " person ON person.email_normalized = trace.email AND person.active"
                )
            queries.append(SQL("%s WHERE trace.id = ANY(%s)", source, trace_ids))
        if not queries:
            return SQL("SELECT NULL::int AS id, NULL::int AS partner_id WHERE FALSE")
        return SQL(" UNION ALL ").join(queries)
