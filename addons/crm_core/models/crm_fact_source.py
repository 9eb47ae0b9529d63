from odoo import api, models
from odoo.tools import SQL, ormcache


class CrmFactSource(models.AbstractModel):
    """Mixin for business models from whose records customer facts are derived.

    The inheriting model names the stored fields that matter and says, in SQL, to which customers its
    rows belong. Whatever changes such a field, a person, an import or the ORM's own recomputation,
    puts those customers on the queue ``crm.customer.dirty``. Nothing is computed here: an order of a
    customer must never wait for, or collide with, another order of the same customer.
    """

    _name = "crm.fact.source"
    _description = "Source of customer facts"

    # Stored fields whose change makes the facts of the record's customer stale. An addon that extends
    # a source names only those it adds: see _crm_get_fact_fields.
    _crm_fact_fields = frozenset()
    # Those of them which decide whose facts they are: the former owner is marked too.
    _crm_owner_fields = frozenset()

    def _crm_owner_query(self, ids):
        """SELECT returning (company id, commercial partner id) of the rows with these database ids.

        :param tuple ids: ids of existing rows of this model
        :rtype: SQL
        """
        raise NotImplementedError

    def _crm_leave_to_others(self, pending):
        """Leave those out whose owners another source at hand finds too: each query more costs each order.

        Looks into the cache alone. Called when everything is flushed.

        :param dict pending: {model name: ids} whose owners are looked up; ids of others are added here
        :return: the ids left
        :rtype: set[int]
        """
        return set(self._ids)

    @api.model
    @ormcache()
    def _crm_get_fact_fields(self):
        """The fields that all addons name in ``_crm_fact_fields``, together.

        :rtype: frozenset
        """
        # Python would give those of one class, and two addons beside each other hide one another's.
        return frozenset().union(*(vars(cls).get("_crm_fact_fields", ()) for cls in type(self).__mro__))

    def _crm_are_facts_changed(self, vals_list):
        """Whether writing these values, one dict per record, makes facts stale.

        The records have the new values already, the database not yet. Extend it to tell which values of a
        field change nothing.

        :rtype: bool
        """
        fields = self._crm_get_fact_fields()
        return any(not fields.isdisjoint(vals) for vals in vals_list)

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env["crm.customer.dirty"]._mark_later(records, are_new=True)
        return records

    def _write_multi(self, vals_list):
        # The lowest level of writing: recomputed stored fields pass here but not through write().
        if not self._crm_are_facts_changed(vals_list):
            return super()._write_multi(vals_list)
        changed = {fname for vals in vals_list for fname in vals}
        dirty = self.env["crm.customer.dirty"]
        if changed & self._crm_owner_fields:
            dirty._mark_owners_now(self)
        result = super()._write_multi(vals_list)
        dirty._mark_later(self)
        return result

    def unlink(self):
        if self:
            # Also what was created and is not on the queue yet: after this nobody could tell its owner.
            self.env["crm.customer.dirty"]._insert_pending()
            self.flush_recordset(self._crm_owner_fields)
            self.env["crm.customer.dirty"]._mark_owners_now(self)
        return super().unlink()

    def _crm_owner_query_by_order(self, order_ids_query):
        """Owners of sales orders, for models that hang on an order.

        :param SQL order_ids_query: SELECT returning ids of sales orders
        """
        return SQL(
            """
            SELECT o.company_id, p.commercial_partner_id
              FROM sale_order o
              JOIN res_partner p ON p.id = o.partner_id
             WHERE o.id IN (%s)
            """,
            order_ids_query,
        )
