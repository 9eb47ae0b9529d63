from odoo import models

INTERNAL = "base.group_user"


class HelpdeskPortalReadable(models.AbstractModel):
    """Mixin for records of which customers read some fields alone, by whichever way they ask."""

    _name = "helpdesk.portal.readable"
    _description = "Partly readable in the portal (mixin)"

    # Whatever else there is, also what other addons add, is the company's own business.
    _portal_readable = frozenset({"id", "display_name"})

    def _has_field_access(self, field, operation):
        # Asked of each value of each record: what is cheap comes first.
        if field.groups == INTERNAL and not self.env.su:
            # As the ERP finds out who is an employee, without parsing the names of groups.
            return not self.env.user.share
        if not super()._has_field_access(field, operation):
            return False
        if operation == "read" and field.name in self._portal_readable:
            return True
        return self.env.su or not self.env.user.share
