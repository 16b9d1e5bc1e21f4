/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for people: paragraphs between margins, and tables.
 */
#ifndef CLIENT_LAYOUT_H
#define CLIENT_LAYOUT_H

#include <glib.h>

/* Width of the terminal on standard output; 80 if it is not a terminal. */
guint layout_width(void);

/*
 * Appends a text of the schema with line ends: paragraphs (separated by an empty line in
 * text, too) between column indent and column width.  "@name" becomes "name".
 */
void layout_paragraphs(GString *out, const char *text, guint indent, guint width);

/* The same, except for the very first line, which begins at column first. */
void layout_hanging(GString *out, const char *text, guint first, guint indent, guint width);

/* Appends lines unchanged, each indented by indent spaces. */
void layout_lines(GString *out, const char *text, guint indent);

/*
 * A table: rows of as many cells as there are titles.  The last column begins below its
 * title and is truncated at width (0: not truncated).
 */
typedef struct LayoutTable LayoutTable;
LayoutTable *layout_table_new(const char *const *titles);     /* NULL-terminated */
void layout_table_add(LayoutTable *table, const char *const *cells);
void layout_table_print(const LayoutTable *table, GString *out, guint width);
void layout_table_free(LayoutTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LayoutTable, layout_table_free)

#endif
