# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema generator's modules; qmp/qapi-gen.py is the program."""
