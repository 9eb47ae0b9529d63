from odoo import api, fields, models
from odoo.tools import SQL

RECORDS_PER_BATCH = 2000


class CrmInteractionFill(models.Model):
    """How far the timeline has been filled from the records that were there before: one row per source.

    Newest first, in batches that are committed with the place reached, so that a run that was
    interrupted goes on. A source that comes with another addon gets its row by itself.
    """

    _name = "crm.interaction.fill"
    _description = "First fill of the timeline"
    _order = "id"
    _rec_name = "model_id"

    model_id = fields.Many2one("ir.model", "Documents", required=True, readonly=True, ondelete="cascade")
    first_id = fields.Integer("Newest Document (database id)", readonly=True)
    reached_id = fields.Integer("Place Reached (database id)", readonly=True)
    is_done = fields.Boolean("Done", readonly=True)
    progress = fields.Float(compute="_compute_progress")

    _model_uniq = models.UniqueIndex("(model_id)")

    @api.depends("first_id", "reached_id", "is_done")
    def _compute_progress(self):
        for fill in self:
            share = 1 - fill.reached_id / fill.first_id if fill.first_id else 0
            fill.progress = 100.0 if fill.is_done else 100.0 * share

    @api.model
    def _request_missing(self):
        """A row for each source that has none."""
        known = {model.model for (model,) in self._read_group([], ["model_id"])}
        for name in set(self.env["crm.interaction"]._get_sources()) - known:
            query = SQL("SELECT COALESCE(max(id), 0) + 1 FROM %s", SQL.identifier(self.env[name]._table))
            newest = self.env.execute_query(query)[0][0]
            self.create(
                {"model_id": self.env["ir.model"]._get_id(name), "first_id": newest, "reached_id": newest}
            )

    @api.model
    def _fill_again(self, model_name):
        """Read all records of a source once more, in the background: an addon brought or extended it.

        To be called by the addon's ``post_init_hook``.
        """
        self.search([("model_id.model", "=", model_name)]).unlink()
        self._request_missing()
        self.env.ref("crm_core.ir_cron_interaction_fill")._trigger()

    @api.model
    def _forget_kinds(self, model_name, kinds):
        """Take away the rows that an addon added, when it goes; to be called by its ``uninstall_hook``.

        :param model_name: the source
        :param kinds: kinds of ``crm.interaction`` that the addon brought
        """
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_interaction WHERE res_model = %s AND kind = ANY(%s)",
                model_name,
                list(kinds),
            )
        )
        self.env["crm.interaction"].invalidate_model()
        self.search([("model_id.model", "=", model_name)]).unlink()

    @api.model
    def _cron_fill(self):
        self._request_missing()
        cron = self.env["ir.cron"]
        while fill := self.search([("is_done", "=", False)], limit=1):
            if not fill.try_lock_for_update():
                break  # another worker is at it
            done = self.env["crm.customer.dirty"]._try_again(fill._do_batch)
            if not cron._commit_progress(done, remaining=self.search_count([("is_done", "=", False)])):
                break

    def _do_batch(self, limit=RECORDS_PER_BATCH):
        """Write the rows of the next records of the source.

        :return: number of records looked at
        :rtype: int
        """
        self.ensure_one()
        name = self.model_id.model
        if name not in self.env:  # its addon is gone
            self.is_done = True
            return 0
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM %s WHERE id < %s ORDER BY id DESC LIMIT %s",
                SQL.identifier(self.env[name]._table),
                self.reached_id,
                limit,
            )
        )
        ids = [id_ for (id_,) in rows]
        self.env["crm.interaction"]._sync(name, ids)
        self.write({"reached_id": ids[-1] if ids else 0, "is_done": len(ids) < limit})
        return len(ids)
