"""What the product costs, against the bare ORM and Exact's own limits: see README.md."""
