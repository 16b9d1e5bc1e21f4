/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UUIDs as bytes: the form of property `uuid` in tables for guests.
 */
#ifndef HW_CORE_UUID_H
#define HW_CORE_UUID_H

#include <glib.h>

enum { UUID_SIZE = 16 };

/* The bytes of a valid UUID in order of its digits; all zero for NULL. */
static inline void uuid_bytes(const char *text, guint8 ret_bytes[UUID_SIZE])
{
    for (guint i = 0; i < UUID_SIZE; i++) {
        ret_bytes[i] = 0;
        if (text) {
            text += *text == '-';
            ret_bytes[i] = g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]);
            text += 2;
        }
    }
}

#endif
