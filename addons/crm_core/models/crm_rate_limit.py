import hashlib
import hmac
import ipaddress
import logging
from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL, mute_logger

_logger = logging.getLogger(__name__)

TRIES = 3
KEPT_HOURS = 24
# Who has one address of IPv6 has as many as he likes within this part of it.
IPV6_NETWORK = 64


class CrmRateLimit(models.Model):
    """How often somebody did something of late, so that pages open to all can't be used without end.

    Counted in a transaction of its own: also what failed was tried. Who it was is kept as a hash alone.
    """

    _name = "crm.rate.limit"
    _description = "Counter of what is limited"
    _log_access = False

    key = fields.Char(required=True, readonly=True)
    count = fields.Integer(required=True, readonly=True)
    started_at = fields.Datetime(required=True, readonly=True, index=True)

    _key_uniq = models.UniqueIndex("(key)", "There is one counter of each kind.")

    @api.model
    def _allow(self, scope, who, limit, minutes):
        """Count once more, and say whether it may be done.

        :param str scope: what is done
        :param str who: address of a client, person…; addresses of IPv6 count by their network
        :param int limit: so often
        :param int minutes: within so many minutes from the first time
        :rtype: bool
        """
        key = self._get_key(scope, who)
        for _turn in range(TRIES):
            try:
                with mute_logger("odoo.sql_db"), self.env.registry.cursor() as cr:
                    counters = api.Environment(cr, SUPERUSER_ID, {})[self._name]
                    return counters._count(key, timedelta(minutes=minutes)) <= limit
            except SerializationFailure:
                continue
        # So many at the same moment are too many.
        _logger.info("Too many requests at once: %s", scope)
        return False

    @api.model
    def _count(self, key, period):
        now = fields.Datetime.now()
        ((count,),) = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_rate_limit AS counter (key, count, started_at) VALUES (%(key)s, 1, %(now)s)
                ON CONFLICT (key) DO UPDATE SET
                    count = CASE WHEN counter.started_at > %(since)s THEN counter.count + 1 ELSE 1 END,
                    started_at = CASE WHEN counter.started_at > %(since)s
                        THEN counter.started_at ELSE %(now)s END
                RETURNING count
                """,
                key=key,
                now=now,
                since=now - period,
            )
        )
        return count

    @api.model
    def _get_key(self, scope, who):
        # sudo: the secret of the database keeps the hashes from being guessed
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        text = f"{scope}\n{_network(who)}"
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    @api.autovacuum
    def _gc_counters(self):
        limit = fields.Datetime.now() - timedelta(hours=KEPT_HOURS)
        self.search([("started_at", "<", limit)], limit=10000).unlink()


def _network(who):
    """The network of an address of IPv6; anything else as it is."""
    try:
        address = ipaddress.ip_address(who)
    except ValueError:
        return str(who)
    if address.version == 6 and not address.ipv4_mapped:
        return str(ipaddress.ip_network((int(address), IPV6_NETWORK), strict=False))
    return str(address.ipv4_mapped if address.version == 6 else address)
