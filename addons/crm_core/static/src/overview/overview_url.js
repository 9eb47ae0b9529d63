import { router } from "@web/core/browser/router";
import { patch } from "@web/core/utils/patch";

const OVERVIEW = "overview";
const CUSTOMERS = "customers";

/**
 * Whatever way led to a customer's overview, its address is /odoo/customers/<id>/overview: the one
 * people send each other. Only what is written into the address changes; the stack of actions, and
 * with it breadcrumbs and the back button, stay as they are.
 */
export function withCustomerAddress(state) {
    const stack = state.actionStack || [];
    const place = stack.findLastIndex(({ action, active_id }) => action === OVERVIEW && active_id);
    if (place === -1) {
        return state;
    }
    const customer = { action: CUSTOMERS, resId: stack[place].active_id };
    return { ...state, actionStack: [customer, ...stack.slice(place)] };
}

patch(router, {
    stateToUrl(state) {
        return super.stateToUrl(withCustomerAddress(state));
    },
});
