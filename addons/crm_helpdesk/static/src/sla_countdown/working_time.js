import { _t } from "@web/core/l10n/translation";

/**
 * Seconds as people say them: "3 h 20 min", "12 min"; below a minute "0 min".
 *
 * @param {number} seconds not negative
 * @returns {string}
 */
export function formatWorkingTime(seconds) {
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    if (!hours) {
        return _t("%s min", minutes);
    }
    if (hours >= 100 || minutes % 60 === 0) {
        return _t("%s h", hours);
    }
    return _t("%(hours)s h %(minutes)s min", { hours, minutes: minutes % 60 });
}
