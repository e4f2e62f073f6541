from odoo.addons.web.controllers.export import CSVExport, ExcelExport

# Begins of a cell that a writer of XLSX files takes for a formula, or a link to a file.
FORMULAS = ("=", "{=", "external:", "internal:")
# Begins that a program opening a CSV file works out, beside those that Odoo marks itself (=, +, -).
WORKED_OUT = ("@", "\t", "\r", "\n")


def as_text(value):
    """``value`` as a spreadsheet shows it without working it out: marked as Odoo marks it in a CSV file."""
    if isinstance(value, str) and value.lstrip().lower().startswith(FORMULAS):
        return f"'{value}"
    return value


def as_csv_text(value):
    """The same for a CSV file, where the reading program decides what is a formula."""
    if isinstance(value, str) and value.startswith(WORKED_OUT):
        return f"'{value}"
    return value


class ExactCsvExport(CSVExport):
    """What strangers typed stays text in a CSV file (docs/security.md)."""

    def from_data(self, fields, columns_headers, rows):
        rows = [[as_csv_text(value) for value in row] for row in rows]
        return super().from_data(fields, columns_headers, rows)


class ExactExcelExport(ExcelExport):
    """The same in an XLSX file.

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
    """The same for the rows of a group, for those of the groups below, and for their titles."""
    node.data = [[as_text(value) for value in row] for row in node.data]
    node.children = {_title(label): child for label, child in node.children.items()}
    for child in node.children.values():
        _guard(child)


def _title(label):
    """The title of a group: a plain value, or ID and name."""
    return tuple(map(as_text, label)) if isinstance(label, tuple) else as_text(label)
