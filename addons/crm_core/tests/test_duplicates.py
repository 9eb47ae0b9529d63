from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import CrmCoreCommon


class DuplicateCommon(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Candidate = cls.env["crm.duplicate.candidate"]
        # Odoo makes it with a database of its own; a database made otherwise may lack it.
        cls.env.cr.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cls.startClassPatcher(patch.object(cls.registry, "has_trigram", new=True))
        cls.acme = cls.make_customer(
            "Zyxel Wholesale Brno",
            email="office@zyxel-wholesale.example.com",
            phone="+420 541 111 222",
            vat="CZ12345679",
            city="Brno",
            zip="602 00",
            country_id=cls.env.ref("base.cz").id,
        )

    @classmethod
    def find(cls, *partners):
        """The pairs among these partners and the first one, as {other: pair}."""
        cls.Candidate._find()
        ids = (cls.acme.concat(*partners)).ids
        pairs = cls.Candidate.search([("partner_id", "in", ids), ("other_id", "in", ids)])
        return {(pair.partner_id, pair.other_id): pair for pair in pairs}

    def pair(self, *partners):
        return self.find(*partners)[self.acme, partners[0]]


@tagged("post_install", "-at_install")
class TestDuplicatesFound(DuplicateCommon):
    def test_same_email_however_written(self):
        other = self.make_customer("Z. W.", email="Office@Zyxel-Wholesale.EXAMPLE.com")
        pair = self.pair(other)
        self.assertTrue(pair.same_email)
        self.assertIn("Same e-mail address", pair.reasons)

    def test_same_tax_id_however_written(self):
        other = (
            self.env["res.partner"]
            .with_context(no_vat_validation=True)
            .create({"name": "Someone", "is_company": True})
        )
        other.flush_recordset()
        self.env.cr.execute(SQL("UPDATE res_partner SET vat = 'CZ 123-456.79' WHERE id = %s", other.id))
        other.invalidate_recordset()
        self.assertTrue(self.pair(other).same_vat)

    def test_phone_alone_says_nothing_with_a_similar_name_it_does(self):
        neighbor = self.make_customer("Completely different", phone="+420541111222")
        similar = self.make_customer("Zyxel Wholesaler", phone="+420 541-111-222")
        pairs = self.find(neighbor, similar)
        self.assertNotIn((self.acme, neighbor), pairs)
        self.assertTrue(pairs[self.acme, similar].same_phone)

    def test_similar_name_in_the_same_place(self):
        here = self.make_customer("Zyxel Wholsale, Brno", city="brno")
        there = self.make_customer("Zyxel Wholsale, Brno", city="Praha")
        pairs = self.find(here, there)
        pair = pairs[self.acme, here]
        self.assertGreater(pair.name_similarity, 0.6)
        self.assertTrue(pair.same_place)
        self.assertIn("similar name", pair.reasons.lower())
        self.assertNotIn((self.acme, there), pairs)

    def test_more_evidence_scores_higher(self):
        email = self.make_customer("Other name", email=self.acme.email)
        both = self.make_customer("Zyxel Wholesale Brno", email=self.acme.email, phone=self.acme.phone)
        pairs = self.find(email, both)
        self.assertGreater(pairs[self.acme, both].score, pairs[self.acme, email].score)
        self.assertLessEqual(pairs[self.acme, both].score, 100)

    def test_company_and_its_people_are_related_not_doubles(self):
        person = self.env["res.partner"].create(
            {"name": "Zyxel Wholesale Brno", "parent_id": self.acme.id, "email": self.acme.email}
        )
        self.assertFalse(self.find(person))

    def test_people_of_one_company_who_share_an_address_but_not_a_name(self):
        values = {"parent_id": self.acme.id, "email": "sales@zyxel-wholesale.example.com"}
        one, two, double = self.env["res.partner"].create(
            [{"name": name, **values} for name in ("Jana Novakova", "Petr Svoboda", "Jana Nováková")]
        )
        self.assertEqual(set(self.find(one, two, double)), {(one, double)})

    def test_different_tax_ids_speak_against(self):
        values = {"city": "Brno", "country_id": self.acme.country_id.id}
        other = self.make_customer("Zyxel Wholesale Brno", **values)
        self.assertTrue(self.find(other))
        self.env.cr.execute(SQL("UPDATE res_partner SET vat = 'CZ99999999' WHERE id = %s", other.id))
        other.invalidate_recordset()
        self.assertFalse(self.find(other))

    def test_archived_and_our_own_people_take_no_part(self):
        archived = self.make_customer("Zyxel Wholesale Brno", email=self.acme.email, active=False)
        user = new_test_user(self.env, "dup_ours", groups="base.group_user", email=self.acme.email)
        self.assertFalse(self.find(archived, user.partner_id))

    def test_companies_are_apart(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.acme.company_id = self.company
        double = self.make_customer("Zyxel Wholesale Brno", email=self.acme.email, company_id=other.id)
        self.assertFalse(self.find(double))

    def test_what_too_many_share_says_nothing(self):
        crowd = self.env["res.partner"].create(
            [
                {"name": f"{number} Guest {number}", "is_company": True, "email": "noreply@example.com"}
                for number in range(31)
            ]
        )
        self.assertFalse(self.find(crowd))

    def test_pair_that_is_none_any_more_goes(self):
        other = self.make_customer("Z. W.", email=self.acme.email)
        self.assertTrue(self.find(other))
        other.email = "else@example.com"
        self.assertFalse(self.find(other))

    def test_only_pairs_of_one_partner_on_demand(self):
        other = self.make_customer("Z. W.", email=self.acme.email)
        aside = [self.make_customer("Aside", email="aside@example.com") for _number in range(2)]
        other.action_crm_find_duplicates()
        self.assertEqual(self.acme.crm_duplicate_count, 1)
        self.assertEqual(aside[0].crm_duplicate_count, 0)
        self.Candidate._find()
        aside[0].email = False
        other.action_crm_find_duplicates()
        self.assertEqual(aside[1].crm_duplicate_count, 1, "others are not looked at")

    def test_database_without_trigrams_compares_whole_names(self):
        here = self.make_customer("Zyxel Wholsale, Brno", city="Brno")
        same = self.make_customer("Zyxel Wholesale Brno", city="Brno")
        with patch.object(self.registry, "has_trigram", new=False):
            pairs = self.find(here, same)
        self.assertEqual(set(pairs), {(self.acme, same)})


@tagged("post_install", "-at_install")
class TestDuplicatesDecided(DuplicateCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.double = cls.make_customer("Zyxel Wholsale", email=cls.acme.email, city="Brno")
        cls.manager = new_test_user(
            cls.env,
            "dup_manager",
            groups="crm_core.group_crm_core_manager,base.group_partner_manager",
        )
        cls.Candidate._find()
        cls.candidate = cls.Candidate.search([("partner_id", "=", cls.acme.id)]).with_user(cls.manager)

    def sync(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.Dirty._fold()

    def test_side_by_side_shows_both_and_what_differs(self):
        self.double.name = "<b>Zyxel</b>"
        self.order(self.acme, [(self.paper, 2)])
        self.Dirty._fold()
        html = self.candidate.comparison
        self.assertIn("Zyxel Wholesale Brno", html)
        self.assertIn("&lt;b&gt;Zyxel", html)
        self.assertIn("CZ12345679", html)
        self.assertIn("table-warning", html)

    def test_merging_keeps_facts_timeline_and_groups_right(self):
        self.order(self.acme, [(self.paper, 2)], days_ago=40)
        self.order(self.double, [(self.paper, 1), (self.toner, 1)], days_ago=10)
        self.env["crm.contact.log"].create({"partner_id": self.double.id, "subject": "Talk"})
        group = self.env["crm.target.group"].create({"name": "Picked", "kind": "static"})
        group._add_partners(self.double)
        self.sync()
        self.candidate.action_keep_first()
        self.assertFalse(self.double.exists())
        self.assertRecordValues(
            self.candidate,
            [{"state": "merged", "partner_id": self.acme.id, "merged_name": "Zyxel Wholsale"}],
        )
        self.assertEqual(self.candidate.decided_by_id, self.manager)
        self.assertEqual(self.stat(self.acme).order_count, 2)
        self.assertEqual(self.fact(self.acme, self.paper).times_bought, 2)
        self.assert_rebuild_changes_nothing(self.acme)
        kinds = sorted(row["kind"] for row in self.acme.crm_timeline(kinds=["order", "call"])["rows"])
        self.assertEqual(kinds, ["call", "order", "order"])
        self.assertEqual(group.member_ids.partner_id, self.acme)

    def test_the_other_may_stay(self):
        person = self.env["res.partner"].create({"name": "Bea", "parent_id": self.acme.id})
        self.order(person, [(self.paper, 1)], days_ago=1)
        self.sync()
        self.assertEqual(len(self.acme.crm_timeline(kinds=["order"])["rows"]), 1)
        self.candidate.action_keep_second()
        self.assertFalse(self.acme.exists())
        self.assertEqual(person.commercial_partner_id, self.double)
        self.assertEqual(self.stat(self.double).order_count, 1)
        self.assertEqual(
            [row["kind"] for row in self.double.crm_timeline(kinds=["order"])["rows"]], ["order"]
        )
        with self.assertRaises(UserError):
            self.candidate.action_keep_first()

    def test_decision_against_is_remembered(self):
        self.candidate.action_dismiss()
        self.Candidate._find()
        self.assertEqual(self.candidate.state, "dismissed")
        self.assertEqual(self.acme.crm_duplicate_count, 0)
        self.candidate.action_reopen()
        self.env.invalidate_all()
        self.assertEqual(self.acme.crm_duplicate_count, 1)

    def test_decision_goes_over_to_the_one_that_is_left(self):
        self.candidate.action_dismiss()
        third = self.make_customer("Third")
        self.env["base.partner.merge.automatic.wizard"].create({})._merge((third | self.double).ids, third)
        self.env.invalidate_all()
        self.assertEqual((self.candidate.partner_id, self.candidate.other_id), (self.acme, third))

    def test_merged_partners_hold_no_pair_with_themselves(self):
        self.candidate.action_dismiss()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.acme | self.double).ids, self.acme)
        self.env.invalidate_all()
        self.assertFalse(self.candidate.exists())

    def test_deleted_partner_takes_its_pairs_along(self):
        self.double.unlink()
        self.assertFalse(self.candidate.exists())

    def test_only_managers_decide(self):
        user = new_test_user(
            self.env, "dup_all", groups="crm_core.group_crm_core_all,base.group_partner_manager"
        )
        his = self.candidate.with_user(user)
        self.assertTrue(his.score)
        self.assertFalse(his.can_decide)
        for act in (his.action_dismiss, his.action_keep_first, his.action_find):
            with self.assertRaises(AccessError):
                act()
        with self.assertRaises(AccessError):
            self.acme.with_user(user).action_crm_find_duplicates()
        with self.assertRaises(AccessError):
            his.state = "merged"
        for reader in (user, self.manager):
            for operation in ("create", "unlink"):
                self.assertFalse(self.Candidate.with_user(reader).has_access(operation))

    def test_manager_without_right_to_contacts_does_not_merge(self):
        manager = new_test_user(self.env, "dup_reader", groups="crm_core.group_crm_core_manager")
        with self.assertRaises(AccessError):
            self.candidate.with_user(manager).action_keep_first()
        self.assertTrue(self.double.exists())

    def test_user_sees_pairs_of_his_own_customers_alone(self):
        seller = new_test_user(self.env, "dup_seller", groups="crm_core.group_crm_core_user")
        his = self.Candidate.with_user(seller)
        self.assertTrue(his.search([("id", "=", self.candidate.id)]))
        self.double.user_id = self.manager
        self.assertFalse(his.search([("id", "=", self.candidate.id)]))
        self.assertEqual(self.acme.with_user(seller).crm_duplicate_count, 0)

    def test_others_see_none(self):
        for login, group in (("dup_employee", "base.group_user"), ("dup_portal", "base.group_portal")):
            user = new_test_user(self.env, login, groups=group)
            for operation in ("read", "write", "create", "unlink"):
                self.assertFalse(self.Candidate.with_user(user).has_access(operation))

    def test_pairs_of_another_companys_partners_do_not_appear(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        (self.acme | self.double).company_id = self.company
        outsider = new_test_user(
            self.env,
            "dup_outsider",
            groups="crm_core.group_crm_core_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.Candidate.with_user(outsider).search([("id", "=", self.candidate.id)]))
        self.assertTrue(self.candidate.search([("id", "=", self.candidate.id)]))
