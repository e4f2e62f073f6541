from odoo.addons.web.controllers.export import ExcelExport

# A cell that begins like this would be taken for a formula, or a link to a file.
FORMULAS = ("=", "{=", "external:", "internal:")


def as_text(value):
    """``value`` as a spreadsheet shows it without working it out: marked as Odoo marks it in a CSV file."""
    if isinstance(value, str) and value.lstrip().lower().startswith(FORMULAS):
        return f"'{value}"
    return value


class ExactExcelExport(ExcelExport):
    """What strangers typed stays text in a spreadsheet.

    A customer of Exact may be named ``=HYPERLINK(...)``. Odoo defuses that in CSV files, but its
    writer of XLSX files makes a formula of it (docs/security.md).
    """

    def from_data(self, fields, columns_headers, rows):
        rows = [[as_text(value) for value in row] for row in rows]
        return super().from_data(fields, columns_headers, rows)

    def from_group_data(self, fields, columns_headers, groups):
        _guard(groups)
        return super().from_group_data(fields, columns_headers, groups)


def _guard(node):
    """The same for the rows of a group and of the groups below; a group's own title begins otherwise."""
    node.data = [[as_text(value) for value in row] for row in node.data]
    for child in node.children.values():
        _guard(child)
