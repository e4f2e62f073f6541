"""Fetch and build everything the product runs on: `python3 tools/provision.py [--python-only | --no-template]`.

Odoo, the Python packages, a database server, a browser and the template database, all below .cache. What is
there already is kept. Needs nothing but a Python from 3.10 to 3.13; written so that an older one gets as far as
being told so.
"""

import errno
import os
import subprocess
import sys

OLDEST, NEWEST = (3, 10), (3, 13)


def other_python():
    """Look for a Python that will do, on a machine whose python3 will not."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        command = "python3.%d" % minor  # noqa: UP031
        try:
            with open(os.devnull, "w") as nothing:
                if subprocess.call([command, "-c", ""], stdout=nothing, stderr=nothing) == 0:
                    return command
        except OSError:
            pass
    return None


def check_python():
    """Go on with a Python that will do, or say that there is none."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    command = other_python()
    if command:
        os.execvp(command, [command] + sys.argv)  # nosec B606  # a Python found here  # noqa: RUF005
    sys.exit(
        "error: Python %d.%d will not do: Python 3.10 to 3.13 is needed" % sys.version_info[:2]  # noqa: UP031
    )


def outside_the_environment():
    """What only the standard library is needed for; then the rest, in the environment just made."""
    from provisioning import odoo_source, python
    from provisioning.common import ROOT, check_owner, locked, say

    say("Provisioning %s" % ROOT)  # noqa: UP031
    python.check_version()
    check_owner()
    with locked("provision"):
        odoo_source.ensure()
        python.ensure()
    if "--python-only" in sys.argv:
        return 0
    arguments = [str(python.VENV / "bin" / "python"), __file__, "--inside", *sys.argv[1:]]
    sys.stdout.flush()
    return subprocess.call(arguments)


def inside_the_environment():
    """What the virtual environment is needed for."""
    from provisioning import chromium, postgres, template
    from provisioning.common import locked

    postgres.main()
    with locked("chromium"):
        chromium.ensure()
    if "--no-template" not in sys.argv:
        template.main()
    return 0


def main():
    """Provision, and give the exit code."""
    import time

    from provisioning.common import ProvisionError, say

    began = time.time()
    try:
        if "--inside" in sys.argv:
            return inside_the_environment()
        code = outside_the_environment()
    except ProvisionError as error:
        sys.stdout.flush()
        sys.stderr.write("error: %s\n" % error)  # noqa: UP031
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sys.stderr.write("error: the disk is full: %s\n" % error.filename)  # noqa: UP031
        return 1
    except KeyboardInterrupt:
        return 130
    if code == 0:
        say("Provisioned in %.1f s" % (time.time() - began))
    return code


if __name__ == "__main__":
    check_python()
    sys.exit(main())
