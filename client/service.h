/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The units vmd@NAME.service, by systemctl.
 */
#ifndef CLIENT_SERVICE_H
#define CLIENT_SERVICE_H

#include <glib.h>
#include <stdbool.h>

/* systemctl WORD vmd@NAME.service; option may be NULL.  What it says is in *error. */
bool service_call(const char *word, const char *option, const char *name, GError **error);

/* Whether it answers yes: is-active, is-enabled. */
bool service_is(const char *word, const char *name);

#endif
