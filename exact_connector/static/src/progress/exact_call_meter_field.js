import { Component } from "@odoo/owl";
import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatInteger } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Calls left at Exact this minute and today, and who used them. */
export class ExactCallMeterField extends Component {
    static template = "exact_connector.CallMeterField";
    static props = { ...standardFieldProps };

    get meter() {
        return this.props.record.data[this.props.name];
    }

    get windows() {
        const until = (window) => formatDateTime(deserializeDateTime(window.until), { format: "HH:mm" });
        return [
            { name: _t("This minute"), ...this.meter.minute },
            { name: _t("Today"), ...this.meter.day },
        ].map((window) => ({
            ...window,
            share: window.limit ? (100 * window.left) / window.limit : 0,
            text: _t("%(left)s of %(limit)s left, full again at %(time)s", {
                left: formatInteger(window.left),
                limit: formatInteger(window.limit),
                time: until(window),
            }),
        }));
    }

    get lists() {
        const most = Math.max(1, ...this.meter.purposes.map((row) => row.calls));
        return [
            { name: _t("Used today for"), rows: this.meter.purposes },
            { name: _t("Used today by"), rows: this.meter.users },
        ]
            .filter((list) => list.rows.length)
            .map((list) => ({
                ...list,
                rows: list.rows.map((row) => ({
                    ...row,
                    text: formatInteger(row.calls),
                    share: (100 * row.calls) / most,
                })),
            }));
    }

    color(share) {
        return share > 30 ? "bg-success" : share > 10 ? "bg-warning" : "bg-danger";
    }
}

registry.category("fields").add("exact_call_meter", {
    component: ExactCallMeterField,
    displayName: _t("Calls to Exact"),
    supportedTypes: ["json"],
});
