from odoo import api, models


class ExactMapperSalesEntry(models.AbstractModel):
    """Item of the work behind a line: its task, then its project (R15)."""

    _inherit = "exact.mapper.sales.entry"

    @api.model
    def _exact_item_candidates(self, line):
        env = self.env
        candidates = super()._exact_item_candidates(line)
        for activity in self._exact_activities(line):
            name = activity.display_name
            text = (
                env._("item on task %s", name)
                if activity._name == "project.task"
                else env._("item on project %s", name)
            )
            candidates.append(("activity", activity.exact_item_id, text, activity))
        return candidates

    @api.model
    def _exact_activities(self, line):
        """Tasks and projects of a line, nearest first.

        A line made by "Invoice in Exact" knows the one that counts. For an invoice of Odoo it is that of the
        hours on it, else of the order line; hours of several tasks with different items decide nothing:
        one line has one item.
        """
        # Whoever sends need not see the project.
        line = line.sudo()
        if line.exact_task_id or line.exact_project_id:
            return [*line.exact_task_id, *line.exact_project_id]
        orders = line.sale_line_ids
        if not orders:
            return []
        source = self.env["exact.billable.timesheet"]
        # Asked of the database: thousands of hours on hundreds of lines are too many to look through.
        pairs = set(
            self.env["account.analytic.line"]
            .sudo()
            ._read_group(
                [
                    ("timesheet_invoice_id", "in", line.move_id.ids),
                    ("so_line", "in", orders.ids),
                    ("project_id", "!=", False),
                ],
                ["task_id", "project_id"],
            )
        )
        if not pairs:
            task, project = orders.task_id[:1], orders.project_id[:1]
            pairs = {(task, project or task.project_id or orders.order_id.project_id[:1])}
        found = {}
        for task, project in pairs:
            item, record = source._activity_item(task, project)
            found.setdefault(item, record)
        if len(found) == 1 and None not in found:
            return list(found.values())
        return []
