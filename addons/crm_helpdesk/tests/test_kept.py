from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools.lru import LRU

from ..models.kept import forget, may_keep
from .sla_common import HOUR, SlaCommon


@tagged("post_install", "-at_install")
class TestKept(SlaCommon):
    """Stages and policies are kept in memory, yet what is changed holds at once."""

    def held(self, **values):
        return self.opened("03-02 09:00", **values).sla_status_ids.policy_id

    def test_stage_of_another_team(self):
        other = self.make_team("Cables", self.anna)
        self.assertIn(self.waiting, self.team.stage_ids)
        self.waiting.team_ids = other
        self.env.invalidate_all()
        self.assertNotIn(self.waiting, self.team.stage_ids)
        self.assertIn(self.waiting, other.stage_ids)
        with self.assertRaises(ValidationError):
            self.ticket().stage_id = self.waiting
        other.unlink()
        self.env.invalidate_all()
        self.assertIn(self.waiting, self.team.stage_ids)
        self.ticket().stage_id = self.waiting

    def test_new_moved_and_archived_stages(self):
        stage = self.env["helpdesk.stage"].create({"name": "At the desk", "sequence": -1})
        self.env.invalidate_all()
        self.assertEqual(self.team.stage_ids[0], stage)
        self.assertEqual(self.ticket().stage_id, stage)
        stage.sequence = 999
        self.env.invalidate_all()
        self.assertEqual(self.team.stage_ids[-1], stage)
        stage.active = False
        self.env.invalidate_all()
        self.assertNotIn(stage, self.team.stage_ids)

    def test_changed_policy(self):
        policy = self.policy(8)
        self.assertEqual(self.held(), policy)
        policy.target_seconds = 2 * HOUR
        ticket = self.opened("03-02 09:00")
        self.assertDeadline(ticket, "03-02 11:00")
        other = self.make_team("Cables", self.anna)
        policy.team_ids = [Command.set(other.ids)]
        self.assertFalse(self.held())
        self.assertEqual(self.held(team_id=other.id), policy)
        policy.active = False
        self.assertFalse(self.held(team_id=other.id))

    def test_row_of_an_archived_policy_goes_by_what_it_promised(self):
        policy = self.policy(8)
        ticket = self.opened("03-02 09:00")
        terms = policy._get_terms(ticket.team_id)
        policy.active = False
        self.assertFalse(policy._get_terms(ticket.team_id))
        found = policy._get_terms(ticket.team_id, policy.ids)
        self.assertEqual(found[policy.id].target_seconds, terms[policy.id].target_seconds)
        self.assertFalse(found[policy.id].is_active)

    def test_what_was_committed_is_kept_until_it_changes(self):
        policy = self.policy(8)
        self.settle()
        terms = self.env["helpdesk.sla"]._get_terms
        before = terms(self.team)
        self.team._get_first_stage()
        with self.assertQueryCount(0):
            self.assertEqual(terms(self.team), before)
            self.env["helpdesk.stage"]._get_teams()
        policy.target_seconds = HOUR
        self.assertEqual(terms(self.team)[policy.id].target_seconds, HOUR)
        self.settle()
        self.assertEqual(terms(self.team)[policy.id].target_seconds, HOUR)

    def test_what_is_rolled_back_was_never_kept(self):
        policy = self.policy(8)
        self.settle()
        terms = self.env["helpdesk.sla"]._get_terms
        before = terms(self.team)
        teams = self.env["helpdesk.stage"]._get_teams()
        with self.env.cr.savepoint() as savepoint:
            policy.active = False
            self.waiting.active = False
            self.assertFalse(terms(self.team))
            self.assertNotEqual(self.env["helpdesk.stage"]._get_teams(), teams)
            savepoint.rollback()
        self.settle()
        self.assertEqual(terms(self.team), before)
        self.assertEqual(self.env["helpdesk.stage"]._get_teams(), teams)

    def test_what_others_looked_at_meanwhile_is_forgotten_after_the_transaction(self):
        self.policy(8)
        self.settle()
        self.assertTrue(may_keep(self.env))
        registry = self.env.registry
        self.addCleanup(registry.__dict__.pop, "crm_helpdesk_changed_at", None)
        forget(self.env)
        self.assertFalse(may_keep(self.env))
        with patch.object(LRU, "clear", autospec=True) as clear:
            self.env.cr.postcommit.run()
        self.assertTrue(clear.called)
        # This transaction began before: what it reads may be what was true until then.
        self.settle()
        self.assertFalse(may_keep(self.env))
        registry.crm_helpdesk_changed_at = self.env.cr.now() - timedelta(seconds=1)
        self.assertTrue(may_keep(self.env))
