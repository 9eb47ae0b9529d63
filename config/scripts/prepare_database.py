"""Runs in Odoo's shell (``env`` is given): mends and warms a database of the harness.

Debian's tree lacks one library file of ``mail`` that its manifest names; the browser would log an
error for it, which
fails every tour. The official trees have the file, and there nothing is done.
"""

from odoo.tools.misc import file_path

LACKING = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
NAME = "harness: file that this Odoo tree lacks"

try:
    file_path(LACKING)
except FileNotFoundError:
    if not env["ir.asset"].search([("name", "=", NAME)]):
        values = {
            "name": NAME,
            "bundle": "web.assets_backend",
            "directive": "remove",
            "path": LACKING,
        }
        env["ir.asset"].create(values)

env["ir.qweb"]._pregenerate_assets_bundles()
env.cr.commit()
