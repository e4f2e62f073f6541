"""Starts Odoo as `python -m odoo` does, by a file that it can start again itself.

With several workers Odoo runs `sys.argv[0]` once more for the chat's process; that of `-m odoo` cannot
be run so: it would fail and be started anew twice a second.
"""

from odoo.cli.command import main

if __name__ == "__main__":
    main()
