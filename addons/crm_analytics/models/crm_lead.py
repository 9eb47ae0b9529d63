from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

COMMITTED_FROM, BEST_CASE_FROM = 80, 50  # percent
FORECAST_CATEGORIES = [
    ("committed", "Committed"),
    ("best_case", "Best Case"),
    ("pipeline", "Pipeline"),
    ("omitted", "Omitted"),
]


class CrmLead(models.Model):
    """What the salesperson says of an opportunity when the forecast is talked over."""

    _inherit = "crm.lead"

    crm_forecast_category = fields.Selection(
        FORECAST_CATEGORIES,
        "Forecast Category",
        compute="_compute_crm_forecast_category",
        inverse="_inverse_crm_forecast_category",
        store=True,
        index="btree_not_null",
        copy=False,
        help="Committed from 80 %, best case from 50 %, else pipeline, unless somebody says otherwise."
        " Omitted: left out of the forecast. Empty it to go by the probability again.",
    )
    crm_forecast_choice = fields.Selection(
        FORECAST_CATEGORIES,
        "Forecast Category by Hand",
        copy=False,
        help="What was chosen; empty: the category goes by the probability.",
    )

    def _auto_init(self):
        # Computed here for all at once: record by record, a large pipeline would hold up the installation.
        if not column_exists(self.env.cr, "crm_lead", "crm_forecast_category"):
            create_column(self.env.cr, "crm_lead", "crm_forecast_category", "varchar")
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE crm_lead
                       SET crm_forecast_category = CASE WHEN probability >= %s THEN 'committed'
                                                        WHEN probability >= %s THEN 'best_case'
                                                        ELSE 'pipeline' END
                    """,
                    COMMITTED_FROM,
                    BEST_CASE_FROM,
                )
            )
        return super()._auto_init()

    @api.depends("probability", "crm_forecast_choice")
    def _compute_crm_forecast_category(self):
        for lead in self:
            lead.crm_forecast_category = lead.crm_forecast_choice or lead._get_usual_forecast_category()

    def _inverse_crm_forecast_category(self):
        for lead in self:
            lead.crm_forecast_choice = lead.crm_forecast_category
            if not lead.crm_forecast_choice:  # nothing is computed while it is being written
                lead.crm_forecast_category = lead._get_usual_forecast_category()

    def _get_usual_forecast_category(self):
        """The category where nobody chose one.

        :return: key of :data:`FORECAST_CATEGORIES`
        """
        self.ensure_one()
        if self.probability >= COMMITTED_FROM:
            return "committed"
        return "best_case" if self.probability >= BEST_CASE_FROM else "pipeline"
