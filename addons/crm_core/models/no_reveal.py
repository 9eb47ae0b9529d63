"""Templates show no sensitive value, whoever renders them."""

from odoo import api, models

from .crm_sensitive_data import no_reveal


class IrQweb(models.AbstractModel):
    _inherit = "ir.qweb"

    @api.model
    def _render(self, template, values=None, **options):
        with no_reveal():
            return super()._render(template, values, **options)


class MailRenderMixin(models.AbstractModel):
    _inherit = "mail.render.mixin"

    @api.model
    def _render_template(self, *args, **kwargs):
        with no_reveal():
            return super()._render_template(*args, **kwargs)
