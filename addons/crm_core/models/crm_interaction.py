import pytz

from odoo import api, fields, models
from odoo.tools import SQL

from .contact_channel import CHANNELS
from .crm_interaction_mixin import NEW, PENDING
from .many2one_without_key import Many2oneWithoutKey

# What a source tells of one row, in this order.
COLUMNS = (
    *("res_id", "event", "kind", "date", "owner_id", "partner_id", "company_id"),
    *("channel", "direction", "user_id", "subject", "outcome"),
)
# The same as SQL, put together once: every document that is written asks for it.
STORED = (*COLUMNS, "commercial_partner_id")
SQL_TOLD = SQL(", ".join(COLUMNS))
SQL_STORED = SQL(", ".join(STORED))
SQL_ASSIGNED = SQL(", ".join(f"{name} = excluded.{name}" for name in STORED))
SQL_KNOWN = SQL(", ".join(f"known.{name}" for name in STORED))
SQL_EXCLUDED = SQL(", ".join(f"excluded.{name}" for name in STORED))

EMPTY_LOOK = {"state": "", "level": "muted", "amount": None, "currency_id": None}


class CrmInteraction(models.Model):
    """The timeline: one thin row per contact with a customer, over every channel.

    A row points to the record that tells the whole and holds neither body nor sensitive text. It is
    derived from that record and never edited. Who reads the timeline (``res.partner.crm_timeline``)
    sees the rows whose record he may read.
    """

    _name = "crm.interaction"
    _description = "Contact with a customer"
    _order = "date desc, id desc"
    _rec_name = "subject"
    _log_access = False

    # Whose
    commercial_partner_id = Many2oneWithoutKey(
        "res.partner", "Customer", required=True, readonly=True, ondelete="restrict"
    )
    partner_id = Many2oneWithoutKey("res.partner", "Contact", readonly=True, ondelete="set null")
    # The partner whose commercial entity is the customer: mostly the contact, of an invoice the entity
    # that was invoiced.
    owner_id = fields.Integer(readonly=True)
    company_id = Many2oneWithoutKey("res.company", readonly=True, ondelete="set null")

    # What
    date = fields.Datetime(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("quotation", "Quotation"),
            ("order", "Order"),
            ("past_order", "Imported Order"),
            ("delivery", "Delivery"),
            ("return", "Return"),
            ("invoice", "Invoice"),
            ("refund", "Refund"),
            ("payment", "Payment"),
            ("reminder", "Payment Reminder"),
            ("lead", "Opportunity"),
            ("won", "Opportunity Won"),
            ("lost", "Opportunity Lost"),
            ("email", "E-mail"),
            ("call", "Call"),
            ("meeting", "Meeting"),
            ("activity", "Activity"),
            ("contact", "Contact"),
            ("portal", "Portal"),
        ],
        required=True,
        readonly=True,
    )
    channel = fields.Selection(CHANNELS, readonly=True)
    direction = fields.Selection([("in", "From the Customer"), ("out", "To the Customer")], readonly=True)
    user_id = Many2oneWithoutKey("res.users", "By", readonly=True, ondelete="set null")
    subject = fields.Char(readonly=True)
    outcome = fields.Char(readonly=True)

    # Where it is told in full
    res_model = fields.Char("Document Model", required=True, readonly=True)
    res_id = fields.Many2oneReference("Document", model_field="res_model", required=True, readonly=True)
    event = fields.Char(required=True, readonly=True)

    _source_uniq = models.UniqueIndex("(res_model, res_id, event)")
    _customer_idx = models.Index("(commercial_partner_id, date DESC, id DESC)")
    _contact_idx = models.Index("(partner_id, date DESC, id DESC)")

    # ------------------------------------------------------------------
    # Following the sources
    # ------------------------------------------------------------------

    @api.model
    def _get_sources(self):
        """Names of the models whose records are contacts.

        :rtype: list[str]
        """
        mixin = self.env.registry["crm.interaction.mixin"]
        return sorted(
            name
            for name, model in self.env.registry.items()
            if issubclass(model, mixin) and not model._abstract
        )

    @api.model
    def _sync(self, model_name, ids):
        """Write the rows of these records anew; idempotent.

        :param str model_name: a model with the mixin ``crm.interaction.mixin``
        :param ids: database ids, of deleted records too
        :return: ids of the rows that are new
        :rtype: list[int]
        """
        return self._sync_together({model_name: ids})

    @api.model
    def _sync_together(self, ids_of):
        """As :meth:`_sync`, of several models with one statement.

        :param dict ids_of: by name of the model, database ids
        """
        ids_of = {name: list(ids) for name, ids in ids_of.items() if ids}
        if not ids_of:
            return []
        sources = SQL(" UNION ALL ").join(
            SQL(
                "SELECT %s AS res_model, source.* FROM (%s) AS source (%s)",
                name,
                self.env[name]._interaction_query(tuple(ids)),
                SQL_TOLD,
            )
            for name, ids in ids_of.items()
        )
        concerned = SQL(" OR ").join(
            SQL("(res_model = %s AND res_id = ANY(%s))", name, ids) for name, ids in ids_of.items()
        )
        new = self.env.execute_query(
            SQL(
                """
                WITH fresh AS (
                    SELECT source.*, owner.commercial_partner_id
                      FROM (%(sources)s) AS source
                      JOIN res_partner owner ON owner.id = source.owner_id
                     WHERE source.date IS NOT NULL
                ), upserted AS (
                    INSERT INTO crm_interaction AS known (res_model, %(columns)s)
                    SELECT res_model, %(columns)s FROM fresh ORDER BY date, res_id
                    ON CONFLICT (res_model, res_id, event) DO UPDATE SET %(assignments)s
                     WHERE (%(known)s) IS DISTINCT FROM (%(excluded)s)
                    -- A row that was there is locked by this transaction, a new one by nobody.
                    RETURNING id, xmax = 0 AS is_new
                ), gone AS (
                    DELETE FROM crm_interaction
                     WHERE (%(concerned)s)
                       AND (res_model, res_id, event) NOT IN (SELECT res_model, res_id, event FROM fresh)
                )
                SELECT id FROM upserted WHERE is_new ORDER BY id
                """,
                sources=sources,
                columns=SQL_STORED,
                assignments=SQL_ASSIGNED,
                known=SQL_KNOWN,
                excluded=SQL_EXCLUDED,
                concerned=concerned,
            )
        )
        self.invalidate_model()
        return [id_ for (id_,) in new]

    @api.model
    def _sync_pending(self):
        """Write the rows of the records remembered by the mixin."""
        data = self.env.cr.precommit.data
        if pending := data.pop(PENDING, None):
            data.setdefault(NEW, []).extend(self._sync_together(pending))

    @api.model
    def _finish_pending(self):
        """What the mixin asks for at the end of a transaction."""
        self._sync_pending()
        if new := self.browse(self.env.cr.precommit.data.pop(NEW, ())):
            new._announce()

    def _announce(self):
        """These contacts are new; called once, before the transaction that made them is committed.

        An addon may tell others of those that still exist. The first fill announces nothing: that is
        history.
        """

    @api.model
    def _forget_source(self, model_name, ids):
        """Take away the rows of deleted records."""
        self.env.cr.precommit.data.get(PENDING, {}).get(model_name, set()).difference_update(ids)
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_interaction WHERE res_model = %s AND res_id = ANY(%s)", model_name, list(ids)
            )
        )
        self.invalidate_model()

    @api.model
    def _follow_customers(self, former_customer_ids):
        """Put the rows of these customers where their owners belong now."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_interaction row
                   SET commercial_partner_id = owner.commercial_partner_id
                  FROM res_partner owner
                 WHERE owner.id = row.owner_id
                   AND row.commercial_partner_id = ANY(%s)
                   AND row.commercial_partner_id != owner.commercial_partner_id
                """,
                list(former_customer_ids),
            )
        )
        self.invalidate_model(["commercial_partner_id"])

    @api.model
    def _merge_partners(self, former_customer_ids, gone_ids, survivor_id):
        """Rows of merged partners go to the one that is left; merging runs no hook of their sources."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_interaction
                   SET owner_id = CASE WHEN owner_id = ANY(%(gone)s) THEN %(survivor)s ELSE owner_id END,
                       partner_id = CASE WHEN partner_id = ANY(%(gone)s) THEN %(survivor)s
                                         ELSE partner_id END
                 WHERE commercial_partner_id = ANY(%(customers)s)
                   AND (owner_id = ANY(%(gone)s) OR partner_id = ANY(%(gone)s))
                """,
                customers=list(former_customer_ids),
                gone=list(gone_ids),
                survivor=survivor_id,
            )
        )
        self._follow_customers(former_customer_ids)
        self.invalidate_model()

    @api.model
    def _forget_partners(self, ids):
        """Take away the rows of deleted partners: no foreign key does."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_interaction WHERE commercial_partner_id = ANY(%s) OR partner_id = ANY(%s)",
                list(ids),
                list(ids),
            )
        )
        self.invalidate_model()

    # ------------------------------------------------------------------
    # Reading
    # ------------------------------------------------------------------

    def _crm_timeline_rows(self, sources):
        """The rows as documented in ``res.partner.crm_timeline``.

        :param dict sources: by model, the records the rows stand for, with the rights of the reader
        """
        kinds, channels = (
            dict(self._fields[fname]._description_selection(self.env)) for fname in ("kind", "channel")
        )
        zone = pytz.timezone(self.env.company._crm_timezone())
        looks = {name: records._interaction_look() for name, records in sources.items()}
        outcomes = {name: records._interaction_outcomes() for name, records in sources.items()}
        rows = []
        for row in self:
            source = sources[row.res_model]
            day = None if source._interaction_has_time else pytz.utc.localize(row.date).astimezone(zone)
            rows.append(
                {
                    "id": row.id,
                    "model": row.res_model,
                    "res_id": row.res_id,
                    "kind": row.kind,
                    "kind_label": kinds[row.kind],
                    "channel": row.channel or None,
                    "channel_label": channels.get(row.channel, ""),
                    "direction": row.direction or None,
                    "date": row.date.isoformat(),
                    # The instant falls on another day in other time zones; the document's day is one.
                    "day": day and day.date().isoformat(),
                    "contact_id": row.partner_id.id or None,
                    "contact": row.partner_id.display_name or "",
                    "user": row.user_id.name or "",
                    "subject": row.subject or "",
                    "outcome": outcomes[row.res_model].get(row.outcome, row.outcome) or "",
                    "unfolds": source._interaction_unfolds,
                    **EMPTY_LOOK,
                    **looks[row.res_model].get(row.res_id, {}),
                }
            )
        return rows
