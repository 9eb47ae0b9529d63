from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, html2plaintext

from ..lib.consent import REFUSALS

OFFICER = "crm_core.group_crm_core_manager"
PLAIN = ("char", "text", "html", "integer", "float", "monetary", "date", "datetime", "selection", "many2one")
# Never told, not even to the person: they open doors.
SECRETS = ("token", "password", "secret", "signup", "api_key")
TECHNICAL = {
    "create_uid",
    "write_uid",
    "write_date",
    "create_date",
    "res_model_id",
    "message_main_attachment_id",
}
# Rows that only point to records which are listed themselves, or hold no more than who gets mails.
POINTERS = {"crm.interaction", "crm.customer.dirty", "mail.followers", "mail.notification"}
ROWS_IN_REPORT = 25
# Facts that are profiles, and those that serve a contract.
PRODUCT_FIELDS = {"crm_bought_product_ids", "crm_due_product_ids", "crm_product_fact_ids"}
CONTRACT_FIELDS = {"crm_overdue", "crm_receivable", "crm_quotation_count", "crm_opportunity_count"}


class ResPartner(models.Model):
    """The rights of the person: to know what is held, and to have it used no further."""

    _inherit = "res.partner"

    # ------------------------------------------------------------------
    # Profiles
    # ------------------------------------------------------------------

    def _crm_may_profile(self):
        """Those of the partners about whom profiles may be made: suggestions, scores, segments.

        Left out are restricted persons and those whose last word on the purpose ``profiling`` was a no,
        whatever channel they named. One query.

        :rtype: res.partner
        """
        rows = self.env.execute_query(self._crm_may_profile_sql(SQL("person.id = ANY(%s)", list(self.ids))))
        allowed = {id_ for (id_,) in rows}
        return self.filtered(lambda partner: partner.id in allowed)

    @api.model
    def _crm_may_profile_sql(self, among):
        """SELECT of the ids of :meth:`_crm_may_profile`; the answer is the same for everybody.

        :param SQL among: condition on the partner ``person``
        """
        self.flush_model()
        Event = self.env["crm.consent.event"]
        Event.flush_model()
        self.env["crm.consent.purpose"].flush_model()
        company = self.env.company
        said = SQL(
            """
            SELECT event.id, partner_id, purpose_id, '' AS channel, %(company)s AS company_id, action,
                   occurred_at, valid_until
              FROM crm_consent_event event
              JOIN crm_consent_purpose purpose ON purpose.id = purpose_id
              JOIN res_partner person ON person.id = partner_id
             WHERE %(among)s
               AND code = 'profiling'
               AND (event.company_id IS NULL OR event.company_id = %(company)s)
            """,
            company=company.id,
            among=among,
        )
        return SQL(
            """
            SELECT person.id
              FROM res_partner person
              LEFT JOIN (%(states)s) AS state ON state.partner_id = person.id
             WHERE %(among)s
               AND person.crm_is_restricted IS NOT TRUE
               AND COALESCE(state.status, '') NOT IN %(refusals)s
               AND (state.status = 'granted' AND COALESCE(state.valid_until, %(today)s) >= %(today)s
                    OR NOT EXISTS (SELECT FROM crm_consent_purpose
                                    WHERE active AND code = 'profiling' AND legal_basis = 'consent'
                                      AND COALESCE(company_id, %(company)s) = %(company)s))
            """,
            states=Event._state_query(said),
            among=among,
            refusals=REFUSALS,
            today=company._crm_today(),
            company=company.id,
        )

    @api.model
    def _crm_profile_fields(self):
        """Fields of the partner that tell how somebody behaves: conditions on them are profiling, and leave
        objectors out. What serves a contract, such as open invoices, is none. Extend with those you add.

        :rtype: frozenset
        """
        return frozenset({*self._crm_facts(), *PRODUCT_FIELDS} - CONTRACT_FIELDS)

    # ------------------------------------------------------------------
    # What is held
    # ------------------------------------------------------------------

    def _crm_check_privacy_officer(self):
        """:raise AccessError: not a manager of customer relations, or another team's customer"""
        if not self.env.su and not self.env.user.has_group(OFFICER):
            raise AccessError(
                self.env._("Requests about personal data are handled by managers of Customers.")
            )
        for partner in self:
            partner._crm_check_access()

    def _crm_log_request(self, action, reference=None, details=None):
        # sudo: nobody may write the log by hand
        self.env["crm.privacy.log"].sudo().create(
            {
                "partner_id": self.id,
                "action": action,
                "reference": reference,
                "details": details,
                "user_id": self.env.uid,
            }
        )

    def _crm_privacy_references(self):
        """Every record that points to this person.

        :return: {model name: ids}
        """
        self.env.flush_all()
        queries = []
        for name, model in sorted(self.env.registry.items()):
            if model._abstract or model._transient or not model._auto or name == "res.partner":
                continue
            conditions = [
                SQL("%s = %s", SQL.identifier(field.name), self.id)
                for field in model._fields.values()
                if field.comodel_name == "res.partner"
                and field.type == "many2one"
                and field.column_type
                and field.store
                and not field.company_dependent
            ]
            if conditions:
                table = SQL.identifier(model._table)
                queries.append(
                    SQL("SELECT %s, id FROM %s WHERE %s", name, table, SQL(" OR ").join(conditions))
                )
        found = {}
        for name, id_ in self.env.execute_query(SQL(" UNION ALL ").join(queries)):
            found.setdefault(name, []).append(id_)
        for name in ("mail.message", "ir.attachment"):
            owner = "model" if name == "mail.message" else "res_model"
            # sudo: see _crm_gather
            about = self.env[name].sudo().search([(owner, "=", "res.partner"), ("res_id", "=", self.id)])
            if about:
                found[name] = sorted({*found.get(name, ()), *about.ids})
        return found

    def _crm_gather(self, reference=None):
        """Everything held about this person: what the report prints and the download contains.

        :return: plain values: ``person``, ``gathered_at``, ``sections`` (each ``model``, ``name``, ``count``,
            ``records``), ``sensitive``
        """
        self.ensure_one()
        self._crm_check_privacy_officer()
        sections = []
        for name, ids in self._crm_privacy_references().items():
            if name == "crm.sensitive.data":
                continue
            # sudo: the person has a right to all of it; the officer's role is checked above
            records = self.env[name].sudo().browse(sorted(ids)).with_context(active_test=False)
            sections.append(
                {
                    "model": name,
                    "name": records._description,
                    "count": len(records),
                    "records": [] if name in POINTERS else self._crm_privacy_values(records),
                }
            )
        person = self._crm_privacy_values(self.sudo())[0]  # sudo: as above
        gathered = {
            "person": person,
            "gathered_at": fields.Datetime.now().isoformat(),
            "company": self.env.company.name,
            "sections": sorted(sections, key=lambda section: section["name"]),
            "sensitive": self._crm_privacy_sensitive(),
        }
        numbers = ", ".join(f"{section['name']}: {section['count']}" for section in gathered["sections"])
        self._crm_log_request("gathered", reference, numbers)
        return gathered

    def _crm_privacy_values(self, records):
        """Plain values of records, empty ones left out.

        :rtype: list[dict]
        """
        chosen = {
            name: field
            for name, field in records._fields.items()
            if field.store
            and field.type in PLAIN
            and not field.groups
            and name not in TECHNICAL
            and not any(secret in name for secret in SECRETS)
        }
        result = []
        for record in records:
            values = {"id": record.id}
            for name, field in chosen.items():
                if value := record[name]:
                    values[name] = self._crm_privacy_plain(field, value)
            result.append(values)
        return result

    def _crm_privacy_plain(self, field, value):
        if field.type == "many2one":
            return value.display_name
        if field.type in ("date", "datetime"):
            return value.isoformat()
        if field.type == "html":
            return html2plaintext(value)
        return value

    def _crm_privacy_sensitive(self):
        """Sensitive entries; the values for those alone who may see them, and then it is logged."""
        # sudo: that there are entries is told to the officer, too
        entries = self.env["crm.sensitive.data"].sudo().search([("partner_id", "=", self.id)])
        may_see = self.env.su or self.env.user.has_group("crm_core.group_crm_core_sensitive")
        rows = []
        for entry in entries:
            rows.append(
                {
                    "kind": entry.kind_id.name,
                    "purpose": entry.purpose,
                    "kept_until": entry.retain_until.isoformat(),
                    "value": entry._open() if may_see and entry.has_value else None,
                }
            )
        if may_see:
            entries.with_user(self.env.user)._log("handed_over")
        return rows

    # ------------------------------------------------------------------
    # Restrict
    # ------------------------------------------------------------------

    def _crm_set_restricted(self, is_restricted, reference=None):
        """Keep the data and use them no more, or use them again."""
        self._crm_check_privacy_officer()
        for partner in self:
            # sudo: an officer need not be allowed to edit contacts
            partner.sudo().crm_is_restricted = is_restricted
            partner._crm_log_request("restricted" if is_restricted else "lifted", reference)
