from xmlrpc.client import Binary

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..lib.automatic_mail import Headers, is_automatic, may_be_answered_automatically
from ..lib.raw_mail import digest
from .helpdesk_mail_router import TICKET
from .mail_gateway_memory import GATEWAY


class TooLarge(Exception):
    """A mail that is not even read."""


class MailThread(models.AbstractModel):
    """The door by which all mail comes in, be it fetched, or handed over by a mail server."""

    _inherit = "mail.thread"

    @api.model
    def message_process(  # noqa: PLR0917  the ERP's own signature
        self,
        model,
        message,
        custom_values=None,
        save_original=False,
        strip_attachments=False,
        thread_id=None,
    ):
        """Take in a mail; one to the helpdesk that can't be is kept, and its error goes no further."""
        raw = _as_bytes(message)
        failures = self.env["helpdesk.mail.failure"].sudo()  # sudo: whoever hands over mail
        key = digest(raw)
        gateway = self.with_context(helpdesk_mail_digest=key)
        self.env.cr.cache[GATEWAY] = {}
        try:
            failures._check_size(model, raw)
            with self.env.cr.savepoint():
                result = super(MailThread, gateway).message_process(
                    model, raw, custom_values, save_original, strip_attachments, thread_id
                )
        except Exception as error:
            is_kept = not self.env.context.get("helpdesk_replay") and failures._keep(
                model, raw, custom_values, error
            )
            # A server tries again what collided; the mail is kept in case it does not.
            if not is_kept or isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                raise
            return False
        finally:
            self.env.cr.cache.pop(GATEWAY, None)
        failures._settle(key)
        return result

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        self._remember_alias_models()
        routes = super().message_route(message, message_dict, model, thread_id, custom_values)
        if any(route[0] == TICKET for route in routes):
            return self.env["helpdesk.mail.router"]._route(message, message_dict, routes)
        return routes

    def _notify_get_reply_to(self, default=None, author_id=False):
        # The ERP's notes are about no record here; those of tickets go through the ticket.
        if not self and self.env.context.get("helpdesk_log_only"):
            return {False: default}
        return super()._notify_get_reply_to(default=default, author_id=author_id)

    @api.model
    def _detect_loop_sender(self, message, message_dict, routes):
        # Somebody looked at the mail and wants it.
        if self.env.context.get("helpdesk_replay"):
            return False
        return super()._detect_loop_sender(message, message_dict, routes)

    def _message_route_process(self, message, message_dict, routes):
        """Let records know that nobody wrote the mail by hand, and who else it was written to."""
        self._read_ahead_for_messages()
        headers = Headers(message)
        gateway = self.with_context(
            helpdesk_automatic_mail=is_automatic(headers),
            helpdesk_no_acknowledgement=not may_be_answered_automatically(headers),
            helpdesk_other_teams=tuple(message_dict.pop("helpdesk_other_teams", ())),
            helpdesk_keeps_mail=True,
        )
        return super(MailThread, gateway)._message_route_process(message, message_dict, routes)


class MailAlias(models.Model):
    _name = "mail.alias"
    _inherit = ["mail.alias", "helpdesk.mail.memory"]

    def _alias_bounce_incoming_email(self, message, message_dict, set_invalid=True):
        """Nobody is told that his mail was refused when it is kept, and will be taken in later."""
        if self.env.context.get("helpdesk_keeps_mail") and self.sudo().alias_model_id.model == TICKET:
            return
        super()._alias_bounce_incoming_email(message, message_dict, set_invalid)


def _as_bytes(message):
    if isinstance(message, Binary):
        return bytes(message.data)
    return message.encode("utf-8", "surrogateescape") if isinstance(message, str) else bytes(message)
