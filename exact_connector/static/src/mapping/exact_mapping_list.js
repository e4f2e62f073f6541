import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

const WIZARD = "exact.mapping.wizard";

/** Above the list: the kinds with what is open, confirming all that is sure, and what waited for it. */
export class ExactMappingBar extends Component {
    static template = "exact_connector.MappingBar";
    static props = { list: Object, signature: String };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ overview: null, busy: false });
        onWillStart(() => this.load());
        onWillUpdateProps((next) => {
            if (next.signature !== this.props.signature) {
                // Not awaited: the list itself need not wait for the numbers above it.
                this.load();
            }
        });
    }

    get wizard() {
        return this.props.list.context.exact_mapping_wizard;
    }

    get kind() {
        return this.props.list.context.exact_mapping_kind;
    }

    async load() {
        const overview = await this.orm.call(WIZARD, "get_overview", [[this.wizard], this.kind]);
        if (overview.gone) {
            // Cleared away after a while: look again.
            await this.replace(await this.orm.call(WIZARD, "action_open", [this.kind]));
        } else if (overview.stale) {
            await this.open(this.kind);
        } else {
            this.state.overview = overview;
        }
    }

    async replace(action) {
        await this.action.doAction(action, { stackPosition: "replaceCurrentAction" });
    }

    async open(kind) {
        await this.props.list.leaveEditMode();
        await this.replace(await this.orm.call(WIZARD, "action_open_kind", [[this.wizard], kind]));
    }

    /** Call a button of the server, show what it says, and read the list again. */
    async press(method, ...args) {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            await this.props.list.leaveEditMode();
            const action = await this.orm.call(WIZARD, method, [[this.wizard], ...args]);
            if (action) {
                await this.action.doAction(action);
            }
            await this.props.list.load();
            await this.load();
        } finally {
            this.state.busy = false;
        }
    }
}

export class ExactMappingListRenderer extends ListRenderer {
    static template = "exact_connector.MappingListRenderer";
    static components = { ...ListRenderer.components, ExactMappingBar };

    /** Changes when a line is confirmed, cleared or chosen. */
    get mappingSignature() {
        const records = this.props.list.records || [];
        return records.map((record) => `${record.resId}:${record.data.confidence}`).join();
    }
}

registry.category("views").add("exact_mapping_list", {
    ...listView,
    Renderer: ExactMappingListRenderer,
});
