/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See layout.h.  Columns are counted in characters, which is right for the texts of
 * the schema.
 */
#include "config.h"
#include "client/layout.h"

#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80
#define WIDTH_MIN     40
#define WIDTH_MAX     120       /* longer lines are hard to read */

guint layout_width(void)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col) {
        return WIDTH_DEFAULT;
    }
    return CLAMP(size.ws_col, WIDTH_MIN, WIDTH_MAX);
}

/* ---- Paragraphs ---- */

static void pad(GString *out, guint n)
{
    while (n-- > 0) {
        g_string_append_c(out, ' ');
    }
}

typedef struct {
    guint first;                /* column of the first line */
    guint indent;               /* of the others */
    guint width;
} Margins;

/* A word of the schema without the marks of names. */
static char *plain_word(const char *word, gsize length)
{
    GString *plain = g_string_new(NULL);

    for (gsize i = 0; i < length; i++) {
        bool begins = i == 0 || !g_ascii_isalnum(word[i - 1]);

        if (word[i] != '@' || !begins || i + 1 == length || !g_ascii_isalpha(word[i + 1])) {
            g_string_append_c(plain, word[i]);
        }
    }
    return g_string_free(plain, FALSE);
}

/* Appends a word, in a new line if it does not fit into this one. */
static void put_word(GString *out, const char *raw, gsize length, const Margins *margins,
                     guint *column)
{
    g_autofree char *word = plain_word(raw, length);
    guint columns = g_utf8_strlen(word, -1);

    if (*column == 0) {
        pad(out, margins->first);
        *column = margins->first;
    } else if (*column + 1 + columns > margins->width) {
        g_string_append_c(out, '\n');
        pad(out, margins->indent);
        *column = margins->indent;
    } else {
        g_string_append_c(out, ' ');
        ++*column;
    }
    g_string_append(out, word);
    *column += columns;
}

void layout_paragraphs(GString *out, const char *text, guint indent, guint width)
{
    layout_hanging(out, text, indent, indent, width);
}

void layout_hanging(GString *out, const char *text, guint first, guint indent, guint width)
{
    Margins margins = { first, indent, width };
    guint column = 0;

    while (*text) {
        gsize length = strcspn(text, " \n");

        if (length > 0) {
            put_word(out, text, length, &margins, &column);
            text += length;
        } else if (g_str_has_prefix(text, "\n\n")) {
            g_string_append(out, "\n\n");
            column = 0;
            margins.first = indent;
            text += 2;
        } else {
            text++;
        }
    }
    if (column > 0) {
        g_string_append_c(out, '\n');
    }
}

void layout_lines(GString *out, const char *text, guint indent)
{
    while (*text) {
        gsize length = strcspn(text, "\n");

        if (length > 0) {
            pad(out, indent);
        }
        g_string_append_len(out, text, length);
        g_string_append_c(out, '\n');
        text += length + (text[length] == '\n');
    }
}

/* ---- Tables ---- */

struct LayoutTable {
    guint columns;
    GPtrArray *cells;           /* of char, row by row, titles first */
};

LayoutTable *layout_table_new(const char *const *titles)
{
    LayoutTable *table = g_new0(LayoutTable, 1);

    table->columns = g_strv_length((char **)titles);
    table->cells = g_ptr_array_new_with_free_func(g_free);
    layout_table_add(table, titles);
    return table;
}

void layout_table_free(LayoutTable *table)
{
    if (table) {
        g_ptr_array_unref(table->cells);
        g_free(table);
    }
}

void layout_table_add(LayoutTable *table, const char *const *cells)
{
    for (guint i = 0; i < table->columns; i++) {
        g_ptr_array_add(table->cells, g_strdup(cells[i]));
    }
}

static guint column_width(const LayoutTable *table, guint column)
{
    guint width = 0;

    for (guint i = column; i < table->cells->len; i += table->columns) {
        width = MAX(width, (guint)g_utf8_strlen(table->cells->pdata[i], -1));
    }
    return width;
}

/* The last cell of a row, truncated if necessary. */
static void put_last(GString *out, const char *text, guint room)
{
    if (room > 0 && (guint)g_utf8_strlen(text, -1) > room) {
        g_autofree char *head = g_utf8_substring(text, 0, room - 3);

        g_string_append_printf(out, "%s...", head);
    } else {
        g_string_append(out, text);
    }
}

static void put_row(const LayoutTable *table, const guint *widths, guint first, GString *out,
                    guint width)
{
    guint column = 0;

    for (guint i = 0; i + 1 < table->columns; i++) {
        const char *cell = table->cells->pdata[first + i];

        g_string_append(out, cell);
        pad(out, widths[i] + 2 - g_utf8_strlen(cell, -1));
        column += widths[i] + 2;
    }
    put_last(out, table->cells->pdata[first + table->columns - 1],
             width > column + 8 ? width - column : 0);
    while (out->len > 0 && out->str[out->len - 1] == ' ') {
        g_string_truncate(out, out->len - 1);
    }
    g_string_append_c(out, '\n');
}

void layout_table_print(const LayoutTable *table, GString *out, guint width)
{
    g_autofree guint *widths = g_new0(guint, table->columns);

    for (guint i = 0; i < table->columns; i++) {
        widths[i] = column_width(table, i);
    }
    for (guint row = 0; row < table->cells->len; row += table->columns) {
        put_row(table, widths, row, out, width);
    }
}
