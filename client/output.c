/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printing, see output.h.
 */
#include "config.h"
#include "client/output.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "qmp/json.h"

static void new_line(GString *out, guint depth)
{
    g_string_append_c(out, '\n');
    for (guint i = 0; i < depth; i++) {
        g_string_append(out, "  ");
    }
}

/* Copies the string that begins at p; returns what follows it. */
static const char *copy_string(GString *out, const char *p)
{
    const char *start = p++;

    while (*p && *p != '"') {
        p += *p == '\\' && p[1] ? 2 : 1;
    }
    p += *p == '"';
    g_string_append_len(out, start, p - start);
    return p;
}

static const char *skip_space(const char *p)
{
    while (g_ascii_isspace(*p)) {
        p++;
    }
    return p;
}

char *output_indent(const char *text)
{
    GString *out = g_string_new(NULL);
    const char *p = skip_space(text);
    guint depth = 0;

    while (*p) {
        char c = *p;

        if (c == '"') {
            p = skip_space(copy_string(out, p));
            continue;
        }
        p = skip_space(p + 1);
        if ((c == '{' || c == '[') && (*p == '}' || *p == ']')) {
            g_string_append_c(out, c);
            g_string_append_c(out, *p);
            p = skip_space(p + 1);
        } else if (c == '{' || c == '[') {
            g_string_append_c(out, c);
            new_line(out, ++depth);
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
            new_line(out, depth);
            g_string_append_c(out, c);
        } else {
            g_string_append_c(out, c);
            if (c == ',') {
                new_line(out, depth);
            } else if (c == ':') {
                g_string_append_c(out, ' ');
            }
        }
    }
    return g_string_free(out, FALSE);
}

void output_json_text(const char *text)
{
    g_autofree char *indented = isatty(STDOUT_FILENO) ? output_indent(text) : NULL;

    puts(indented ? indented : text);
    fflush(stdout);
}

void output_json(const json_t *json)
{
    struct evbuffer *text = evbuffer_new();

    qmp_json_print(json, text);
    evbuffer_add(text, "\n", 1);
    fwrite(evbuffer_pullup(text, -1), 1, evbuffer_get_length(text), stdout);
    fflush(stdout);
    evbuffer_free(text);
}

char *output_count(gsize n, const char *noun)
{
    return g_strdup_printf("%zu %s%s", n, noun, n == 1 ? "" : "s");
}

char *output_accelerator(const char *name, const char *why)
{
    const char *shown = g_strcmp0(name, "kvm") == 0 ? "KVM" : name;

    return why ? g_strdup_printf("%s (%s)", shown, why) : g_strdup(shown);
}
