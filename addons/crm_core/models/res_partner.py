from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL


class ResPartner(models.Model):
    _inherit = "res.partner"

    # ------------------------------------------------------------------
    # Keeping the facts right when the customer itself changes
    # ------------------------------------------------------------------

    def _write_multi(self, vals_list):
        moved = self.browse(
            partner.id
            for partner, vals in zip(self, vals_list, strict=True)
            if "commercial_partner_id" in vals
        )
        if not moved:
            return super()._write_multi(vals_list)
        dirty = self.env["crm.customer.dirty"].sudo()  # sudo: queue that no role may write
        ids = tuple(moved.ids)
        owners = SQL("SELECT NULL::int, commercial_partner_id FROM res_partner WHERE id IN %s", ids)
        before = moved._crm_owners_stored()
        dirty._insert(owners)
        result = super()._write_multi(vals_list)
        dirty._insert(owners)
        moved._crm_portal_forget_rights(before)
        self.env["crm.interaction"].sudo()._follow_customers([*before.values()])  # sudo: derived rows
        return result

    def _crm_owners_stored(self):
        """:return: {partner id: id of the commercial entity in the database, None for a new partner}"""
        return dict(
            self.env.execute_query(
                SQL("SELECT id, commercial_partner_id FROM res_partner WHERE id IN %s", tuple(self.ids))
            )
        )

    def unlink(self):
        ids = self._ids
        result = super().unlink()
        if ids:
            self.env["crm.customer.product"]._forget("partner_id", self)
            self.env["crm.interaction"].sudo()._forget_partners(ids)  # sudo: derived rows
            self.env["crm.next.action"].sudo()._forget_partners(ids)  # sudo: as the customer goes
        return result

    def _compute_application_statistics_hook(self):
        data_list = super()._compute_application_statistics_hook()
        stats = self._crm_get_stats()
        for partner in self:
            if stat := stats.get(partner.commercial_partner_id):
                data_list[partner.id] += stat._get_contact_card_tags()
        return data_list

    def _crm_get_stats(self):
        """Facts of these partners' commercial entities in the current company, as far as the user may
        see them; one query.

        :return: {commercial partner: crm.customer.stat}
        """
        Stat = self.env["crm.customer.stat"]
        if not Stat.has_access("read"):
            return {}
        stats = Stat.search(
            [
                ("company_id", "=", self.env.company.id),
                ("partner_id", "in", self.commercial_partner_id.ids),
            ]
        )
        return {stat.partner_id: stat for stat in stats}

    # ------------------------------------------------------------------
    # Who may see the business of a customer
    # ------------------------------------------------------------------

    def _crm_check_access(self):
        """The same people as the record rules of ``crm.customer.stat``, also where no row exists.

        :raise AccessError: no role, or somebody else's customer
        """
        self.ensure_one()
        self.check_access("read")
        user = self.env.user
        if self.env.su or user.has_group("crm_core.group_crm_core_all"):
            return
        if user.has_group("crm_core.group_crm_core_user"):
            customer = self.commercial_partner_id.sudo()  # sudo: whose customer it is, no other content
            if customer.filtered_domain(self._crm_own_customers_domain()):
                return
        raise AccessError(
            self.env._("%(customer)s is looked after by another team.", customer=self.display_name)
            if user.has_group("crm_core.group_crm_core_user")
            else self.env._("You need a role in Customer Relations to see a customer's business.")
        )

    @api.model
    def _crm_own_customers_domain(self):
        """Customers of the user, of the teams he belongs to or leads, and of nobody."""
        uid = self.env.uid
        team = "user_id.crm_team_member_ids.crm_team_id"
        return Domain.OR(
            [
                [("user_id", "in", [uid, False])],
                [(f"{team}.crm_team_member_ids.user_id", "=", uid)],
                [(f"{team}.user_id", "=", uid)],
            ]
        )

    def _crm_members_domain(self):
        """Documents of the customer and of all its contacts, for a many2one to ``res.partner``."""
        return Domain("commercial_partner_id", "=", self.commercial_partner_id.id)

    # ------------------------------------------------------------------
    # The screen
    # ------------------------------------------------------------------

    def action_crm_overview(self):
        """Open the 360 screen of the customer this partner belongs to."""
        self.ensure_one()
        customer = self.commercial_partner_id
        action = self.env["ir.actions.client"]._for_xml_id("crm_core.crm_overview_action")
        action["context"] = {"active_id": customer.id, "active_model": "res.partner"}
        return action

    @api.readonly
    def crm_overview(self) -> dict:
        """The customer's whole business with the current company, from the ERP's records.

        Facts that are waiting are folded first, so that no figure is stale. A contact stands for its
        commercial entity.

        :return: ``partner`` (who), ``company`` (whose figures, ``currency_id`` of all amounts),
            ``lifecycle`` (state, label, reason in words), ``tiles`` (figures), ``todo`` (what to do now),
            ``turnover`` (months, current, previous), ``products`` (count, rows), ``rights``; further
            keys are sections of other addons
        :raise AccessError: no role in customer relations, or another team's customer
        """
        self.ensure_one()
        self._crm_check_access()
        customer = self.commercial_partner_id
        self.env["crm.customer.stat"]._ensure_fresh(customer, self.env.company)
        return customer._crm_overview()

    @api.readonly
    def crm_suggest_offer(self, limit: int = 5, basket: list[int] | None = None) -> list[dict]:
        """The products worth offering this customer now, best first.

        :param limit: how many, 1 to 50
        :param basket: ids of products already at hand; others that go with them are preferred
        :return: for each product ``product_id``, ``name``, ``quantity``, ``uom``, ``price_unit`` (untaxed,
            from the customer's pricelist), ``currency_id``, ``reason`` (in words), ``source``, ``score``,
            ``stock`` (free to sell; None for what has no stock)
        :raise AccessError: no role in customer relations, or another team's customer
        :raise UserError: limit out of range
        """
        self.ensure_one()
        if not isinstance(limit, int) or not 1 <= limit <= 50:
            raise UserError(self.env._("Between 1 and 50 products can be suggested, not %s.", limit))
        self._crm_check_access()
        customer = self.commercial_partner_id
        self.env["crm.customer.stat"]._ensure_fresh(customer, self.env.company)
        Offer = self.env["crm.offer"]
        baskets = {customer.id: basket} if basket else None
        suggestions = Offer._suggest(customer, limit, baskets)[customer.id]
        lines = Offer._prepare_suggested_lines(self, suggestions)
        return self._crm_present_lines(lines)

    def _crm_get_pricelist(self):
        """:return: the customer's pricelist in the current company (may be empty) and its currency"""
        pricelist = self.with_company(self.env.company).property_product_pricelist
        return pricelist, pricelist.currency_id or self.env.company.currency_id

    def _crm_present_lines(self, lines):
        """Offer line values with what a person needs to judge them: name, unit, stock, currency."""
        _pricelist, currency = self._crm_get_pricelist()
        products = self.env["product.product"].browse([line["product_id"] for line in lines])
        # sudo: free quantity of products the user may sell; stock rights are not needed to sell
        stock = {p.id: p.free_qty if p.is_storable else None for p in products.sudo()}
        return [
            {
                **line,
                "name": product.display_name,
                "uom": product.uom_id.name,
                "currency_id": currency.id,
                "stock": stock[product.id],
            }
            for line, product in zip(lines, products, strict=True)
        ]

    @api.readonly
    def crm_price_products(self, lines: list[dict]) -> list[dict]:
        """What products cost this customer in these quantities.

        :param lines: each with ``product_id`` and ``quantity`` in the product's unit
        :return: the lines with ``price_unit`` (untaxed) and ``currency_id`` added
        :raise UserError: a quantity of 0 or less, an unknown product
        """
        self.ensure_one()
        self._crm_check_access()
        checked = [self._crm_check_line(line) for line in lines]
        products = self.env["product.product"].browse([line["product_id"] for line in checked])
        pricelist, currency = self._crm_get_pricelist()
        return [
            {
                "product_id": product.id,
                "quantity": line["quantity"],
                "price_unit": pricelist._get_product_price(product, line["quantity"], currency=currency),
                "currency_id": currency.id,
            }
            for product, line in zip(products, checked, strict=True)
        ]

    def crm_create_quotation(
        self,
        lines: list[dict],
        request_key: str | None = None,
        opportunity_id: int | None = None,
    ) -> dict:
        """Make an offer of these products and turn it into a quotation at once.

        :param lines: each with ``product_id``, ``quantity`` and optionally ``price_unit``, ``reason``,
            ``source``, ``score``
        :param request_key: any text that is new for each intent; the same key again returns the same
            quotation, so that a double click or a repeated request makes one
        :param opportunity_id: ``crm.lead`` the quotation belongs to
        :return: the action that opens the quotation, ``res_id`` is its id
        :raise UserError: no lines, a quantity of 0 or less, an unknown product
        """
        self.ensure_one()
        self._crm_check_access()
        Offer = self.env["crm.offer"]
        offer = Offer.search([("request_key", "=", request_key)]) if request_key else Offer
        if offer and offer.commercial_partner_id != self.commercial_partner_id:
            raise UserError(self.env._("This request key was used for another customer."))
        if not offer:
            offer = Offer.create(
                {
                    "partner_id": self.id,
                    "request_key": request_key,
                    "opportunity_id": opportunity_id,
                    "line_ids": [Command.create(self._crm_check_line(line)) for line in lines],
                }
            )
        return offer.action_create_quotation()

    def _crm_check_line(self, line):
        """Values of an offer line from outside, checked."""
        if not isinstance(line, dict) or "product_id" not in line:
            raise UserError(self.env._("Each line needs a product."))
        product = self.env["product.product"].browse(line["product_id"]).exists()
        if not product:
            raise UserError(self.env._("The product %s does not exist.", line["product_id"]))
        quantity = line.get("quantity", 1)
        if not isinstance(quantity, int | float) or not 0 < quantity < 1e9:
            raise UserError(
                self.env._("The quantity of %(product)s must be above 0.", product=product.display_name)
            )
        known = ("price_unit", "reason", "source", "score")
        values = {key: line[key] for key in known if line.get(key) is not None}
        return {"product_id": product.id, "quantity": quantity, **values}

    def crm_decline_product(self, product_id: int, reason: str | None = None) -> bool:
        """The customer does not want this product: it is not suggested for the days set in Settings.

        :param reason: why, in the customer's words
        """
        self.ensure_one()
        self._crm_check_access()
        offer = self.env["crm.offer"].create(
            {
                "partner_id": self.id,
                "line_ids": [Command.create(self._crm_check_line({"product_id": product_id}))],
            }
        )
        return offer.action_decline(reason or self.env._("Not wanted"))
