from itertools import product

from odoo.tests import tagged
from odoo.tools import SQL

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestLeadCompany(CrmCoreCommon):
    """Whose a lead is: said twice, as SQL and as a domain."""

    def test_domain_says_what_the_sql_says(self):
        other = self.env["res.company"].create({"name": "Elsewhere Ltd"})
        companies = [self.company, other]
        here = self.env["crm.team"].create({"name": "Here", "company_id": self.company.id})
        there = self.env["crm.team"].create({"name": "There", "company_id": other.id})
        free = self.env["crm.team"].create({"name": "Free", "company_id": False})
        users = [
            self.env["res.users"].create(
                {
                    "name": f"Seller {number}",
                    "login": f"lead.company.{number}",
                    "company_id": company.id,
                    "company_ids": [(6, 0, company.ids)],
                }
            )
            for number, company in enumerate(companies)
        ]
        nobody = self.env["crm.lead"]
        leads = nobody.create([{"name": f"Lead {number}"} for number in range(3 * 4 * 3)])
        self.env.flush_all()
        owners = product((*companies, nobody), (here, there, free, nobody), (*users, nobody))
        for lead, (company, team, user) in zip(leads, owners, strict=True):
            # Past the ORM, which fits one to the other.
            self.env.cr.execute(
                SQL(
                    "UPDATE crm_lead SET company_id = %s, team_id = %s, user_id = %s WHERE id = %s",
                    company.id or None,
                    team.id or None,
                    user.id or None,
                    lead.id,
                )
            )
        leads.invalidate_recordset()
        for company in companies:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT lead.id
                      FROM crm_lead lead
                      LEFT JOIN crm_team team ON team.id = lead.team_id
                      LEFT JOIN res_users u ON u.id = lead.user_id
                     WHERE lead.id = ANY(%s) AND %s = %s
                    """,
                    leads.ids,
                    leads._crm_company_sql(),
                    company.id,
                )
            )
            own = leads.search(leads._crm_company_domain(company)) & leads
            self.assertEqual(set(own.ids), {id_ for (id_,) in rows})
            self.assertEqual(len(own), 12 + 3 + 2, "by itself, by its team, by its salesperson")
