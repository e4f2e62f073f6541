from odoo import api, fields, models

from ..client import Int64, odata


class ExactReference(models.AbstractModel):
    """Local copy of one kind of reference data of a division.

    Read only for people; ``_sync`` is the only writer. Whatever a document needs is answered from
    these records, so that preparing a document makes no call (architecture: reference data).
    """

    _name = "exact.reference"
    _description = "Exact Reference Data"
    _order = "code, id"
    _rec_names_search = ["code", "name"]

    # Where the rows come from and which properties are read.
    _exact_resource = None
    _exact_select = ()
    _exact_filter = None

    connection_id = fields.Many2one(
        "exact.connection", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="connection_id.company_id", store=True, index=True)
    exact_id = fields.Char("Exact ID", required=True, readonly=True)
    code = fields.Char(required=True, readonly=True)
    name = fields.Char("Description", readonly=True)
    active = fields.Boolean(default=True, readonly=True)
    exact_blocked = fields.Boolean("Blocked in Exact", readonly=True)

    @api.depends("code", "name")
    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.code} {record.name or ''}".strip()

    @api.model
    def _read_rows(self, client):
        """All rows of the division, all pages.

        :raises ExactError: what Exact answered.
        """
        return client.rows(
            self._exact_resource, select=list(self._exact_select), filter=self._exact_filter
        )

    @api.model
    def _read_sync_rows(self, client):
        """All rows through the sync twin of the resource, 1,000 a page; the last version of each (API 5.16)."""
        rows = client.rows(
            self._exact_resource,
            select=list(self._exact_select),
            filter=odata.gt("Timestamp", Int64(1)),
        )
        return list({row["ID"]: row for row in rows}.values())

    @api.model
    def _odoo_values(self, connection, row, links):
        """Field values of one row of Exact; pure.

        :param links: dict of model name -> {exact_id or code: record id} for references.
        """
        return {
            "code": row.get("Code") or "?",
            "name": row.get("Description") or False,
            "exact_blocked": bool(row.get("IsBlocked")),
        }

    @api.model
    def _get_links(self, connection):
        """What ``_odoo_values`` needs to know of other reference data."""
        return {}

    @api.model
    def _sync(self, connection, rows):
        """Make the copies equal to ``rows``: create, write what differs, archive what is blocked or gone.

        :return: number of records in use afterwards.
        """
        existing = {
            record.exact_id: record
            for record in self.with_context(active_test=False).search(
                [("connection_id", "=", connection.id)]
            )
        }
        links = self._get_links(connection)
        to_create, in_use = [], 0
        for row in rows:
            values = self._odoo_values(connection, row, links)
            values["active"] = not values["exact_blocked"]
            in_use += values["active"]
            record = existing.pop(row["ID"], None)
            if record:
                record._write_changed(values)
            else:
                to_create.append({"connection_id": connection.id, "exact_id": row["ID"], **values})
        self.create(to_create)
        gone = self.browse([record.id for record in existing.values() if record.active])
        gone.write({"active": False})
        return in_use

    def _write_changed(self, values):
        """Write only what differs, so that an unchanged refresh writes nothing."""
        changed = {
            name: value
            for name, value in values.items()
            if self._fields[name].convert_to_write(self[name], self) != value
        }
        if changed:
            self.write(changed)

    @api.model
    def _ids_by(self, connection, model, key):
        """Map of a key of other reference records of the connection to their ids, archived ones too."""
        records = (
            self.env[model]
            .with_context(active_test=False)
            .search([("connection_id", "=", connection.id)])
        )
        return {record[key]: record.id for record in records}
