from collections import namedtuple
from datetime import datetime, time

import pytz

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

HISTORY_KINDS = ("order", "quotation", "invoice", "refund", "delivery", "return")
HISTORY_MAX = 100

# One kind of document in the history: where it comes from and by which field it is ordered.
Source = namedtuple("Source", "model date_field domain kinds")


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.readonly
    def crm_history(
        self,
        limit: int = 20,
        before: str | None = None,
        kinds: list[str] | None = None,
        search: str | None = None,
    ) -> dict:
        """Orders, quotations, invoices, deliveries and returns of the customer in one list, newest first.

        Each document is read with the rights of the caller: what he may not open is not listed.

        :param limit: rows wanted, 1 to 100
        :param before: ``next`` of the page before
        :param kinds: some of ``order``, ``quotation``, ``invoice``, ``refund``, ``delivery``, ``return``
        :param search: part of the document's number, reference or of a product on it
        :return: ``rows`` (``key``, ``model``, ``id``, ``kind``, ``date`` in UTC, ``has_time``, ``name``,
            ``day`` (of a document without a time, else None), ``state``, ``level``, ``amount``,
            ``currency_id``, ``reference``, ``cursor``) and ``next`` (None: no more)
        :raise UserError: unknown kind or a ``before`` this method did not return
        """
        self.ensure_one()
        self._crm_check_access()
        limit = min(max(limit, 1), HISTORY_MAX)
        cursor = self._crm_parse_cursor(before)
        rows = []
        for rank, source in enumerate(self._crm_history_sources(kinds, search)):
            rows += self._crm_history_page(source, rank, cursor, limit + 1)
        rows.sort(key=lambda row: row.pop("sort"))
        more = len(rows) > limit
        rows = rows[:limit]
        return {"rows": rows, "next": rows[-1]["cursor"] if more else None}

    def _crm_parse_cursor(self, before):
        """:return: (date, rank of the source, id) of the last row seen, or None"""
        if not before:
            return None
        try:
            date, rank, id_ = before.split("|")
            return datetime.fromisoformat(date), int(rank), int(id_)
        except (ValueError, AttributeError):
            raise UserError(self.env._("“%s” is not a place in the history.", before)) from None

    def _crm_history_sources(self, kinds, search):
        """The kinds of documents in the history; extend to add some.

        :param kinds: kinds wanted, None for all
        :param search: text the user looks for, or None
        :rtype: list[Source]
        """
        wanted = set(kinds or HISTORY_KINDS)
        if unknown := wanted - set(HISTORY_KINDS):
            raise UserError(self.env._("Unknown kind of document: %s", ", ".join(sorted(unknown))))
        company = Domain("company_id", "=", self.env.company.id)
        return [
            source._replace(domain=source.domain & company & self._crm_history_search(source.model, search))
            for source in (
                self._crm_order_source(wanted),
                self._crm_invoice_source(wanted),
                *self._crm_delivery_sources(wanted),
            )
            if wanted & source.kinds and self.env[source.model].has_access("read")
        ]

    def _crm_order_source(self, wanted):
        states = (["sale", "cancel"] if "order" in wanted else []) + (
            ["draft", "sent"] if "quotation" in wanted else []
        )
        domain = Domain("partner_id", "any!", self._crm_members_domain()) & Domain("state", "in", states)
        domain &= self.env["sale.order"]._crm_not_a_cart_domain()
        return Source("sale.order", "date_order", domain, {"order", "quotation"})

    def _crm_invoice_source(self, wanted):
        types = [
            move_type
            for move_type, kind in (("out_invoice", "invoice"), ("out_refund", "refund"))
            if kind in wanted
        ]
        domain = (
            Domain("commercial_partner_id", "any!", self._crm_members_domain())
            & Domain("move_type", "in", types)
            & Domain("state", "=", "posted")
        )
        return Source("account.move", "invoice_date", domain, {"invoice", "refund"})

    def _crm_delivery_sources(self, wanted):
        codes = [code for code, kind in (("outgoing", "delivery"), ("incoming", "return")) if kind in wanted]
        domain = Domain("sale_id", "any!", Domain("partner_id", "any!", self._crm_members_domain())) & Domain(
            "picking_type_id.code", "in", codes
        )
        kinds = {"delivery", "return"}
        return [
            Source("stock.picking", "date_done", domain & Domain("state", "=", "done"), kinds),
            Source(
                "stock.picking",
                "scheduled_date",
                domain & Domain("state", "not in", ("done", "cancel")),
                kinds,
            ),
        ]

    def _crm_history_search(self, model, search):
        if not search or not search.strip():
            return Domain.TRUE
        text = search.strip()
        fields_by_model = {
            "sale.order": ("name", "client_order_ref", "order_line.product_id"),
            "account.move": ("name", "ref", "invoice_line_ids.product_id"),
            "stock.picking": ("name", "origin", "move_ids.product_id"),
        }
        return Domain.OR(Domain(fname, "ilike", text) for fname in fields_by_model[model])

    def _crm_history_page(self, source, rank, cursor, limit):
        """The rows of one source after the cursor, with the key the sources are merged by."""
        domain = source.domain & self._crm_after_cursor(source, rank, cursor)
        records = self.env[source.model].search(
            domain, order=f"{source.date_field} desc, id desc", limit=limit
        )
        rows = []
        for record, row in zip(records, records._crm_history_rows(), strict=True):
            value = record[source.date_field]
            moment = self._crm_as_moment(value)
            has_time = isinstance(value, datetime)
            row.update(
                key=f"{source.model},{record.id}",
                model=source.model,
                id=record.id,
                date=moment.isoformat(),
                has_time=has_time,
                # The instant falls on another day in other time zones; the document's day is one.
                day=None if has_time else value.isoformat(),
                cursor=f"{moment.isoformat()}|{rank}|{record.id}",
                sort=(-moment.timestamp(), rank, -record.id),
            )
            rows.append(row)
        return rows

    def _crm_as_moment(self, value):
        """Documents with a day only stand at the end of that day in the company's time zone, in UTC."""
        if isinstance(value, datetime):
            return value.replace(tzinfo=pytz.utc)
        zone = pytz.timezone(self.env.company._crm_timezone())
        return zone.localize(datetime.combine(value, time(23, 59, 59))).astimezone(pytz.utc)

    def _crm_after_cursor(self, source, rank, cursor):
        if not cursor:
            return Domain.TRUE
        moment, cursor_rank, cursor_id = cursor
        field = self.env[source.model]._fields[source.date_field]
        if field.type == "date":
            zone = pytz.timezone(self.env.company._crm_timezone())
            day = moment.astimezone(zone).date()
            reached = self._crm_as_moment(day) <= moment
            # The whole day stands at one moment: it is either still to come or already begun.
            value, same = day, self._crm_as_moment(day) == moment
            before = Domain(source.date_field, "<" if same or not reached else "<=", value)
        else:
            value, same = moment.astimezone(pytz.utc).replace(tzinfo=None), True
            before = Domain(source.date_field, "<", value)
        if not same or rank < cursor_rank:
            return before
        tie = Domain(source.date_field, "=", value)
        if rank == cursor_rank:
            tie &= Domain("id", "<", cursor_id)
        return before | tie

    @api.readonly
    def crm_history_lines(self, model: str, res_id: int) -> list[dict]:
        """The product lines of one document in the history.

        :param model: ``sale.order``, ``account.move`` or ``stock.picking``
        :return: ``product``, ``quantity``, ``uom``, ``amount`` (None: no price), ``currency_id``
        :raise UserError: another model, or a document of another customer
        """
        self.ensure_one()
        self._crm_check_access()
        if model not in ("sale.order", "account.move", "stock.picking"):
            raise UserError(self.env._("The history has no documents of the kind %s.", model))
        record = self.env[model].browse(res_id).exists()
        record.check_access("read")
        if not record or record._crm_history_customer() != self.commercial_partner_id:
            raise UserError(self.env._("This document does not belong to %s.", self.display_name))
        return record._crm_history_lines()
