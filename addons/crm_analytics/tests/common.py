from odoo.addons.crm_core.tests.common import CrmCoreCommon


class AnalyticsCommon(CrmCoreCommon):
    """Customers whose days of purchase are told by the ERP's own documents."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "crm_analytics_source": "orders",
                "crm_analytics_since": False,
                "crm_analytics_excluded_categ_ids": False,
            }
        )
        cls.Event = cls.env["crm.analytics.event"]

    @classmethod
    def fold(cls):
        """Take in what happened since."""
        cls.env.flush_all()
        cls.Dirty._insert_pending()
        while cls.Dirty._fold():
            pass

    def events(self, partner=None, company=None):
        """[(days ago, purchases, revenue, refunded, whether it counts)] of a customer, the last day first."""
        self.fold()
        events = self.Event.search(
            [
                ("partner_id", "=", (partner or self.customer).id),
                ("company_id", "=", (company or self.company).id),
            ]
        )
        return [
            (
                (self.today - event.day).days,
                event.document_count,
                event.revenue,
                event.refunded,
                event.is_purchase,
            )
            for event in events
        ]

    def refund(self, invoice, days_ago=0, quantity=None):
        """The credit note of an invoice; ``quantity``: of its first line, the others are left out."""
        note = invoice._reverse_moves([{"invoice_date": self.at(days_ago).date()}])
        if quantity is not None:
            lines = note.invoice_line_ids.filtered(lambda line: line.display_type == "product")
            (lines - lines[:1]).unlink()
            lines[:1].quantity = quantity
        note.action_post()
        return note
