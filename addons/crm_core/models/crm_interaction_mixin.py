import json

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import MissingError
from odoo.tools import SQL, ormcache

PENDING = "crm_core.interactions"
NEW = "crm_core.interactions.new"


class CrmInteractionMixin(models.AbstractModel):
    """Mixin for business models whose records are contacts with a customer.

    The inheriting model lists the stored fields that change its rows of the timeline and describes
    the rows, either by :meth:`_interaction_values` (a few dicts, made by the ORM) or, where there are
    many records, by :meth:`_interaction_query` (SQL). The rows follow the record: they are written
    when the transaction that changes it is flushed, and go when it goes.
    """

    _name = "crm.interaction.mixin"
    _description = "Contact with a customer (mixin)"

    # Stored fields whose change changes the rows. An addon that extends a source names those it adds.
    _interaction_fields = frozenset()
    # Whether the records know the hour of the contact, or the day alone: then they stand at its end.
    _interaction_has_time = True
    # Stored fields that :meth:`_interaction_look` reads, fetched with the records.
    _interaction_look_fields = ()
    # Whether a row unfolds, see :meth:`_interaction_detail`.
    _interaction_unfolds = False

    def _interaction_values(self):
        """The rows of these records in the timeline.

        :return: dicts with the keys ``res_id``, ``kind``, ``date`` (datetime, UTC), ``partner_id`` and,
            where known, ``event`` (tells several rows of one record apart), ``owner_id`` (the partner
            whose customer it is, where that is not the contact), ``company_id``, ``channel``,
            ``direction``, ``user_id``, ``subject`` (no body, nothing sensitive), ``outcome`` (a code of
            :meth:`_interaction_outcomes`, or as it is)
        :rtype: list[dict]
        """
        raise NotImplementedError

    def _interaction_query(self, ids):
        """SELECT of the columns ``crm.interaction.COLUMNS`` for the records with these ids.

        :param tuple ids: database ids
        :rtype: SQL
        """
        records = self.browse(ids)
        try:
            told = records._interaction_values()
        except MissingError:
            told = records.exists()._interaction_values()
        rows = [
            {
                "event": "",
                "owner_id": row["partner_id"],
                "date": row.pop("date").replace(microsecond=0).isoformat(),
            }
            | {key: value for key, value in row.items() if value is not False}
            for row in told
        ]
        return SQL(
            """
            SELECT *
              FROM jsonb_to_recordset(%s::jsonb)
                AS row (res_id int, event text, kind text, date timestamp, owner_id int, partner_id int,
                        company_id int, channel text, direction text, user_id int, subject text,
                        outcome text)
                -- The cache may tell of what the database has deleted along with something else.
             WHERE EXISTS (SELECT FROM %s source WHERE source.id = row.res_id)
            """,
            json.dumps(rows),
            SQL.identifier(self._table),
        )

    def _interaction_look(self):
        """What a reader sees of these records on their rows, beside the rows themselves.

        :return: by record id, any of ``state`` (in words), ``level`` (``success``, ``info``, ``warning``,
            ``danger`` or ``muted``), ``amount`` (untaxed) and ``currency_id``; also ``subject`` or
            ``outcome`` where the stored one would be in another language than the reader's
        :rtype: dict[int, dict]
        """
        return {}

    @api.model
    def _interaction_outcomes(self):
        """Words, in the reader's language, for the outcomes that rows hold as codes.

        :rtype: dict[str, str]
        """
        return {}

    def _interaction_detail(self):
        """What one record tells when its row is unfolded, with the rights of the reader.

        :return: ``text`` (plain, may be empty) and ``lines`` (products, each ``product``, ``quantity``,
            ``uom``, ``amount`` (None: no price), ``currency_id``)
        :rtype: dict
        """
        return {"text": "", "lines": []}

    @api.model
    @ormcache()
    def _interaction_get_fields(self):
        """The fields that all addons name in ``_interaction_fields``, together.

        :rtype: frozenset
        """
        return frozenset().union(*(vars(cls).get("_interaction_fields", ()) for cls in type(self).__mro__))

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._interaction_filter_told()._interaction_sync_later()
        return records

    def _write_multi(self, vals_list):
        result = super()._write_multi(vals_list)
        if self._interaction_are_rows_changed(vals_list):
            self._interaction_sync_later()
        return result

    def _interaction_are_rows_changed(self, vals_list):
        """Whether these values, one dict per record, change rows. Extend it to tell which values do not.

        :rtype: bool
        """
        fields = self._interaction_get_fields()
        return any(not fields.isdisjoint(vals) for vals in vals_list)

    def unlink(self):
        ids = self._ids
        result = super().unlink()
        if ids:
            self.env["crm.interaction"].sudo()._forget_source(self._name, ids)  # sudo: derived rows
        return result

    def _interaction_relevant(self):
        """Those of the records that may have a row, now or before."""
        return self

    def _interaction_filter_told(self):
        """Those of new records that have a row at once."""
        return self

    def _interaction_sync_later(self):
        """Write the rows of these records anew when the transaction is flushed."""
        relevant = self._interaction_relevant()
        if not relevant:
            return
        data = self.env.cr.precommit.data
        pending = data.setdefault(PENDING, {})
        if not pending:
            # Derived rows that no role may write; an environment of its own: that of the moment may be
            # gone by then.
            env = api.Environment(self.env.cr, SUPERUSER_ID, {})
            self.env.cr.precommit.add(env["crm.interaction"]._finish_pending)
        pending.setdefault(self._name, set()).update(id_ for id_ in relevant._ids if id_)
