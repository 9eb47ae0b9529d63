import json

from odoo import http
from odoo.http import content_disposition, request


class PrivacyController(http.Controller):
    """What is held about a person, for machines."""

    @http.route("/crm/privacy/<int:partner_id>/data.json", type="http", auth="user", methods=["GET"])
    def download(self, partner_id, reference=None, **_kwargs):
        """The file; only for managers of customer relations, and each download is logged."""
        partner = request.env["res.partner"].browse(partner_id).exists()
        if not partner:
            raise request.not_found()
        gathered = partner._crm_gather(reference)
        headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Disposition", content_disposition(f"personal-data-{partner_id}.json")),
            ("Cache-Control", "no-store"),
        ]
        return request.make_response(json.dumps(gathered, indent=2, default=str), headers)
