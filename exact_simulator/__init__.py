"""A local Exact Online: OAuth, OData and a ledger, for practice and for tests."""
