import { onWillStart, onWillUnmount } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";

/** Choices that plan the invoices again at once. */
const OPTIONS = ["grouping", "line_mode", "description_template", "invoice_date", "print_invoice"];
/** Lists whose rows may be edited; they are saved when the row is left. */
const LISTS = ["invoice_ids", "invoice_line_ids", "line_ids"];
const LOOK_AGAIN = 300;

/** The invoices to come: what is changed is planned again at once, without pressing Save. */
export class ExactInvoiceWizardController extends FormController {
    setup() {
        super.setup();
        const orm = useService("orm");
        this.timer = null;
        onWillStart(async () => {
            // Back from the record that mends something: it counts from now on.
            if (this.props.state && this.props.resId) {
                await orm.call(this.props.resModel, "refresh", [[this.props.resId]]);
            }
        });
        onWillUnmount(() => browser.clearTimeout(this.timer));
    }

    get modelParams() {
        const params = super.modelParams;
        return {
            ...params,
            hooks: { ...params.hooks, onRecordChanged: this.onRecordChanged.bind(this) },
        };
    }

    onRecordChanged(record, changes) {
        const isRoot = record === this.model.root;
        if (isRoot && !OPTIONS.some((name) => name in changes)) {
            return;
        }
        // Not now: this is called while the model is still busy with the change.
        this.saveSoon(0);
    }

    saveSoon(delay) {
        browser.clearTimeout(this.timer);
        this.timer = browser.setTimeout(async () => {
            const root = this.model.root;
            if (LISTS.some((name) => root.data[name]?.editedRecord)) {
                this.saveSoon(LOOK_AGAIN);
            } else if (await root.isDirty()) {
                await root.save();
            }
        }, delay);
    }
}

registry.category("views").add("exact_invoice_wizard", {
    ...formView,
    Controller: ExactInvoiceWizardController,
});
