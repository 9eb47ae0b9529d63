import configparser
import contextvars
import os
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, config

from ..lib import sealing

KEYS_VARIABLE = "CRM_SENSITIVE_KEYS"
KEYS_SECTION, KEYS_OPTION = "crm_core", "sensitive_keys"
READER = "crm_core.group_crm_core_sensitive"
BATCH = 500

# True while a template is rendered: no template shows a sensitive value, whoever renders it.
_rendering = contextvars.ContextVar("crm_core_rendering", default=False)


@contextmanager
def no_reveal():
    """Within this block no sensitive value is given out."""
    token = _rendering.set(True)
    try:
        yield
    finally:
        _rendering.reset(token)


class CrmSensitiveData(models.Model):
    """A sensitive detail of a person: what for, until when, and the value under lock.

    The sealed value lies in a column the ORM does not know, so that no search, export, grouping, template
    or call reaches it; the key lies in the configuration of the server. The one way to the value is
    :meth:`crm_reveal`, which writes down who looked and why.
    """

    _name = "crm.sensitive.data"
    _description = "Sensitive Data"
    _order = "partner_id, kind_id, id"
    _rec_name = "kind_id"
    _check_company_auto = True

    # Restrict, so that a look-up of personal data finds the row.
    partner_id = fields.Many2one("res.partner", "Person", required=True, index=True, ondelete="restrict")
    kind_id = fields.Many2one("crm.sensitive.kind", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    purpose = fields.Char("What For", required=True, help="Why we need it; never the value itself.")
    retain_until = fields.Date(
        "Kept Until",
        required=True,
        compute="_compute_retain_until",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
    )
    has_value = fields.Boolean(compute="_compute_has_value")
    # Taken in and never given back.
    new_value = fields.Char(
        "Value", compute="_compute_new_value", inverse="_inverse_new_value", export_string_translation=False
    )

    def init(self):
        self.env.cr.execute(
            SQL(
                "ALTER TABLE crm_sensitive_data ADD COLUMN IF NOT EXISTS sealed_value text,"
                " ADD COLUMN IF NOT EXISTS sealed_by varchar"
            )
        )
        return super().init()

    @api.depends("kind_id", "partner_id")
    def _compute_display_name(self):
        for entry in self:
            entry.display_name = f"{entry.kind_id.name}: {entry.partner_id.display_name}"

    @api.depends("kind_id")
    def _compute_retain_until(self):
        for entry in self:
            entry.retain_until = entry.retain_until or entry.kind_id._get_last_day()

    @api.depends("kind_id")
    def _compute_new_value(self):
        self.new_value = False

    @api.depends("kind_id")
    def _compute_has_value(self):
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM crm_sensitive_data WHERE id = ANY(%s) AND sealed_value IS NOT NULL",
                [id_ for id_ in self.ids if id_],
            )
        )
        filled = {id_ for (id_,) in rows}
        for entry in self:
            entry.has_value = entry.id in filled

    def _inverse_new_value(self):
        for entry in self:
            if value := entry.new_value:
                entry._seal(value)
        self.invalidate_recordset(["new_value", "has_value"])

    @api.model_create_multi
    def create(self, vals_list):
        entries = super().create(vals_list)
        entries._log("created")
        return entries

    def write(self, vals):
        result = super().write(vals)
        if self and vals:
            self._log("changed")
        return result

    def unlink(self):
        self._log("deleted")
        return super().unlink()

    # ------------------------------------------------------------------
    # The value
    # ------------------------------------------------------------------

    def crm_reveal(self, reason: str) -> str:
        """The value of this entry. The reading is logged: who, when, which entry, why.

        :param reason: what the value is needed for now
        :return: the value; dates as ``1980-05-12``
        :raise AccessError: the caller is no reader of sensitive data, or the customer is another team's
        :raise UserError: no reason, no value, no key, or the wrong key
        """
        self.ensure_one()
        if not self.env.su and not self.env.user.has_group(READER):
            raise AccessError(self.env._("You need the role “Sensitive Customer Data” to see this."))
        self.check_access("read")
        if _rendering.get():
            raise AccessError(self.env._("Sensitive data are not for templates."))
        if not (reason or "").strip():
            raise UserError(self.env._("Say what you need it for; it is written down."))
        value = self._open()
        self._log("revealed", reason.strip())
        return value

    def _seal(self, value):
        value = self.kind_id._check_value(value)
        sealer = self._get_sealer()
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE crm_sensitive_data SET sealed_value = %s, sealed_by = %s WHERE id = %s",
                sealer.seal(self.id, value),
                sealer.mark,
                self.id,
            )
        )

    def _open(self):
        rows = self.env.execute_query(
            SQL("SELECT sealed_value FROM crm_sensitive_data WHERE id = %s", self.id)
        )
        if not rows or not rows[0][0]:
            raise UserError(self.env._("“%s” has no value yet.", self.display_name))
        try:
            return self._get_sealer().open(self.id, rows[0][0])
        except sealing.CannotOpenError:
            raise UserError(
                self.env._(
                    "None of the server's keys opens this value. An administrator has to put back the key it"
                    " was sealed with (%s).",
                    KEYS_VARIABLE,
                )
            ) from None

    @api.model
    def _get_sealer(self):
        """:raise UserError: no key, or none that is one"""
        try:
            return sealing.Sealer(self._get_keys())
        except sealing.NoKeyError:
            raise UserError(
                self.env._(
                    "There is no key for sensitive data. An administrator makes one as the README of Customer"
                    " Relations says, and gives it to the server as %s.",
                    KEYS_VARIABLE,
                )
            ) from None
        except sealing.BadKeyError:
            raise UserError(
                self.env._(
                    "One of the keys in %s is none: 44 characters, as Fernet makes them.", KEYS_VARIABLE
                )
            ) from None

    @api.model
    def _get_keys(self):
        """Keys of the server, newest first: from the environment, or from a section of its own in the
        configuration file.
        """
        keys = os.environ.get(KEYS_VARIABLE)
        if not keys:
            parser = configparser.RawConfigParser()
            parser.read([config["config"] or ""])
            keys = parser.get(KEYS_SECTION, KEYS_OPTION, fallback="")
        return keys.split(",")

    def action_reveal(self):
        """Ask for the reason, then show the value."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Show %s", self.display_name),
            "res_model": "crm.sensitive.reveal",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_entry_id": self.id},
        }

    def _log(self, action, reason=None):
        # sudo: nobody may write the log by hand
        self.env["crm.sensitive.access"].sudo().create(
            [
                {
                    "entry_number": entry.id,
                    "partner_id": entry.partner_id.id,
                    "kind_id": entry.kind_id.id,
                    "company_id": entry.company_id.id,
                    "action": action,
                    "reason": reason,
                    "user_id": self.env.uid,
                }
                for entry in self
            ]
        )

    # ------------------------------------------------------------------
    # Keys and retention
    # ------------------------------------------------------------------

    @api.model
    def action_renew_seals(self):
        """Seal every value with the newest key; afterwards older keys may go. For administrators.

        :return: a notification with the number of values renewed, or with what is wrong with the keys
        """
        if not self.env.is_system():
            raise AccessError(self.env._("Only administrators change keys."))
        try:
            kind, message = (
                "success",
                self.env._("%s values are sealed with the newest key now.", self._renew_seals()),
            )
        except UserError as error:
            kind, message = "warning", str(error)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": kind, "message": message, "sticky": kind == "warning"},
        }

    @api.model
    def _renew_seals(self):
        """:return: how many values were sealed anew

        :raise UserError: no key, or a value that none of the keys opens
        """
        sealer = self._get_sealer()
        total = 0
        while rows := self.env.execute_query(
            SQL(
                """
                SELECT id, sealed_value FROM crm_sensitive_data
                 WHERE sealed_value IS NOT NULL AND sealed_by IS DISTINCT FROM %s
                 ORDER BY id LIMIT %s FOR UPDATE
                """,
                sealer.mark,
                BATCH,
            )
        ):
            try:
                renewed = [(id_, sealer.renew(sealed)) for id_, sealed in rows]
            except sealing.CannotOpenError:
                raise UserError(
                    self.env._("Some values were sealed with a key the server does not know. Put it back.")
                ) from None
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE crm_sensitive_data entry SET sealed_value = renewed.sealed, sealed_by = %s
                      FROM (VALUES %s) AS renewed (id, sealed) WHERE entry.id = renewed.id
                    """,
                    sealer.mark,
                    SQL(", ").join(SQL("(%s, %s)", *row) for row in renewed),
                )
            )
            total += len(renewed)
        return total

    @api.model
    def _cron_retention(self):
        """Delete what is kept no longer."""
        cron = self.env["ir.cron"]
        due = [("retain_until", "<", fields.Date.today())]
        cron._commit_progress(remaining=self.search_count(due))
        while entries := self.search(due, limit=BATCH):
            entries.unlink()
            if not cron._commit_progress(len(entries)):
                break


class CrmSensitiveAccess(models.Model):
    """Who read or changed which sensitive entry, when and why; append-only."""

    _name = "crm.sensitive.access"
    _description = "Access to Sensitive Data"
    _order = "id desc"
    _rec_name = "kind_id"
    _inherit = ["crm.append.only"]
    _log_access = False

    entry_number = fields.Integer("Entry", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", "Person", required=True, readonly=True, index=True, ondelete="restrict"
    )
    kind_id = fields.Many2one("crm.sensitive.kind", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", readonly=True, index=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", "Who", required=True, readonly=True, ondelete="restrict")
    date = fields.Datetime("When", required=True, readonly=True, default=fields.Datetime.now)
    action = fields.Selection(
        [
            ("created", "Created"),
            ("revealed", "Looked At"),
            ("changed", "Changed"),
            ("deleted", "Deleted"),
            ("handed_over", "Handed to the Person"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Char("Why", readonly=True)
