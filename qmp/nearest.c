/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Edit distance with transpositions over one row of a table that never grows
 * beyond NAME_MAX_LENGTH: a name of a megabyte from a client costs nothing.
 */
#include "config.h"
#include "qmp/nearest.h"

#include <string.h>

enum { NAME_MAX_LENGTH = 64 };

void qmp_nearest_init(QmpNearest *nearest, const char *wanted)
{
    gsize length = strnlen(wanted, NAME_MAX_LENGTH + 1);

    nearest->wanted = wanted;
    nearest->best = NULL;
    /* A third of the letters may be wrong, at most three; nothing is close to
     * an empty or very long name. */
    nearest->distance = length && length <= NAME_MAX_LENGTH ? MIN(length / 3, 3) + 1 : 0;
}

/* `-` for `_` is the most common slip: they count as the same letter. */
static char fold(char c)
{
    return c == '_' ? '-' : g_ascii_tolower(c);
}

static guint distance(const char *a, gsize n_a, const char *b, gsize n_b)
{
    guint rows[3][NAME_MAX_LENGTH + 1];
    guint *before = rows[0], *last = rows[1], *now = rows[2];

    for (gsize j = 0; j <= n_b; j++) {
        last[j] = j;
    }
    for (gsize i = 1; i <= n_a; i++) {
        guint *spare = before;

        now[0] = i;
        for (gsize j = 1; j <= n_b; j++) {
            guint swap = fold(a[i - 1]) != fold(b[j - 1]);

            now[j] = MIN(MIN(last[j] + 1, now[j - 1] + 1), last[j - 1] + swap);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = MIN(now[j], before[j - 2] + 1);
            }
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[n_b];
}

/* `microvm` for `microvm-machine`: the name's first words, and no more. */
static gboolean begins(const char *wanted, gsize n_wanted, const char *name)
{
    return g_ascii_strncasecmp(name, wanted, n_wanted) == 0 && name[n_wanted] == '-';
}

void qmp_nearest_add(QmpNearest *nearest, const char *name)
{
    gsize n_wanted, n_name;
    guint edits;

    if (!nearest->distance) {
        return;
    }
    n_wanted = strlen(nearest->wanted);
    n_name = strlen(name);
    if (begins(nearest->wanted, n_wanted, name)) {
        edits = 1;
    } else if (n_name > NAME_MAX_LENGTH || MAX(n_wanted, n_name) - MIN(n_wanted, n_name) > 3) {
        return;
    } else {
        edits = distance(nearest->wanted, n_wanted, name, n_name);
    }
    if (edits < nearest->distance) {
        nearest->distance = edits;
        nearest->best = name;
    }
}

char *qmp_nearest_hint(const QmpNearest *nearest)
{
    return nearest->best ? g_strdup_printf("; did you mean '%s'?", nearest->best)
                         : g_strdup("");
}
