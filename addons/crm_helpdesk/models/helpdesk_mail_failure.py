import logging
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..lib.mail_failure import describe
from ..lib.raw_mail import digest, read_headers
from .helpdesk_mail_router import TICKET, SetAside
from .mail_thread import TooLarge

_logger = logging.getLogger(__name__)

MAIL_MEGABYTES = 50
KEPT_DAYS = 30
TRIES_ALONE = 5
BATCH = 50


class HelpdeskMailFailure(models.Model):
    """A mail to the helpdesk that could not be taken in, or out of which no ticket was made.

    Its source is kept in a transaction of its own: it is there whatever became of the one that failed.
    """

    _name = "helpdesk.mail.failure"
    _description = "Mail Not Taken In"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "subject"
    # Nobody changes a mail; activities and notes on it are for those who may read it.
    _mail_post_access = "read"

    subject = fields.Char(readonly=True)
    email_from = fields.Char(string="From", readonly=True)
    message_id = fields.Char(string="Message-Id", readonly=True, index="btree_not_null")
    digest = fields.Char(required=True, readonly=True)
    team_id = fields.Many2one("helpdesk.team", readonly=True, index="btree_not_null", ondelete="set null")
    company_id = fields.Many2one("res.company", readonly=True, index=True)
    raw_id = fields.Many2one(
        "ir.attachment",
        string="Mail",
        readonly=True,
        index="btree_not_null",
        bypass_search_access=True,
        ondelete="set null",
    )
    raw_file = fields.Binary(string="Source", related="raw_id.datas")
    raw_name = fields.Char(related="raw_id.name")
    arguments = fields.Json(readonly=True, groups="base.group_system")

    reason = fields.Selection(
        [
            ("error", "Could not be read or saved"),
            ("conflict", "Two things at the same time"),
            ("too_large", "Too large"),
            ("machine", "Answer of a machine, to no ticket"),
            ("own", "From an address of ours"),
        ],
        required=True,
        readonly=True,
    )
    error = fields.Text(readonly=True, help="For who looks for the cause; quotes nothing of the mail.")
    state = fields.Selection(
        [("waiting", "Waiting"), ("done", "Taken in"), ("discarded", "Discarded")],
        default="waiting",
        required=True,
        readonly=True,
        tracking=True,
        index=True,
    )
    tries = fields.Integer(readonly=True, default=1)
    tried_at = fields.Datetime(string="Last Try", readonly=True, default=fields.Datetime.now)
    ticket_id = fields.Many2one(TICKET, readonly=True, index="btree_not_null", ondelete="set null")

    _digest_uniq = models.UniqueIndex("(digest)", "This mail is kept already.")

    # Keeping --------------------------------------------------------------------------

    @api.model
    def _check_size(self, model, raw):
        """:raise TooLarge: a mail to the helpdesk that would take too much memory to read"""
        if self.env.context.get("helpdesk_replay"):
            return
        # sudo: a limit, whoever hands over mail
        megabytes = self.env["ir.config_parameter"].sudo().get_param("crm_helpdesk.mail_megabytes")
        limit = int(megabytes or MAIL_MEGABYTES) * 1024**2
        if len(raw) > limit and self._is_ours(model, read_headers(raw)):
            raise TooLarge

    @api.model
    def _keep(self, model, raw, custom_values, error):
        """Keep a mail to the helpdesk in a transaction of its own.

        :param model: fallback of the gateway, or False
        :param bytes raw: the mail
        :param Exception error: what happened
        :return: whether it is kept: mail to others is none of our business
        :rtype: bool
        """
        # What somebody hands over who may not, is not kept for a later try with more rights.
        may_choose = self.env.user._is_superuser() or self.env.user._is_system()
        values = custom_values if may_choose and model == TICKET else None
        if not self.env.user._is_internal():
            return False
        with self.env.registry.cursor() as cr:
            keeper = api.Environment(cr, SUPERUSER_ID, {})[self._name]
            headers = read_headers(raw)
            if not keeper._is_ours(model, headers):
                return False
            if isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY) and keeper._find_message(
                headers["message_id"]
            ):
                return False  # The other one has it.
            keeper._note(model, raw, headers, values, error)
        _logger.info("Mail to the helpdesk is kept: %s", type(error).__name__)
        return True

    def _note(self, model, raw, headers, custom_values, error):
        reason = self._get_reason(error)
        tried = {
            "reason": reason,
            "error": False if isinstance(error, (SetAside, TooLarge)) else describe(error),
            "tried_at": fields.Datetime.now(),
        }
        key = digest(raw)
        if known := self.search([("digest", "=", key)]):
            again = known.state == "done" and not isinstance(error, SetAside)
            state = {"state": "waiting"} if again else {}
            return known.write({**tried, **state, "tries": known.tries + 1})
        team = self._get_team(headers)
        failure = self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True).create(
            {
                **tried,
                "digest": key,
                "subject": headers["subject"] or self.env._("No subject"),
                "email_from": headers["sender"],
                "message_id": headers["message_id"],
                "team_id": team.id,
                "company_id": team.company_id.id,
                "arguments": {"model": TICKET if model == TICKET else False, "values": custom_values or {}},
                # Nobody needs to decide about what is not wanted anyway.
                "state": "discarded" if isinstance(error, SetAside) else "waiting",
            }
        )
        failure.raw_id = self.env["ir.attachment"].create(
            {
                "name": "mail.eml",
                "raw": raw,
                "mimetype": "message/rfc822",
                "res_model": self._name,
                "res_id": failure.id,
            }
        )
        return failure

    @api.model
    def _get_reason(self, error):
        if isinstance(error, SetAside):
            return error.reason
        if isinstance(error, TooLarge):
            return "too_large"
        return "conflict" if isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY) else "error"

    @api.model
    def _is_ours(self, model, headers):
        """Whether a mail is for the helpdesk: by the fallback, by its recipients, or as an answer."""
        return bool(model == TICKET or self._get_team(headers) or self._get_answered(headers))

    @api.model
    def _get_team(self, headers):
        """The team a mail is written to, the first one of several.

        :rtype: helpdesk.team
        """
        addresses = headers["recipients"]
        mailboxes = [address.partition("@")[0] for address in addresses]
        local = Domain("alias_name", "in", mailboxes) & Domain("alias_incoming_local", "=", True)
        teams = self.env["helpdesk.team"].with_context(active_test=False)
        found = teams.search(
            Domain("alias_id", "any", Domain("alias_full_name", "in", addresses) | local)
            if addresses
            else Domain.FALSE
        )
        ticket = found or self._get_answered(headers)
        if ticket._name == TICKET:
            return ticket.team_id
        places = {address: place for place, address in enumerate(addresses)}
        return found.sorted(lambda team: places.get(team.alias_id.alias_full_name, len(places)))[:1]

    @api.model
    def _get_answered(self, headers):
        wanted = [("message_id", "in", headers["references"]), ("model", "=", TICKET)]
        message = self.env["mail.message"].search(wanted, limit=1) if headers["references"] else None
        return self.env[TICKET].browse(message.res_id if message else []).exists()

    @api.model
    def _find_message(self, message_id):
        """The message of a ticket that a mail became."""
        if not message_id:
            return self.env["mail.message"]
        return self.env["mail.message"].search(
            [("message_id", "=", message_id), ("model", "=", TICKET)], limit=1
        )

    @api.model
    def _settle(self, key):
        """A mail that was kept has come in after all."""
        if self.env.context.get("helpdesk_replay"):
            return
        # Each mail asks this, hardly one was kept.
        self.flush_model(["digest", "state"])
        query = SQL("SELECT id FROM helpdesk_mail_failure WHERE digest = %s AND state = 'waiting'", key)
        if kept := self.env.execute_query(query):
            failure = self.browse(id_ for (id_,) in kept)
            message = failure._find_message(failure.message_id)
            failure.write({"state": "done", "ticket_id": message.res_id})

    # Actions --------------------------------------------------------------------------

    def action_replay(self):
        """Take the mails in now, whatever spoke against it; those that are in already stay as they are."""
        self._check_manager()
        for failure in self:
            failure._replay()
        if len(self) == 1 and self.ticket_id:
            return self.ticket_id.get_formview_action()
        failed = self.filtered(lambda failure: failure.state != "done")
        if failed:
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "warning",
                    "message": self.env._("%s mails could still not be taken in.", len(failed)),
                    "next": {"type": "ir.actions.client", "tag": "soft_reload"},
                },
            }
        return True

    def action_discard(self):
        """No ticket comes of these; their source is deleted with the time the settings name."""
        self._check_manager()
        waiting = self.filtered(lambda failure: failure.state == "waiting")
        waiting = waiting.sudo()  # sudo: the buttons alone change it, and end whose task it was
        waiting.write({"state": "discarded"})
        waiting.activity_unlink(["crm_helpdesk.mail_activity_type_mail_failure"])

    def _check_manager(self):
        self.check_access("read")
        if not self.env.user.has_group("crm_helpdesk.group_crm_helpdesk_manager"):
            raise AccessError(self.env._("Managers of the helpdesk decide about mail that was not taken in."))

    def action_open_ticket(self):
        """What became of it."""
        self.ensure_one()
        return self.ticket_id.get_formview_action()

    def _replay(self):
        """Hand the mail to the gateway again.

        :return: whether it is in
        :rtype: bool
        """
        # sudo: managers decide that the mail is taken in, the gateway does it as it always does
        failure = self.sudo().with_user(SUPERUSER_ID)
        if failure.state == "done" or not failure.try_lock_for_update():
            return failure.state == "done"
        if not failure.raw_id:
            raise UserError(self.env._("The source of “%s” is deleted already.", failure.subject))
        raw, arguments = failure.raw_id.raw, failure.arguments or {}
        gateway = failure.env["mail.thread"].with_context(helpdesk_replay=True)
        try:
            with self.env.cr.savepoint():
                ticket_id = gateway.message_process(
                    arguments.get("model") or False, raw, custom_values=arguments.get("values") or None
                )
        except Exception as error:
            failure.write(
                {
                    "reason": self._get_reason(error),
                    "error": describe(error),
                    "tries": failure.tries + 1,
                    "tried_at": fields.Datetime.now(),
                }
            )
            return False
        failure._note_taken_in(ticket_id)
        return failure.state == "done"

    def _note_taken_in(self, ticket_id):
        """Note what the gateway made of the mail: a ticket, now or before, or nothing."""
        tried = {"tries": self.tries + 1, "tried_at": fields.Datetime.now()}
        ticket_id = ticket_id or self._find_message(self.message_id).res_id
        if not ticket_id:
            # A bounce, or somebody who may not write to the team.
            self.write({**tried, "error": self.env._("The gateway refused the mail.")})
            return
        self.write({**tried, "state": "done", "error": False, "ticket_id": ticket_id})
        self.activity_unlink(["crm_helpdesk.mail_activity_type_mail_failure"])

    # Cron -----------------------------------------------------------------------------

    @api.model
    def _cron_work(self, limit=BATCH):
        """Try again what only collided, and tell the managers of the rest."""
        cron = self.env["ir.cron"]
        for failure in self._get_collided(limit):
            failure._replay()
            if not cron._commit_progress(1):
                return
        self._tell_managers()

    @api.model
    def _get_collided(self, limit=BATCH):
        return self.search(
            [("state", "=", "waiting"), ("reason", "=", "conflict"), ("tries", "<", TRIES_ALONE)],
            order="id",
            limit=limit,
        )

    @api.model
    def _tell_managers(self):
        """One activity per team, however many mails wait."""
        wanted = Domain("state", "=", "waiting") & (
            Domain("reason", "!=", "conflict") | Domain("tries", ">=", TRIES_ALONE)
        )
        for team, failures in self.search(wanted, order="id").grouped("team_id").items():
            if failures.activity_ids:
                continue
            manager = self._get_manager(team)
            if manager:
                failures[:1].activity_schedule(
                    "crm_helpdesk.mail_activity_type_mail_failure",
                    summary=self.env._("%s mails wait to be taken in", len(failures)),
                    user_id=manager.id,
                )

    @api.model
    def _get_manager(self, team):
        """Who decides: the leader where he is a manager, else a manager of the company.

        :rtype: res.users
        """
        group = self.env.ref("crm_helpdesk.group_crm_helpdesk_manager")
        wanted = Domain("all_group_ids", "in", group.id) & Domain("share", "=", False)
        if team:
            wanted &= Domain("company_ids", "in", team.company_id.ids)
        managers = self.env["res.users"].search(wanted, order="id")
        return (team.user_id & managers) or managers[:1]

    @api.autovacuum
    def _gc_settled(self):
        """What is decided is deleted with its source after so many days; what waits, waits."""
        # sudo: a number of days
        days = self.env["ir.config_parameter"].sudo().get_param("crm_helpdesk.mail_failure_days")
        limit = fields.Datetime.now() - timedelta(days=int(days or KEPT_DAYS))
        self.search([("state", "!=", "waiting"), ("write_date", "<", limit)], limit=1000).unlink()

    def unlink(self):
        sources = self.sudo().raw_id  # sudo: the source goes with what it is the source of
        result = super().unlink()
        sources.exists().unlink()
        return result
