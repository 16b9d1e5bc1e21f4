/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether this host has what requests need: files, and the devices of the kernel that accelerators
 * and networks need.  It has no side effects.
 */
#ifndef CLIENT_HOST_CHECK_H
#define CLIENT_HOST_CHECK_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* Adds a line (char) to lines for each thing that this request needs and the host does
 * not have. */
void host_check(const json_t *request, GPtrArray *lines);
/* The same for each thing that is there, and hardly meant: a raw disk that begins as an image in
 * another format does. */
void host_warn(const json_t *request, GPtrArray *lines);

#endif
