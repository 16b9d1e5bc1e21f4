/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What jansson lacks: QEMU's grammar, and messages for what is wrong.
 *
 * Used once jansson has refused a text, so it need not be fast.
 */
#ifndef QMP_JSON_CHECK_H
#define QMP_JSON_CHECK_H

#include <glib.h>
#include <stdbool.h>

/*
 * Whether the text is one JSON value; strings may stand in single quotes and
 * have \'.  If not, *error (reason syntax) says what is wrong with which byte,
 * counted from 1, and *ret_position is that number.
 */
bool qmp_json_check(const char *text, gsize length, gsize *ret_position, GError **error);

#endif
