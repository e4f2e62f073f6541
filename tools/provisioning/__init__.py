"""The steps that turn a bare machine into one that runs the product and its tests.

Each module holds one step. `common`, `odoo_source` and `python` use nothing but the standard library, since they
run before there is anything else; the later steps run inside the virtual environment these make.
"""
