/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print, and what reads memory and ports.
 */
#include "config.h"

#include "client/hmp/functions.h"

static void print_value(HmpLine *line, guint64 value)
{
    switch (line->format.format) {
    case 'o':
        hmp_print(line, "%#" G_GINT64_MODIFIER "o", value);
        break;
    case 'u':
        hmp_print(line, "%" G_GUINT64_FORMAT, value);
        break;
    case 'd':
        hmp_print(line, "%" G_GINT64_FORMAT, (gint64)value);
        break;
    case 'c':
        hmp_print(line, "'");
        if ((guint8)value == '\'' || (guint8)value == '\\') {
            hmp_print(line, "\\%c", (int)value);
        } else if (g_ascii_isprint(value)) {
            hmp_print(line, "%c", (int)value);
        } else {
            hmp_print(line, "\\x%02x", (guint8)value);
        }
        hmp_print(line, "'");
        break;
    default:
        hmp_print(line, "%#" G_GINT64_MODIFIER "x", value);
    }
}

void hmp_calculate(HmpLine *line)
{
    print_value(line, hmp_number(line, "value"));
    hmp_print(line, "\n");
}
