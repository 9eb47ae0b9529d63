"""What the ERP's gateway asks several times while it takes in one mail is asked of the database once.

While a mail is taken in, ``cr.cache`` holds a dict under ``GATEWAY``; whatever changes an answer clears it.
"""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize, email_normalize_all, ormcache
from odoo.tools.mail import decode_message_header

GATEWAY = "crm_helpdesk.gateway"
# Models whose names the gateway takes from the alias of a team.
ALIAS_MODELS = ("helpdesk.ticket", "helpdesk.team")


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def message_parse(self, message, save_original=False):
        if (memory := self.env.cr.cache.get(GATEWAY)) is not None:
            memory["senders"] = email_normalize_all(decode_message_header(message, "From", separator=","))
        return super().message_parse(message, save_original)

    def _remember_alias_models(self):
        """Names of models are in the registry's cache; the ERP would read all that is known of each."""
        IrModel = self.env["ir.model"].sudo()  # sudo: names of models are no secret
        known = IrModel.browse(IrModel._get_id(name) for name in ALIAS_MODELS)
        IrModel._fields["model"]._insert_cache(known, ALIAS_MODELS)

    def _read_ahead_for_messages(self):
        """Of the gateway's own user a message needs little, and he has many fields."""
        user = self.env.user
        user.fetch(("partner_id", "active", "share", "company_id"))
        user.partner_id.fetch(("lang", "tz"))

    @api.model
    def _routing_reset_bounce(self, email_message, message_dict):
        address = email_normalize(message_dict["email_from"])
        if address and not self._has_bounced(address):
            return None
        return super()._routing_reset_bounce(email_message, message_dict)

    @api.model
    def _has_bounced(self, address):
        """Whether mail to the address ever came back, as far as any model counts it.

        :param str address: normalized
        :rtype: bool
        """
        names = self._get_models_that_count_bounces()
        for name in names:
            self.env[name].flush_model(["email_normalized", "message_bounce"])
        found = [
            SQL(
                "EXISTS (SELECT FROM %s WHERE email_normalized = %s AND message_bounce > 0)",
                SQL.identifier(self.env[name]._table),
                address,
            )
            for name in names
        ]
        ((has_bounced,),) = self.env.execute_query(SQL("SELECT %s", SQL(" OR ").join(found)))
        return has_bounced

    @api.model
    @ormcache()
    def _get_models_that_count_bounces(self):
        """Names of the models with a table on which the gateway resets what came back.

        :rtype: tuple[str, ...]
        """
        mixin = self.env.registry["mail.thread.blacklist"]
        return tuple(
            name
            for name, model in self.env.registry.items()
            if issubclass(model, mixin) and not model._abstract and model._auto
        )


class HelpdeskMailMemory(models.AbstractModel):
    """Mixin for records that the gateway asks for: what is changed of them is asked for anew."""

    _name = "helpdesk.mail.memory"
    _description = "Remembered while a mail is taken in (mixin)"

    def exists(self):
        memory = self.env.cr.cache.get(GATEWAY)
        if memory is None:
            return super().exists()
        known = memory.setdefault(("existing", self._name), set())
        if not known.issuperset(self._ids):
            known.update(super().exists()._ids)
        return self.browse(id_ for id_ in self._ids if id_ in known)

    @api.model_create_multi
    def create(self, vals_list):
        self._forget_answers()
        return super().create(vals_list)

    def write(self, vals):
        self._forget_answers()
        return super().write(vals)

    def unlink(self):
        self._forget_answers()
        return super().unlink()

    def _forget_answers(self):
        if memory := self.env.cr.cache.get(GATEWAY):
            memory.clear()


class MailAliasDomain(models.Model):
    """Which addresses are ours: for one mail the ERP asks it five times, of the same addresses."""

    _name = "mail.alias.domain"
    _inherit = ["mail.alias.domain", "helpdesk.mail.memory"]

    @api.model
    def _find_aliases(self, email_list):
        memory = self.env.cr.cache.get(GATEWAY)
        if memory is None:
            return super()._find_aliases(email_list)
        known = memory.setdefault("aliases", {})
        if any(email not in known for email in email_list):
            # The sender is asked for in any case.
            asked = {*email_list, *memory.get("senders", ())} - known.keys()
            found = super()._find_aliases(list(asked))
            known.update((email, email in found) for email in asked)
        return [email for email in email_list if known[email]]

    @api.model
    def search(self, domain, offset=0, limit=None, order=None):
        """The few domains there are, all of which the ERP looks through at each of its steps."""
        memory = self.env.cr.cache.get(GATEWAY)
        if memory is None or domain or offset or order:
            return super().search(domain, offset, limit, order)
        # Whoever may read none is refused by the first search, which leaves nothing behind.
        key = "domains", self.env.uid, self.env.su
        if key not in memory:
            memory[key] = super().search(domain)._ids
        return self.browse(memory[key][:limit])


class ResPartner(models.Model):
    """Whose an address is: one mail asks for the sender's user, its author and the customer."""

    _name = "res.partner"
    _inherit = ["res.partner", "helpdesk.mail.memory"]

    @api.model
    def search(self, domain, offset=0, limit=None, order=None):
        memory = self.env.cr.cache.get(GATEWAY)
        # With the rights of the system alone: what others find is told by rules.
        if memory is None or not self.env.su or offset or limit:
            return super().search(domain, offset, limit, order)
        asked = str(Domain(domain))
        if "email_normalized" not in asked:
            return super().search(domain, order=order)
        key = "partners", asked, order, self.env.context.get("active_test", True)
        if key not in memory:
            memory[key] = super().search(domain, order=order)._ids
        return self.browse(memory[key])


class ResUsers(models.Model):
    """To name its own user, the ERP asks each time whether he is still there."""

    _name = "res.users"
    _inherit = ["res.users", "helpdesk.mail.memory"]
