from odoo import models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def reverse_moves(self, is_modify=False):
        """A credit note made for a ticket shows on the ticket."""
        action = super().reverse_moves(is_modify=is_modify)
        refund = self.new_move_ids[:1]
        if is_modify:
            # The new moves are the corrected invoices; the credit note reverses the old one.
            refund = self.move_ids.reversal_move_ids.sorted("id", reverse=True)[:1] or refund
        self.env["helpdesk.request"]._link_from_context(refund)
        return action
