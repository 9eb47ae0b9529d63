import { formatFigure, UNKNOWN } from "@crm_core/overview/overview_format";
import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { formatInteger, formatPercentage } from "@web/views/fields/formatters";

const { DateTime } = luxon;

export const formatCount = (value) => formatInteger(value);

export function formatShare(share) {
    return share === null || share === undefined ? UNKNOWN : formatPercentage(share, { digits: [16, 0] });
}

/** Amounts in cells and titles, without cents. */
export function formatAmount(amount, currencyId) {
    return formatCurrency(amount, currencyId, { digits: [16, 0] });
}

/** Amounts on axes and in narrow cells: "€ 12k". */
export function formatShortAmount(amount, currencyId) {
    const short = Math.abs(amount) >= 1000;
    return formatCurrency(amount, currencyId, { humanReadable: short, digits: [16, 0] });
}

export function formatMonth(isoDay) {
    return DateTime.fromISO(isoDay).toFormat("LLL yy");
}

export function formatLongMonth(isoDay) {
    return DateTime.fromISO(isoDay).toFormat("LLLL yyyy");
}

export function formatValue(figure, currencyId) {
    return formatFigure(figure, currencyId);
}

/** Numbers of customers in words. */
export function customersText(count) {
    return count === 1 ? _t("1 customer") : _t("%s customers", formatCount(count));
}

/** How strongly a cell is colored, 0 to 0.55: text on it stays readable in both themes. */
export function getHeat(value, highest) {
    return highest > 0 && value > 0 ? 0.06 + 0.49 * Math.sqrt(Math.min(value / highest, 1)) : 0;
}

/** How far the predictions were off, of days that are over; empty where nothing was kept back. */
export function getHoldoutText(model) {
    const { expected, actual, days } = model.holdout || {};
    if (!actual) {
        return "";
    }
    const off = (expected - actual) / actual;
    const percent = formatPercentage(Math.abs(off), { digits: [16, 0] });
    return _t("checked over %(days)s days: %(off)s", { days, off: `${off < 0 ? "−" : "+"}${percent}` });
}

export const RISKS = {
    high: { label: _t("High risk"), badge: "text-bg-danger" },
    medium: { label: _t("Medium risk"), badge: "text-bg-warning" },
    low: { label: _t("Low risk"), badge: "text-bg-success" },
};

export const RHYTHMS = {
    weekly: _t("Weekly"),
    monthly: _t("Monthly"),
    quarterly: _t("Every 2 to 4 months"),
    yearly: _t("Once or twice a year"),
    rarer: _t("Rarer"),
    once: _t("Bought once"),
};
