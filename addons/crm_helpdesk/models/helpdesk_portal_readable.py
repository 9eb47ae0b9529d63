from odoo import models


class HelpdeskPortalReadable(models.AbstractModel):
    """Mixin for records of which customers read some fields alone, by whichever way they ask."""

    _name = "helpdesk.portal.readable"
    _description = "Partly readable in the portal (mixin)"

    # Whatever else there is, also what other addons add, is the company's own business.
    _portal_readable = frozenset({"id", "display_name"})

    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        if self.env.su or not self.env.user.share:
            return True
        return operation == "read" and field.name in self._portal_readable
