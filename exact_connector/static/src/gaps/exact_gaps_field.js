import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Lines shown before "Show all". */
const FIRST = 8;

/** What is still open, why it matters, and a button to where it is mended. */
export class ExactGapsField extends Component {
    static template = "exact_connector.GapsField";
    static props = { ...standardFieldProps, readonlySteps: { type: Boolean, optional: true } };

    setup() {
        this.action = useService("action");
    }

    get gaps() {
        return (this.props.record.data[this.props.name] || []).slice(0, FIRST);
    }

    get hidden() {
        return (this.props.record.data[this.props.name] || []).slice(FIRST);
    }

    /** To the record that mends it, else to the step of the page. */
    async open(gap) {
        const record = this.props.record;
        if (!(await record.save())) {
            return;
        }
        if (gap.model) {
            return this.action.doAction({
                type: "ir.actions.act_window",
                res_model: gap.model,
                res_id: gap.id,
                views: [[false, "form"]],
            });
        }
        await this.action.doActionButton({
            type: "object",
            name: "action_setup_show",
            resModel: record.resModel,
            resId: record.resId,
            resIds: [record.resId],
            context: { exact_step: gap.step },
            onClose: () => record.load(),
        });
        await record.load();
    }
}

export const exactGapsField = {
    component: ExactGapsField,
    displayName: _t("Still open for Exact"),
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ readonlySteps: Boolean(options.plain) }),
};

registry.category("fields").add("exact_gaps", exactGapsField);
