from odoo import api, models

from odoo.addons.exact_connector_sale.billable import Billable, LeftBehind


class ExactBillableTimesheet(models.AbstractModel):
    """One hour: what it is worth, or why it is left behind (W15). ``kept`` holds what many hours share."""

    _inherit = "exact.billable.timesheet"

    @api.model
    def _read_hours(self, company, hours):
        """A :class:`Billable` for each of ``hours``; 5,000 of them share a few orders, rates and customers."""
        connection = self.env["exact.connection"]._for_company(company)
        orders = self.env["sale.order.line"].with_context(exact_all_hours=True)
        counted = hours.filtered_domain(orders._timesheet_compute_delivered_quantity_domain())
        kept = {
            "company": company,
            "connection": connection,
            "counted": set(counted.ids),
            "cache": {},
        }
        billables = [self._read_hour(hour, kept) for hour in hours]
        self._settle_quantities(billables)
        return billables

    @api.model
    def _read_hour(self, hour, kept):
        order_line = hour.so_line if self._is_by_time(hour.so_line) else None
        billable = Billable(
            key=f"account.analytic.line,{hour.id}",
            kind="hours",
            record=hour,
            company=hour.company_id,
            partner=self._customer_address(hour, kept),
            currency=kept["company"].currency_id,
            date=hour.date,
            name=hour.name if hour.name != "/" else "",
            product=hour.so_line.product_id,
            quantity=self._quantity(hour, hour.product_uom_id),
            uom=hour.product_uom_id,
            price_unit=0.0,
            taxes=self.env["account.tax"],
            project=hour.project_id,
            task=hour.task_id,
            employee=hour.employee_id,
            order=hour.order_id,
        )
        billable.left_behind = self._not_to_take(hour, kept)
        if billable.left_behind:
            return billable
        if order_line:
            self._fill_from_order(billable, order_line, kept)
        else:
            billable.left_behind = self._fill_without_order(billable, kept)
        if not billable.left_behind and not billable.price_unit:
            billable.left_behind = self._without_price(billable)
        return billable

    @api.model
    def _is_by_time(self, order_line):
        """Whether the hours themselves are what the customer pays for."""
        return (
            order_line.qty_delivered_method == "timesheet"
            and order_line.product_id.invoice_policy == "delivery"
        )

    @api.model
    def _kept(self, kept, key, compute):
        cache = kept["cache"]
        if key not in cache:
            cache[key] = compute()
        return cache[key]

    # === LEFT BEHIND: THE HOUR ITSELF === #

    @api.model
    def _not_to_take(self, hour, kept):
        """Why ``hour`` is not even looked at, first reason first; None where it may go."""
        env = self.env
        if hour.company_id != kept["company"]:
            message = env._("Belongs to %s: invoice it from that company.", hour.company_id.name)
            return LeftBehind("other_company", message, hour)
        if not hour.unit_amount:
            return LeftBehind("nothing", env._("No time is filled in."), hour)
        if not hour._exact_is_free():
            move = hour.timesheet_invoice_id
            return self._kept(
                kept, ("move", move.id), lambda: env["exact.billable"]._taken_by(move)
            )
        key = ("billing", hour.so_line.id, hour.project_id.id)
        reason = self._kept(kept, key, lambda: self._not_by_time(hour.so_line, hour.project_id))
        if not reason and hour.id not in kept["counted"]:
            reason = LeftBehind("not_approved", env._("Is not approved yet."), hour)
        return reason

    @api.model
    def _not_by_time(self, order_line, project):
        """Why the hours of an order line or a project are nobody's to pay by the hour."""
        env = self.env
        if not order_line:
            if not project.allow_billable:
                message = env._("Project %s is not billable.", project.display_name)
                return LeftBehind("non_billable", message, project)
            if project.billing_type != "manually":
                message = env._(
                    "Has no sales order item, so it is not billable: choose one on the hours, or set project "
                    "%s to bill such hours manually (Settings).",
                    project.display_name,
                )
                return LeftBehind("non_billable", message, project)
            return None
        order, policy = order_line.order_id, order_line.product_id.service_policy
        if not self._is_by_time(order_line):
            name = order.display_name
            message = {
                "delivered_milestones": env._("Covered by the milestones of order %s.", name),
                "delivered_manual": env._(
                    "Order %s is invoiced by the quantity delivered that is filled in there.", name
                ),
            }.get(policy, env._("Covered by the fixed price of order %s.", name))
            return LeftBehind("fixed_price", message, order)
        if order.state == "cancel":
            message = env._("Order %s is cancelled.", order.display_name)
            return LeftBehind("non_billable", message, order)
        if order.state != "sale":
            message = env._("Order %s is not confirmed yet.", order.display_name)
            return LeftBehind("not_approved", message, order)
        return None

    @api.model
    def _without_price(self, billable):
        """A rate of nothing is no rate: work given away goes at a discount of 100 %."""
        env, product = self.env, billable.product
        if billable.order_line:
            message = env._(
                "No rate: %(product)s has no price on order %(order)s.",
                product=product.display_name,
                order=billable.order.display_name,
            )
            return LeftBehind("no_rate", message, billable.order)
        message = env._("No rate: product %s has no price.", product.display_name)
        return LeftBehind("no_rate", message, product.product_tmpl_id)
