import logging
from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# A group refreshed by hand in the evening needs not be refreshed at night.
FRESH_FOR = timedelta(hours=6)


class CrmTargetGroup(models.Model):
    """How the members of a target group are found: one statement, whatever their number."""

    _inherit = "crm.target.group"

    def _refresh(self):
        """Make the members of one group anew, in this transaction.

        Two refreshes at once do not double anybody: the group is locked, and who comes second is told so.

        :raise UserError: somebody else is at it, or the conditions can't be read
        """
        self.ensure_one()
        self._lock_for_refresh()
        self.flush_recordset()
        here = self._reader()
        if self.kind == "dynamic" or self.kind == "combined":
            query = here.env["res.partner"]._search(self._get_audience_domain())
            self._write_members(query.subselect())
        else:
            self._write_members(self._get_members_sql(self))
        self._after_refresh()

    def _lock_for_refresh(self):
        try:
            self.lock_for_update(allow_referencing=True)
        except LockError:
            raise UserError(
                self.env._("“%s” is being refreshed by somebody else. Please wait a moment.", self.name)
            ) from None

    def _write_members(self, partner_ids):
        """Take away who is no member any more, add who is new, bring the facts up to date.

        :param SQL partner_ids: sub-select of ids of ``res.partner``
        """
        self.env["crm.target.group.member"].flush_model()
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        columns = self.env["crm.target.group.member"]._get_refreshed_columns()
        names = [SQL.identifier(name) for name in columns]
        query = SQL(
            """
                WITH chosen AS MATERIALIZED (
                    SELECT partner.id AS partner_id, partner.commercial_partner_id,
                           %(is_control)s AS is_control
                      FROM res_partner partner
                     WHERE partner.id IN %(partner_ids)s
                ), gone AS (
                    DELETE FROM crm_target_group_member member
                     WHERE member.group_id = %(group)s
                       AND member.partner_id NOT IN (SELECT partner_id FROM chosen)
                )
                INSERT INTO crm_target_group_member AS member
                       (group_id, company_id, added_at, partner_id, %(columns)s)
                SELECT %(group)s, %(company)s, %(now)s, chosen.partner_id, %(values)s
                  FROM chosen
                  LEFT JOIN crm_customer_stat stat
                         ON stat.company_id = %(company)s
                        AND stat.partner_id = chosen.commercial_partner_id
                ON CONFLICT (group_id, partner_id) DO UPDATE SET %(assignments)s
                 WHERE (%(known)s) IS DISTINCT FROM (%(excluded)s)
                """,
            partner_ids=partner_ids,
            is_control=self._get_control_sql(SQL("partner.commercial_partner_id")),
            group=self.id,
            company=self.company_id.id,
            now=fields.Datetime.now(),
            columns=SQL(", ").join(names),
            values=SQL(", ").join(columns.values()),
            assignments=SQL(", ").join(SQL("%s = excluded.%s", name, name) for name in names),
            known=SQL(", ").join(SQL("member.%s", name) for name in names),
            excluded=SQL(", ").join(SQL("excluded.%s", name) for name in names),
        )
        self.env.flush_query(query)
        self.env.cr.execute(query)
        self.env["crm.target.group.member"].invalidate_model()
        self.invalidate_recordset(["member_ids"])

    def _get_control_sql(self, customer_id):
        """Whether a customer is in the control group.

        The people of one customer are in it together: what one of them gets, the others know.

        :param SQL customer_id: expression
        """
        return self._get_draw_sql(self.control_seed, customer_id, self.control_share)

    @api.model
    def _get_draw_sql(self, seed, customer_id, share):
        """Whether a customer is drawn: a number from 0 to 9999 made of the seed and the customer's id, so
        that it stays the same, and a larger share only adds to a smaller one.

        :param int seed: of what is drawn for
        :param SQL customer_id: expression
        :param float share: percentage
        """
        return SQL(
            "(('x' || substr(md5(%s || ':' || %s), 1, 8))::bit(32)::bigint %% 10000 < %s)",
            str(seed),
            customer_id,
            round(share * 100),
        )

    def _after_refresh(self):
        now = fields.Datetime.now()
        # sudo: figures of the refresh that just ran with the user's rights
        self.sudo().write(
            {**self._count_members(), "refreshed_at": now, "attempted_at": now, "refresh_error": False}
        )

    def _count_members(self):
        total, control = self.env.execute_query(
            SQL(
                """
                SELECT count(*), count(*) FILTER (WHERE is_control)
                  FROM crm_target_group_member
                 WHERE group_id = %s
                """,
                self.id,
            )
        )[0]
        return {"member_count": total, "control_count": control}

    def _with_parts(self):
        """These groups with what they are combined from, parts before what rests on them; no snapshots."""
        levels = [self]
        while parts := levels[-1].filtered(lambda group: group.kind == "combined"):
            levels.append(parts.include_ids | parts.exclude_ids)
        ordered = self.browse().concat(*reversed(levels))
        unique = self.browse(dict.fromkeys(ordered._ids))
        return unique.filtered(lambda group: group.kind != "snapshot" and group.active)

    def _take_snapshot(self):
        """:return: a group with the members as they are, frozen"""
        self.check_access("write")
        self._lock_for_refresh()
        now = fields.Datetime.now()
        # sudo: a kind that nobody can create by hand
        snapshot = self.sudo().create(
            {
                "name": self.env._(
                    "%(group)s as of %(day)s", group=self.name, day=fields.Date.context_today(self)
                ),
                "kind": "snapshot",
                "origin_id": self.id,
                "user_id": self.env.uid,
                "company_id": self.company_id.id,
                "member_type": self.member_type,
                "domain": self.domain,
                "control_share": self.control_share,
                "control_seed": self.control_seed,
            }
        )
        columns = SQL(", ").join(
            SQL.identifier(name)
            for name in (
                *("company_id", "added_at", "partner_id"),
                *self.env["crm.target.group.member"]._get_refreshed_columns(),
            )
        )
        self.env["crm.target.group.member"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_target_group_member (group_id, %(columns)s)
                SELECT %(snapshot)s, %(columns)s
                  FROM crm_target_group_member
                 WHERE group_id = %(group)s
                """,
                columns=columns,
                snapshot=snapshot.id,
                group=self.id,
            )
        )
        self.env["crm.target.group.member"].invalidate_model()
        snapshot.write({**snapshot._count_members(), "refreshed_at": now})
        return snapshot.with_env(self.env)

    # ------------------------------------------------------------------
    # At night
    # ------------------------------------------------------------------

    @api.model
    def _get_stale_domain(self):
        before = fields.Datetime.now() - FRESH_FOR
        return Domain("kind", "!=", "snapshot") & (
            Domain("attempted_at", "=", False) | Domain("attempted_at", "<", before)
        )

    @api.model
    def _cron_refresh(self):
        """Refresh every group with the rights of its responsible; one that fails stops no other."""
        stale = self.search(self._get_stale_domain(), order="id")
        groups = stale._with_parts() & stale
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(groups))
        for group in groups:
            self.env["crm.customer.dirty"]._try_again(group._refresh_as_responsible)
            if not cron._commit_progress(1):
                break

    def _refresh_as_responsible(self):
        if not self.exists() or not self.try_lock_for_update(allow_referencing=True):
            return  # deleted, or somebody is refreshing it by hand
        try:
            with self.env.cr.savepoint():
                self.with_user(self.user_id)._check_can_refresh()._refresh()
        except SerializationFailure:
            raise
        except Exception as error:
            # One group must not stop the others, whatever is wrong with it.
            _logger.warning("Target group %s could not be refreshed", self.id, exc_info=True)
            self.write({"attempted_at": fields.Datetime.now(), "refresh_error": self._describe_error(error)})

    def _check_can_refresh(self):
        """The group, if the responsible still works here and may edit it.

        :raise UserError: not any more
        """
        user = self.env.user
        if not self.env.su and not (user.active and self.company_id in user.company_ids):
            raise UserError(
                self.env._("%s does not work here any more. Choose somebody else as responsible.", user.name)
            )
        self.check_access("write")
        return self
