# SPDX-License-Identifier: EUPL-1.2
"""The build whose programs are run, told to postvak_site through the environment: choose it before
that is imported."""
import os


def choose(directory):
    """The absolute path of the build."""
    build = os.path.abspath(directory)
    os.environ["POSTVAK_BUILD"] = build
    with open(build + "/Makefile") as f:
        os.environ["POSTVAK_CFLAGS"] = next((line for line in f if line.startswith("CFLAGS = ")), "")
    return build
