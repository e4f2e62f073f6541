"""Exact's dialect of OData: paths, literals, filters, paging and the JSON that comes out."""
