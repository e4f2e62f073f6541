import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { redirect } from "@web/core/utils/urls";

/** Switch to a company, keep the others switched on, and open its set-up page. */
async function setUpCompany(env, action) {
    const company = action.params.company_id;
    const others = user.activeCompanies.map(({ id }) => id).filter((id) => id !== company);
    await user.activateCompanies([company, ...others], { includeChildCompanies: false, reload: false });
    redirect("/odoo/exact-setup");
}

registry.category("actions").add("exact_connector.set_up_company", setUpCompany);
