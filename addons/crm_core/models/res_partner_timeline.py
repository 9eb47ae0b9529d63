from datetime import datetime, timedelta

from pytz import UTC

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .crm_interaction_mixin import PENDING

TIMELINE_MAX = 100
# Rows looked at for one page at most: a reader who may see little of a big customer gets short pages
# instead of slow ones.
LOOKED_AT_MAX = 5000
# Products a search may stand for.
PRODUCTS_MAX = 100


class ResPartner(models.Model):
    """The one history of every contact, on the customer."""

    _inherit = "res.partner"

    @api.readonly
    def crm_timeline(  # noqa: PLR0913, PLR0917 - the signature is the API
        self,
        limit: int = 20,
        before: str | None = None,
        channels: list[str] | None = None,
        kinds: list[str] | None = None,
        direction: str | None = None,
        user_id: int | None = None,
        since: str | None = None,
        until: str | None = None,
        search: str | None = None,
        this_contact: bool = False,
    ) -> dict:
        """Every contact with the customer over every channel, newest first, up to now.

        A contact whose document the caller may not read does not appear. Documents that know their day
        alone stand at its end; those of today are there already.

        :param limit: rows wanted, 1 to 100
        :param before: ``next`` of the page before
        :param channels: some of the channels of ``crm.interaction``, None for all
        :param kinds: some of its kinds, None for all
        :param direction: ``in`` or ``out``
        :param user_id: who of us
        :param since: first day, ISO format, in the caller's time zone
        :param until: last day, likewise
        :param search: part of the subject, or of a product on the document
        :param this_contact: with this person alone, not with the whole customer
        :return: ``rows`` (``id``, ``model``, ``res_id``, ``kind``, ``kind_label``, ``channel``,
            ``channel_label``, ``direction``, ``date`` in UTC, ``day`` (of a document without an hour, else
            None), ``contact_id``, ``contact``, ``user``, ``subject``, ``outcome``, ``state`` (in words),
            ``level``, ``amount`` and ``currency_id`` (None: none), ``unfolds`` (whether
            ``crm_timeline_detail`` tells more)) and ``next`` (None: no more)
        :raise UserError: an unknown channel, kind or direction, a bad day, or a ``before`` this method did
            not return
        """
        self.ensure_one()
        self._crm_check_access()
        limit = min(max(limit, 1), TIMELINE_MAX)
        cursor = self._crm_parse_timeline_cursor(before)
        conditions = self._crm_timeline_whose(this_contact)
        conditions += self._crm_timeline_choices(
            channel=channels, kind=kinds, direction=direction and [direction]
        )
        conditions += self._crm_timeline_period(since, until)
        if user_id:
            conditions.append(SQL("user_id = %s", user_id))
        if search and search.strip():
            conditions.append(self._crm_timeline_search(search.strip()))
        self._crm_sync_pending_interactions()
        found, looked_at, more = [], 0, True
        sources = {}
        while len(found) <= limit and more and looked_at < LOOKED_AT_MAX:
            chunk = self._crm_timeline_chunk(conditions, cursor, 2 * limit)
            more = len(chunk) == 2 * limit
            looked_at += len(chunk)
            found += self._crm_filter_readable(chunk, sources)
            if chunk:
                cursor = (chunk[-1].date, chunk[-1].id)
        if len(found) > limit:
            last = found[limit - 1]
            cursor, more = (last.date, last.id), True
        return {
            # sudo: rows whose source the caller may read, see _crm_filter_readable
            "rows": self.env["crm.interaction"].sudo().concat(*found[:limit])._crm_timeline_rows(sources),
            "next": f"{cursor[0].isoformat()}|{cursor[1]}" if more and cursor else None,
        }

    def _crm_sync_pending_interactions(self):
        self.env.flush_all()
        if PENDING in self.env.cr.precommit.data:
            self.env["crm.interaction"].sudo()._sync_pending()  # sudo: derived rows that no role may write

    def _crm_parse_timeline_cursor(self, before):
        """:return: (date, id) of the last row looked at, or None"""
        if not before:
            return None
        try:
            date, id_ = before.split("|")
            return datetime.fromisoformat(date), int(id_)
        except (ValueError, AttributeError):
            raise UserError(self.env._("“%s” is not a place in the timeline.", before)) from None

    def _crm_timeline_whose(self, this_contact):
        """:rtype: list[SQL]"""
        return [
            SQL("partner_id = %s", self.id)
            if this_contact
            else SQL("commercial_partner_id = %s", self.commercial_partner_id.id),
            self._crm_timeline_begun(),
            SQL("(company_id IS NULL OR company_id = ANY(%s))", self.env.companies.ids),
        ]

    def _crm_timeline_begun(self):
        """What has begun by now; a day is under way from its first hour in any time zone."""
        now = fields.Datetime.now()
        names = self.env["crm.interaction"]._get_sources()
        days = [name for name in names if not self.env[name]._interaction_has_time]
        return SQL("date <= %s AND (date <= %s OR res_model = ANY(%s))", now + timedelta(days=1), now, days)

    def _crm_timeline_choices(self, **choices):
        """:param choices: values wanted by the name of a selection, None for all"""
        conditions = []
        for fname, values in choices.items():
            if not values:
                continue
            known = dict(self.env["crm.interaction"]._fields[fname].selection)
            if unknown := set(values) - set(known):
                raise UserError(
                    self.env._("The timeline knows no %(what)s “%(value)s”.", what=fname, value=unknown.pop())
                )
            conditions.append(SQL("%s = ANY(%s)", SQL.identifier(fname), list(values)))
        return conditions

    def _crm_timeline_period(self, since, until):
        conditions = []
        if since:
            conditions.append(SQL("date >= %s", self._crm_parse_day(since)))
        if until:
            conditions.append(SQL("date < %s + interval '1 day'", self._crm_parse_day(until)))
        return conditions

    def _crm_timeline_search(self, text):
        """Rows whose subject holds the text, and documents with a product whose name does."""
        found = [SQL("subject ILIKE %s", self._crm_timeline_pattern(text))]
        products = self.env["product.product"].with_context(active_test=False)
        if products.has_access("read") and (
            ids := products.search([("display_name", "ilike", text)], limit=PRODUCTS_MAX).ids
        ):
            found += [
                SQL("(res_model = %s AND res_id IN (%s))", name, query)
                for name, query in self._crm_timeline_product_queries(ids).items()
            ]
        return SQL("(%s)", SQL(" OR ").join(found))

    def _crm_timeline_product_queries(self, product_ids):
        """Documents of the customer with one of these products; an addon adds its own kinds of document.

        :return: by model, SELECT of the ids
        :rtype: dict[str, SQL]
        """
        partners = SQL(
            "SELECT id FROM res_partner WHERE commercial_partner_id = %s", self.commercial_partner_id.id
        )
        return {
            "sale.order": SQL(
                """
                SELECT order_id
                  FROM sale_order_line
                 WHERE order_partner_id IN (%s) AND product_id = ANY(%s)
                """,
                partners,
                product_ids,
            ),
            "account.move": SQL(
                "SELECT move_id FROM account_move_line WHERE partner_id IN (%s) AND product_id = ANY(%s)",
                partners,
                product_ids,
            ),
            "stock.picking": SQL(
                """
                SELECT move.picking_id
                  FROM sale_order_line line
                  JOIN stock_move move ON move.sale_line_id = line.id
                 WHERE line.order_partner_id IN (%s) AND line.product_id = ANY(%s)
                """,
                partners,
                product_ids,
            ),
        }

    def _crm_timeline_pattern(self, text):
        escaped = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
        return f"%{escaped}%"

    def _crm_parse_day(self, day):
        """:return: the begin of a day of the caller, as an instant in UTC"""
        try:
            begin = datetime.fromisoformat(day)
        except (ValueError, TypeError):
            raise UserError(self.env._("“%s” is not a day such as 2026-07-01.", day)) from None
        zone = self.env.tz
        return zone.localize(begin.replace(tzinfo=None)).astimezone(UTC).replace(tzinfo=None)

    def _crm_timeline_chunk(self, conditions, cursor, limit):
        if cursor:
            conditions = [*conditions, SQL("(date, id) < (%s, %s)", *cursor)]
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM crm_interaction WHERE %s ORDER BY date DESC, id DESC LIMIT %s",
                SQL(" AND ").join(conditions),
                limit,
            )
        )
        # sudo: what the reader may see is decided by the source, next
        return self.env["crm.interaction"].sudo().browse(id_ for (id_,) in rows)

    def _crm_filter_readable(self, interactions, sources):
        """Those whose source exists and may be read by the caller, in the same order; a query per model.

        :param dict sources: the readable records by model, completed here
        :rtype: list
        """
        for model_name, rows in interactions.grouped("res_model").items():
            if model_name not in self.env or not self.env[model_name].has_access("read"):
                continue
            source = self.env[model_name].with_context(active_test=False)
            readable = source.search_fetch(
                [("id", "in", rows.mapped("res_id"))], source._interaction_look_fields, order="id"
            )
            sources[model_name] = sources.get(model_name, source) | readable
        allowed = {name: set(records._ids) for name, records in sources.items()}
        return [row for row in interactions if row.res_id in allowed.get(row.res_model, ())]

    @api.readonly
    def crm_timeline_detail(self, interaction_id: int) -> dict:
        """What one row of the timeline tells when it is unfolded.

        :param interaction_id: ``id`` of a row of :meth:`crm_timeline`
        :return: ``text`` (plain, may be empty) and ``lines`` (products, each ``product``, ``quantity``,
            ``uom``, ``amount`` (None: no price), ``currency_id``)
        :raise UserError: a row of another customer, or one whose document the caller may not read
        """
        self.ensure_one()
        self._crm_check_access()
        # sudo: the row alone; whether the caller may read its source is checked next
        row = self.env["crm.interaction"].sudo().browse(interaction_id).exists()
        sources = {}
        if row.commercial_partner_id != self.commercial_partner_id or not self._crm_filter_readable(
            row, sources
        ):
            raise UserError(self.env._("This contact does not belong to %s.", self.display_name))
        return sources[row.res_model]._interaction_detail()
