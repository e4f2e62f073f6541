import { Component, onMounted, onPatched, onWillUnmount } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Pause between two looks, in milliseconds. */
const PAUSE = 1500;
const BUSY = ["pending", "sending"];

/** Shows that an exchange is at work and reloads it until it has come to an end. */
export class ExactProgressField extends Component {
    static template = "exact_connector.ProgressField";
    static props = { ...standardFieldProps };

    setup() {
        this.timer = null;
        this.gone = false;
        onMounted(() => this.plan());
        onPatched(() => this.plan());
        onWillUnmount(() => {
            this.gone = true;
            clearTimeout(this.timer);
        });
    }

    get busy() {
        return BUSY.includes(this.props.record.data[this.props.name]);
    }

    get waiting() {
        return this.props.record.data[this.props.name] === "pending";
    }

    /** Numbers of a run, empty for one document. */
    get counts() {
        const data = this.props.record.data;
        if (data.kind !== "customer_import") {
            return "";
        }
        return _t("%(pages)s pages read: %(created)s created, %(updated)s updated, %(unchanged)s unchanged", {
            pages: data.page_count || 0,
            created: data.created_count || 0,
            updated: data.updated_count || 0,
            unchanged: data.unchanged_count || 0,
        });
    }

    plan() {
        if (!this.timer && !this.gone && this.busy) {
            this.timer = setTimeout(() => this.look(), PAUSE);
        }
    }

    async look() {
        try {
            await this.props.record.load();
        } finally {
            this.timer = null;
            // The state may have stayed the same: nothing is patched then.
            this.plan();
        }
    }
}

export const exactProgressField = {
    component: ExactProgressField,
    displayName: _t("Progress with Exact"),
    supportedTypes: ["selection"],
    fieldDependencies: [
        { name: "kind", type: "selection" },
        { name: "page_count", type: "integer" },
        { name: "created_count", type: "integer" },
        { name: "updated_count", type: "integer" },
        { name: "unchanged_count", type: "integer" },
    ],
};

registry.category("fields").add("exact_progress", exactProgressField);
