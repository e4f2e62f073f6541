import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { ExactProgressField } from "./exact_progress_field";

/** How far a synchronisation is, with a bar that moves, until it has come to its end. */
export class ExactSyncProgressField extends ExactProgressField {
    static template = "exact_connector.SyncProgressField";

    get state() {
        return this.props.record.data[this.props.name];
    }

    get busy() {
        return ["documents", "payments"].includes(this.state);
    }

    get percent() {
        return Math.round(this.props.record.data.progress || 0);
    }

    get counts() {
        const data = this.props.record.data;
        return _t("%(ready)s of %(total)s", {
            ready: data.total_count - data.later_count,
            total: data.total_count,
        });
    }
}

registry.category("fields").add("exact_sync_progress", {
    component: ExactSyncProgressField,
    displayName: _t("Progress of a Synchronisation"),
    supportedTypes: ["selection"],
    fieldDependencies: [
        { name: "progress", type: "float" },
        { name: "total_count", type: "integer" },
        { name: "later_count", type: "integer" },
    ],
});
