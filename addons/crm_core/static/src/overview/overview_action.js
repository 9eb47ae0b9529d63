import { CustomerOverview } from "./customer_overview";
import { getVisiblePanels } from "./customer_panels";
import { OfferBar } from "./offer_bar";
import { OverviewHeader } from "./overview_header";
import { OverviewMessage } from "./overview_message";
import { OverviewSkeleton } from "./overview_skeleton";
import { OverviewTile } from "./overview_tile";
import { Component, onMounted, useRef, useState } from "@odoo/owl";
import { useSetupAction } from "@web/search/action_hook";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/**
 * "What do I do for this customer now?": the customer's whole business on one screen.
 *
 * The customer is `active_id` of the action's context, which is what the web client takes from the
 * address /odoo/customers/<id>/overview. Coming back by the breadcrumb mounts the screen anew, so
 * what was done meanwhile is on it.
 */
export class OverviewAction extends Component {
    static template = "crm_core.OverviewAction";
    static components = { Layout, OfferBar, OverviewHeader, OverviewMessage, OverviewSkeleton, OverviewTile };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.title = useService("title");
        this.model = useState(
            new CustomerOverview({ orm: useService("orm"), action: this.action, partnerId: this.getPartnerId() })
        );
        this.rootRef = useRef("root");
        useSetupAction({ rootRef: this.rootRef });
        this.openAppOnPageLoad();
        this.load();
    }

    /**
     * From a bare address the web client takes the app of the action "customers" of the address,
     * which is Invoicing. Whoever comes from another screen stays in the app he is in.
     */
    openAppOnPageLoad() {
        const menu = useService("menu");
        const before = this.action.currentController;
        if (!before || before.virtual) {
            const app = menu.getApps().find(({ xmlid }) => xmlid === "crm_core.crm_core_menu_root");
            onMounted(() => app && menu.setCurrentMenu(app));
        }
    }

    getPartnerId() {
        const { context, params } = this.props.action;
        const id = context?.active_id || params?.active_id;
        return Number.isInteger(id) ? id : false;
    }

    async load() {
        await this.model.load();
        if (this.model.status === "ready") {
            this.showName(this.model.overview.partner.name);
        }
    }

    /** After the customer's own form the name would stand twice in the breadcrumb. */
    showName(name) {
        const previous = this.env.config.breadcrumbs.at(-2);
        this.env.config.setDisplayName(previous?.name === name ? _t("Overview") : name);
        this.title.setParts({ action: name });
    }

    get panels() {
        return getVisiblePanels(this.model.overview);
    }

    get canCreateQuotation() {
        return this.model.overview.rights.create_quotation;
    }

    openCustomers() {
        return this.action.doAction("crm_core.crm_customer_stat_action", { clearBreadcrumbs: true });
    }
}

registry.category("actions").add("crm_core.overview", OverviewAction);
