from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL

# Keys of what a cursor remembers until it is flushed: {model: ids}
PENDING = "crm_core.dirty"
CREATED = "crm_core.created"
TRIES = 5


class CrmCustomerDirty(models.Model):
    """Queue of customers whose facts are stale: rows are only ever added and taken away.

    The columns are plain integers on purpose. A foreign key would lock the partner's row on each
    insert, and under REPEATABLE READ that alone makes two orders of one customer collide.
    """

    _name = "crm.customer.dirty"
    _description = "Customer with stale facts"
    _log_access = False
    _rec_name = "partner_id"

    partner_id = fields.Integer("Customer (database id)", required=True, readonly=True)
    # Empty: the facts of the customer in every company.
    company_id = fields.Integer("Company (database id)", readonly=True)

    _partner_idx = models.Index("(partner_id)")

    @api.model
    def _mark(self, partners, company=None):
        """Put customers on the queue.

        :param partners: ``res.partner`` records; contacts stand for their commercial entity
        :param company: ``res.company`` record or None for all companies
        """
        if not partners:
            return
        partners.flush_recordset(["commercial_partner_id"])
        self._insert(
            SQL(
                "SELECT %s::int, commercial_partner_id FROM res_partner WHERE id IN %s",
                company.id if company else None,
                tuple(partners.ids),
            )
        )

    @api.model
    def _mark_later(self, records, are_new=False):
        """Put the owners of these records on the queue when the transaction is flushed.

        :param records: records of a model with the mixin ``crm.fact.source``
        :param are_new: they were just created: nobody owned them before
        """
        data = self.env.cr.precommit.data
        if are_new:
            data.setdefault(CREATED, {}).setdefault(records._name, set()).update(records._ids)
        pending = data.setdefault(PENDING, {})
        if not pending:
            # An environment of its own: that of the moment may be gone by then.
            env = api.Environment(self.env.cr, SUPERUSER_ID, {})
            self.env.cr.precommit.add(env[self._name]._insert_pending)
        pending.setdefault(records._name, set()).update(records._ids)

    @api.model
    def _mark_owners_now(self, records):
        """Put the owners that the database knows for these records on the queue, at once."""
        created = self.env.cr.precommit.data.get(CREATED, {}).get(records._name, ())
        if ids := tuple(id_ for id_ in records._ids if id_ and id_ not in created):
            self._insert(records._crm_owner_query(ids))

    @api.model
    def _insert_pending(self):
        """Turn the records remembered by :meth:`_mark_later` into rows of the queue."""
        data = self.env.cr.precommit.data
        data.pop(CREATED, None)
        pending = {name: {id_ for id_ in ids if id_} for name, ids in data.pop(PENDING, {}).items()}
        for model_name in list(pending):
            pending[model_name] = (
                self.env[model_name].browse(pending[model_name])._crm_leave_to_others(pending)
            )
        owners = [
            self.env[model_name]._crm_owner_query(tuple(ids)) for model_name, ids in pending.items() if ids
        ]
        if owners:
            self._insert(SQL(" UNION ").join(owners))

    @api.model
    def _is_waiting(self, partner_ids):
        """True if one of these commercial partners is on the queue, or about to be."""
        if PENDING in self.env.cr.precommit.data:
            self.env.flush_all()
            self._insert_pending()
        query = SQL("SELECT FROM crm_customer_dirty WHERE partner_id = ANY(%s) LIMIT 1", partner_ids)
        return bool(self.env.execute_query(query))

    @api.model
    def _insert(self, owners):
        """:param SQL owners: SELECT of (company id, commercial partner id)"""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_customer_dirty (company_id, partner_id)
                SELECT DISTINCT owner.company_id, owner.partner_id
                  FROM (%s) AS owner (company_id, partner_id)
                 WHERE owner.partner_id IS NOT NULL
                """,
                owners,
            )
        )

    @api.model
    def _fold(self, limit=None, partner_ids=None, wait=False):
        """Take rows from the queue and refresh the facts of their customers, in this transaction.

        Rows that another transaction is folding are left to it. A row and the change it stands for
        are committed together, so whoever sees the row sees the change.

        :param int limit: how many rows to take at most, oldest first
        :param partner_ids: only these commercial partners
        :param bool wait: for whoever goes on to read: wait for the other transaction instead. What it
            has made cannot be seen in this one
        :raise psycopg2.errors.SerializationFailure: after waiting; the server repeats the request
        :return: number of rows taken
        :rtype: int
        """
        self.env.flush_all()
        self._insert_pending()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_customer_dirty
                 -- An array, not IN: a join could run the locking query more than once.
                 WHERE id = ANY(ARRAY(SELECT id FROM crm_customer_dirty
                                       WHERE %s
                                       ORDER BY id
                                       LIMIT %s
                                         FOR UPDATE %s))
                RETURNING company_id, partner_id
                """,
                SQL("TRUE") if partner_ids is None else SQL("partner_id = ANY(%s)", list(partner_ids)),
                limit,
                SQL() if wait else SQL("SKIP LOCKED"),
            ),
            log_exceptions=not wait,
        )
        taken = self.env.cr.fetchall()
        by_company = {}
        for company_id, partner_id in taken:
            by_company.setdefault(company_id, set()).add(partner_id)
        everywhere = by_company.pop(None, set())
        # sudo: the settings of every company on the queue, whoever reads the page
        companies = self.env["res.company"].sudo().with_context(active_test=False)
        for company in companies._crm_all() if everywhere else companies.browse(sorted(by_company)):
            partner_ids = by_company.get(company.id, set()) | everywhere
            self.env["crm.customer.stat"]._refresh(company, partner_ids)
        return len(taken)

    @api.model
    def _try_again(self, work):
        """Run one step of a scheduled job; when somebody else got there first, once more on what he left.

        Without this a page opened at the wrong moment would count as a failure of the job.

        :param work: function without arguments whose writes may be rolled back
        :return: what ``work`` returns
        """
        for _attempt in range(TRIES - 1):
            try:
                return work()
            except SerializationFailure:
                self.env.cr.rollback()
                self.env.invalidate_all()
        return work()

    @api.model
    def _cron_fold(self, limit=2000):
        """Fold the queue batch by batch; also customers whose facts change with the calendar."""
        self.env["crm.customer.stat"]._mark_due_today()
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count([]))
        while taken := self._try_again(lambda: self._fold(limit=limit)):
            if not cron._commit_progress(taken):
                break
