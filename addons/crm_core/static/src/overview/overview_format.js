import { formatCurrency } from "@web/core/currency";
import { formatDate, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { formatFloat } from "@web/core/utils/numbers";
import { formatInteger, formatPercentage } from "@web/views/fields/formatters";

const { DateTime } = luxon;

export const UNKNOWN = "–";
// Up to here people think in days, past it in months.
const DAYS_COUNTED = 60;

/** Amounts in text and tables, to the cent. */
export function formatMoney(amount, currencyId) {
    return isUnknown(amount) ? UNKNOWN : formatCurrency(amount, currencyId);
}

/** Amounts as figures: from a thousand on cents only get in the way. */
export function formatRoundMoney(amount, currencyId) {
    if (isUnknown(amount)) {
        return UNKNOWN;
    }
    return formatCurrency(amount, currencyId, Math.abs(amount) >= 1000 ? { digits: [16, 0] } : {});
}

export function formatQuantity(quantity) {
    return formatFloat(quantity, { digits: [16, 2], trailingZeros: false });
}

export function isUnknown(value) {
    return value === null || value === undefined;
}

function formatDays(days) {
    return days === 1 ? _t("1 day") : _t("%s days", formatInteger(days));
}

function formatDaysAgo(days) {
    if (days === 0) {
        return _t("Today");
    }
    return days === 1 ? _t("Yesterday") : _t("%s days ago", formatInteger(days));
}

const FIGURES = {
    monetary: formatRoundMoney,
    integer: (value) => formatInteger(value),
    percentage: (ratio) => formatPercentage(ratio, { digits: [16, 0] }),
    days: formatDays,
    days_ago: formatDaysAgo,
};

export function formatFigure({ type, value }, currencyId) {
    return isUnknown(value) ? UNKNOWN : FIGURES[type](value, currencyId);
}

/** @returns {string} "+8 %" */
export function formatTrend(ratio) {
    const percent = formatPercentage(Math.abs(ratio), { digits: [16, 0] });
    return `${ratio < 0 ? "−" : "+"}${percent}`;
}

/**
 * The moment of a document in the history. A document that has a day and no time is shown on that
 * very calendar day, wherever the user is: its instant would fall on another day in other time zones.
 */
export function getMoment(row) {
    return row.day ? DateTime.fromISO(row.day) : DateTime.fromISO(row.date, { zone: "utc" }).toLocal();
}

export function formatExact(row) {
    const moment = getMoment(row);
    return row.day ? formatDate(moment) : formatDateTime(moment);
}

export function formatDay(isoDay) {
    return isoDay ? formatDate(DateTime.fromISO(isoDay)) : UNKNOWN;
}

/**
 * Calendar days rather than hours: "today", "in 6 days", "49 days ago"; past two months "4 months ago".
 *
 * @param {DateTime|string} day moment or ISO day
 */
export function formatRelativeDay(day) {
    const start = (DateTime.isDateTime(day) ? day : DateTime.fromISO(day)).startOf("day");
    const today = DateTime.local().startOf("day");
    if (Math.abs(start.diff(today, "days").days) <= DAYS_COUNTED) {
        return start.toRelativeCalendar({ base: today, unit: "days" });
    }
    return start.toRelative({ base: today });
}
