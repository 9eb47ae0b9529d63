from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class DataRecycleRecord(models.Model):
    _inherit = "data_recycle.record"

    crm_refusal = fields.Char("Not Done, Since", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        """Whoever demanded that the data are kept is proposed by no rule, nor who was in contact since."""
        by_rule = {}
        for vals in vals_list:
            by_rule.setdefault(vals.get("recycle_model_id"), []).append(vals.get("res_id"))
        left_out = {
            (rule.id, id_)
            for rule in self.env["data_recycle.model"].browse(by_rule).exists()
            for id_ in self._crm_get_held(rule, by_rule[rule.id])
        }
        return super().create(
            [vals for vals in vals_list if (vals.get("recycle_model_id"), vals.get("res_id")) not in left_out]
        )

    def action_validate(self):
        """Asked again in the moment of doing: a person may have spoken since."""
        kept = self.browse()
        for rule, records in self.grouped("recycle_model_id").items():
            held = self._crm_get_held(rule, records.mapped("res_id"))
            kept |= records.filtered(lambda record, held=held: record.res_id in held)
        kept.unlink()
        rest = self - kept
        to_anonymize = rest.filtered(lambda record: record.recycle_model_id.recycle_action == "anonymize")
        to_anonymize._crm_anonymize()
        return super(DataRecycleRecord, rest - to_anonymize).action_validate()

    def _crm_anonymize(self):
        """Each person by itself: who can't be anonymized yet stays in the list, with the reason."""
        Partner = self.env["res.partner"].with_context(active_test=False)
        known = set(Partner.browse(self.mapped("res_id")).exists().ids)
        done = self.browse()
        for record in self:
            try:
                with self.env.cr.savepoint():
                    if record.res_id in known:
                        Partner.browse(record.res_id)._crm_anonymize(record.recycle_model_id.name)
            except UserError as error:
                record.crm_refusal = str(error)
            else:
                done |= record
        done.unlink()

    # ------------------------------------------------------------------
    # Who is left alone
    # ------------------------------------------------------------------

    @api.model
    def _crm_get_held(self, rule, ids):
        """Records of a rule that it must not touch.

        :rtype: set[int]
        """
        persons = self._crm_get_persons(rule, ids)
        kept = self._crm_get_kept_persons(set(persons.values()))
        if rule.recycle_action == "anonymize":
            kept |= self._crm_get_done_or_active(rule, set(persons.values()))
        return {id_ for id_, person_id in persons.items() if person_id in kept}

    @api.model
    def _crm_get_persons(self, rule, ids):
        """:return: {record id: id of the person it is about}, for records about persons"""
        name = rule.res_model_name
        if name == "res.partner":
            return {id_: id_ for id_ in ids}
        field = self.env[name]._fields.get("partner_id") if name in self.env else None
        if not field or field.comodel_name != "res.partner":
            return {}
        # sudo: whose records they are, whoever validates
        records = self.env[name].sudo().with_context(active_test=False).browse(ids).exists()
        return {record.id: record.partner_id.id for record in records if record.partner_id}

    @api.model
    def _crm_get_kept_persons(self, person_ids):
        """Those whose processing is restricted: their data stay as they are. What is left of somebody who
        was anonymized is nobody's any more.
        """
        # sudo: the answer is the same for everybody
        persons = self.env["res.partner"].sudo().with_context(active_test=False)
        restricted = persons.search([("id", "in", list(person_ids)), ("crm_is_restricted", "=", True)])
        return set(restricted.ids) - self._crm_get_anonymized(restricted.ids)

    @api.model
    def _crm_get_anonymized(self, person_ids):
        # sudo: as above
        done = [("partner_id", "in", list(person_ids)), ("action", "=", "anonymized")]
        return set(self.env["crm.privacy.log"].sudo().search(done).partner_id.ids)

    @api.model
    def _crm_get_done_or_active(self, rule, person_ids):
        """Who is anonymized already, and who had any contact with us within the time of the rule, in
        whichever company.
        """
        since = fields.Datetime.now() - relativedelta(**{rule.time_field_delta_unit: rule.time_field_delta})
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT partner_id FROM crm_interaction WHERE partner_id = ANY(%s) AND date >= %s",
                list(person_ids),
                since,
            )
        )
        return {id_ for (id_,) in rows} | self._crm_get_anonymized(person_ids)
