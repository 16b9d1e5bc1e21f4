/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -trace and -d: which trace points are on from the start.  They become requests in
 * order, since a later one may switch off points that an earlier one has switched on.
 *
 * QEMU warns about an unknown name and continues; here only the daemon knows the names, and
 * an unknown one is an error: a user who names a point wants to see it.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

/* One pattern; after a dash it switches points off. */
static bool add_pattern(Plan *plan, const char *pattern, GError **error)
{
    bool enable = pattern[0] != '-';
    const char *name = pattern + !enable;

    if (!*name) {
        return plan_refuse(error, "names no trace point");
    }
    if (g_str_equal(name, "help")) {
        return plan_refuse(error, "trace-event-get-state lists the trace points, vmd-qmp(7) says "
                           "what they are");
    }
    plan_add(plan, "trace-event-set-state",
             json_pack("{s:s, s:b}", "name", name, "enable", enable), NULL);
    return true;
}

/* Lines of patterns, or of comments. */
static bool add_file(Plan *plan, const char *path, GError **error)
{
    g_autofree char *text = config_read_text(path, error);
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

    for (guint i = 0; lines && lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);

        if (*line && *line != '#' && !add_pattern(plan, line, error)) {
            g_prefix_error(error, "line %u of '%s': ", i + 1, path);
            return false;
        }
    }
    if (!lines) {
        g_prefix_error(error, "'%s': ", path);
    }
    return lines != NULL;
}

/* As in QEMU, a pattern comes before the file. */
bool option_trace(Plan *plan, Item *item, GError **error)
{
    static const char *const known[] = { "enable", "events", "file", NULL };
    const char *pattern, *events, *file;

    if (!plan_check_keys(item->options, known, error)) {
        return false;
    }
    pattern = qmp_options_get(item->options, "enable");
    events = qmp_options_get(item->options, "events");
    file = qmp_options_get(item->options, "file");
    if (!pattern && !events && !file) {
        return plan_refuse(error, "names no trace point");
    }
    if ((pattern && !add_pattern(plan, pattern, error)) ||
        (events && !add_file(plan, events, error))) {
        return false;
    }
    if (file) {
        plan_start(plan, START_LOG, file, "lines of trace points go to the journal");
    }
    return true;
}

/* ---- -d ---- */

/* Other log items of QEMU, and why they are not supported. */
static const struct {
    const char *item;
    const char *why;
} no_items[] = {
    { "all",       "there is no such log" },
    { "cpu",       "registers of CPUs are not logged" },
    { "cpu_reset", "registers of CPUs are not logged" },
    { "exec",      "translated code is not logged" },
    { "fpu",       "registers of CPUs are not logged" },
    { "help",      "the items are guest_errors and trace:PATTERN" },
    { "in_asm",    "translated code is not logged" },
    { "int",       "interrupts of CPUs are not logged; the points irq_level, pic_interrupt and "
                   "ioapic_send are of those of devices" },
    { "mmu",       "translations of addresses are not logged" },
    { "nochain",   "there is no log of blocks that could be complete without chains" },
    { "op",        "the translator has no operations of its own" },
    { "op_ind",    "the translator has no operations of its own" },
    { "op_opt",    "the translator has no operations of its own" },
    { "out_asm",   "translated code is not logged" },
    { "page",      "no user-mode programs are run" },
    { "pcall",     "calls between privilege levels are not logged" },
    { "plugin",    "TCG plugins are not supported" },
    { "strace",    "no user-mode programs are run" },
    { "tid",       "all threads write to one log" },
    { "unimp",     "accesses to absent hardware are errors of the guest: guest_errors" },
};

static bool refuse_item(const char *item, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(no_items); i++) {
        if (g_str_equal(no_items[i].item, item)) {
            return plan_refuse(error, "'%s': %s", item, no_items[i].why);
        }
    }
    return plan_refuse(error, "'%s' is not an item; the items are guest_errors and trace:PATTERN",
                       item);
}

bool option_log_items(Plan *plan, Item *item, GError **error)
{
    g_auto(GStrv) items = g_strsplit(item->text, ",", -1);

    if (!items[0]) {
        return refuse_item("", error);
    }
    for (guint i = 0; items[i]; i++) {
        if (g_str_has_prefix(items[i], "trace:")) {
            if (!add_pattern(plan, items[i] + strlen("trace:"), error)) {
                return false;
            }
        } else if (g_str_equal(items[i], "guest_errors")) {
            plan_note(plan, "errors of the guest are always logged, and query-guest-errors "
                      "returns them");
        } else {
            return refuse_item(items[i], error);
        }
    }
    return true;
}
