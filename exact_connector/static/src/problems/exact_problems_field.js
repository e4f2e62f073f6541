import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const PROBLEM = "exact.exchange.problem";

/** What stops an exchange, one line each, with a button to the record that mends it. */
export class ExactProblemsField extends Component {
    static template = "exact_connector.ProblemsField";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
    }

    get list() {
        return this.props.record.data[this.props.name];
    }

    get problems() {
        return this.list.records.map((record) => ({ id: record.resId, ...record.data }));
    }

    /** Problems beyond those loaded with the form. */
    get hiddenCount() {
        return this.list.count - this.list.records.length;
    }

    /** "Your accountant" for "accountant": the label in the user's language. */
    ownerLabel(owner) {
        const selection = this.list.fields.owner?.selection || [];
        return (selection.find(([value]) => value === owner) || [])[1] || "";
    }

    /** Open the record that is wrong. */
    async open(problem) {
        await this.press(problem, "action_open_record");
    }

    /** Do what the cause proposes, then show how it stands now. */
    async mend(problem) {
        await this.press(problem, "action_mend");
    }

    async press(problem, name) {
        await this.action.doActionButton({
            type: "object",
            name,
            resModel: PROBLEM,
            resId: problem.id,
            resIds: [problem.id],
        });
    }

    async openAll() {
        await this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("What Is Wrong"),
            res_model: PROBLEM,
            views: [[false, "list"]],
            domain: [["id", "in", this.list.resIds]],
        });
    }
}

export const exactProblemsField = {
    component: ExactProblemsField,
    displayName: _t("Problems with Exact"),
    supportedTypes: ["one2many"],
    relatedFields: [
        { name: "message", type: "text" },
        { name: "record_name", type: "char" },
        { name: "button", type: "char" },
        {
            name: "owner",
            type: "selection",
            selection: [
                ["you", _t("You")],
                ["odoo_admin", _t("Your Odoo administrator")],
                ["exact_admin", _t("Your Exact administrator")],
                ["accountant", _t("Your accountant")],
                ["nobody", _t("Nobody: it goes on by itself")],
            ],
        },
        { name: "advice", type: "text" },
    ],
    useSubView: false,
};

registry.category("fields").add("exact_problems", exactProblemsField);
