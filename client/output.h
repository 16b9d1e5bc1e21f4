/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printing: JSON for people and for programs.
 */
#ifndef CLIENT_OUTPUT_H
#define CLIENT_OUTPUT_H

#include <glib.h>
#include <jansson.h>

/* JSON text with two spaces of indentation.  Numbers and strings are copied
 * unchanged; text must be valid JSON. */
char *output_indent(const char *text);

/* Prints JSON text to standard output, with a line end, and flushes: indented
 * if standard output is a terminal, else as it is. */
void output_json_text(const char *text);

/* The same for a tree, in one line. */
void output_json(const json_t *json);

/* "3 vCPUs" */
char *output_count(gsize n, const char *noun);

/* The accelerator in use, and why no other is, both from query-accelerators: "KVM", or "tcg
 * (why)"; NULL if name is.  Free with g_free(). */
char *output_accelerator(const char *name, const char *why);

#endif
