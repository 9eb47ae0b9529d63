from odoo import api, models


class MailingSubscription(models.Model):
    """Leaving a list is a consent taken back, and coming back by oneself one given."""

    _inherit = "mailing.subscription"

    @api.model_create_multi
    def create(self, vals_list):
        subscriptions = super().create(vals_list)
        subscriptions.filtered("opt_out")._crm_record("withdrawn")
        if self._crm_is_the_person():
            subscriptions.filtered(lambda subscription: not subscription.opt_out)._crm_record("granted")
        return subscriptions

    def write(self, vals):
        before = {subscription: subscription.opt_out for subscription in self}
        result = super().write(vals)
        left = self.filtered(lambda subscription: subscription.opt_out and not before[subscription])
        left._crm_record("withdrawn")
        if self._crm_is_the_person():
            back = self.filtered(lambda subscription: not subscription.opt_out and before[subscription])
            back._crm_record("granted")
        return result

    def _crm_is_the_person(self):
        """Whether it is the person who acts, by the customer's own page, and not one of us."""
        return self.env.user._is_public() or self.env.user.share

    def _crm_record(self, action):
        """Append what leaving or joining these lists means for everybody with the address."""
        # sudo: events follow from the list, whoever changes it
        for subscription in self.sudo().filtered(lambda row: row.list_id.crm_purpose_id):
            email = subscription.contact_id.email_normalized
            persons = self.env["res.partner"].sudo()._crm_with_address(email)
            purpose = subscription.list_id.crm_purpose_id
            # A no holds towards every company, as the list does; a yes is given to the one that asks.
            company = purpose.company_id or (self.env.company if action == "granted" else purpose.company_id)
            for person in persons:
                person._crm_record_consent(purpose, action, "email", source="opt_out", company_id=company.id)
