import { registry } from "@web/core/registry";

/**
 * The seam by which addons join the customer overview: each entry of the registry
 * `crm_customer_panels` is one panel of the screen. Our own panels are registered the same way.
 *
 *     import { OverviewPanel } from "@crm_core/overview/overview_panel";
 *
 *     class TicketsPanel extends Component {
 *         static template = "crm_helpdesk.TicketsPanel";  // its root is an <OverviewPanel>
 *         static components = { OverviewPanel };
 *         static props = { model: Object, section: { optional: true }, isFolded: Boolean };
 *     }
 *     registry.category("crm_customer_panels").add("tickets", {
 *         component: TicketsPanel,
 *         section: "tickets",
 *         sequence: 60,
 *     });
 *
 * @typedef {Object} CustomerPanel
 * @property {typeof import("@odoo/owl").Component} component gets three props: `model` (the
 *  {@link import("./customer_overview").CustomerOverview} of the screen), `section` (its part of
 *  the server's answer) and `isFolded` (whether to start folded, to hand on to `OverviewPanel`)
 * @property {number} [sequence=60] place on the screen. Ours are 10 (what to do), 20 (offer),
 *  30 (turnover), 40 (products) and 100 (history): panels of other addons fit in 50 to 90
 * @property {"main"|"side"|"full"} [position="full"] left column, right column or both
 * @property {string} [section] key of the answer of `res.partner.crm_overview()` the panel shows;
 *  a user for whom the server leaves this key out does not get the panel
 * @property {(section: any) => boolean} [isEmpty] whether there is nothing to show, so that the
 *  panel starts folded; by default: no section, an empty list, or a `count` of 0
 * @property {(overview: Object) => boolean} [isVisible] a last word on whether the panel is there
 */
export const customerPanels = registry.category("crm_customer_panels");

customerPanels.addValidation({
    component: { validate: (component) => typeof component === "function" },
    sequence: { type: Number, optional: true },
    position: { validate: (position) => ["main", "side", "full"].includes(position), optional: true },
    section: { type: String, optional: true },
    isEmpty: { type: Function, optional: true },
    isVisible: { type: Function, optional: true },
});

function isSectionEmpty(section) {
    return !section || section.length === 0 || section.count === 0;
}

/**
 * @param {Object} overview answer of `res.partner.crm_overview()`
 * @returns {Object[]} the panels this customer and user get, in the order of the screen
 */
export function getVisiblePanels(overview) {
    return customerPanels
        .getEntries()
        .map(([key, panel]) => ({ key, sequence: 60, position: "full", ...panel }))
        .filter((panel) => !panel.section || panel.section in overview)
        .filter((panel) => !panel.isVisible || panel.isVisible(overview))
        .sort((a, b) => a.sequence - b.sequence || (a.key < b.key ? -1 : 1))
        .map((panel) => {
            const section = panel.section ? overview[panel.section] : undefined;
            const isEmpty = panel.isEmpty || isSectionEmpty;
            return { ...panel, sectionValue: section, isFolded: Boolean(panel.section) && isEmpty(section) };
        });
}
