from odoo import models


class HelpdeskTicket(models.Model):
    """Two matters in one ticket become two tickets."""

    _inherit = "helpdesk.ticket"

    def _split(self, messages, mode, values):
        """Open a ticket from some messages of this one.

        :param messages: ``mail.message`` of this ticket
        :param str mode: ``move`` or ``copy``
        :param dict values: ``name``, ``team_id``, ``user_id`` of the new ticket
        :rtype: helpdesk.ticket
        """
        self.ensure_one()
        self.check_access("write")
        ticket = self.create({**self._prepare_split_values(messages), **values})
        # sudo: messages of a ticket the user may change; he chose them, nobody is told anew
        if mode == "move":
            self._move_said(messages.sudo(), ticket)
        else:
            self._copy_said(messages.sudo(), ticket)
        # Whoever wrote what is in the new ticket goes on following it.
        known = messages.author_id & self.message_partner_ids
        ticket.message_subscribe(known.ids)
        ticket.message_post(body=self.env._("Split from %s.", self._get_html_link()))
        self.message_post(body=self.env._("%s was split off this ticket.", ticket._get_html_link()))
        return ticket

    def _prepare_split_values(self, messages):
        """What the new ticket has in common with this one; the customer is who wrote."""
        authors = messages.sorted("id").author_id.filtered(
            lambda author: author.commercial_partner_id == self.commercial_partner_id
        )
        return {
            "split_from_id": self.id,
            "partner_id": (authors[:1] or self.partner_id).id,
            "partner_name": self.partner_name,
            "partner_email": self.partner_email,
            "partner_phone": self.partner_phone,
            "priority": self.priority,
            "product_id": self.product_id.id,
            "lot_id": self.lot_id.id,
            "sale_order_id": self.sale_order_id.id,
            "invoice_id": self.invoice_id.id,
            "picking_id": self.picking_id.id,
        }

    def _move_said(self, messages, ticket):
        files = messages.attachment_ids.filtered(
            lambda file: file.res_model == self._name and file.res_id == self.id
        )
        messages.write({"res_id": ticket.id})
        files.write({"res_id": ticket.id})

    def _copy_said(self, messages, ticket):
        for message in messages.sorted("id"):
            files = message.attachment_ids.copy({"res_model": self._name, "res_id": ticket.id})
            message.copy({"res_id": ticket.id, "attachment_ids": files.ids, "parent_id": False})
