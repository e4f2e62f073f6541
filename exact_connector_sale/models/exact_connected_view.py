from odoo import api, models

# What stands on a screen for a connected company only.
PARTS = (
    "//button[starts-with(@name, 'action_exact_invoice')]",
    "//a[starts-with(@name, 'action_exact_invoice')]/..",
    "//field[starts-with(@name, 'exact_invoice_')]",
    "//filter[starts-with(@name, 'exact_')]",
)


class ExactConnectedView(models.AbstractModel):
    """Screens of other apps stay as they were where no company is joined to Exact."""

    _name = "exact.connected.view"
    _description = "Exact: Shown to Connected Companies Only"

    # Which kinds of view lose them, all where empty; forms may need the fields for what they hide.
    _exact_view_types = ()
    _exact_view_parts = PARTS

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        if self._exact_view_types and view_type not in self._exact_view_types:
            return key
        return (*key, ("exact_invoicing", bool(self.env["exact.uninvoiced"]._companies())))

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if self._exact_view_types and view_type not in self._exact_view_types:
            return arch, view
        if not self.env["exact.uninvoiced"]._companies():
            for node in arch.xpath(" | ".join(self._exact_view_parts)):
                node.getparent().remove(node)
        return arch, view
