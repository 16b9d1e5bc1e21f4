/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See complete-qemu.h.  The value of an option is a name and keys, separated by commas.
 */
#include "config.h"
#include "client/complete-qemu.h"

#include <string.h>

#include "client/translate/translate.h"
#include "client/translate/typed.h"
#include "qmp/type.h"

/* Options whose value begins with the name of a class.  Names are those that QEMU has: without
 * the suffix, which classes of that root have. */
static const struct {
    const char *option;
    const char *root;
    const char *suffix;
    guint32 flag;               /* classes without it cannot be made so */
} classes[] = {
    { "machine", "machine", "-machine", QMP_CLASS_MACHINE },
    { "M",       "machine", "-machine", QMP_CLASS_MACHINE },
    { "cpu",     "x86_64-cpu", "-x86_64-cpu", QMP_CLASS_DEVICE },
    { "accel",   "accel", "-accel", QMP_CLASS_USER_CREATABLE },
    { "device",  "object", "", QMP_CLASS_DEVICE },
    { "object",  "object", "", QMP_CLASS_USER_CREATABLE },
};

typedef struct {
    const char *option;         /* without "-" */
    const char *begin;          /* of the last word, to its end */
    gsize head;                 /* bytes of it up to the last comma, which included */
    CompleteOffer *offer;
} Search;

/* "HEAD" and a key. */
static void offer_key(const Search *search, const char *key)
{
    g_autofree char *word = g_strdup_printf("%.*s%s=", (int)search->head, search->begin, key);

    search->offer(word, search->begin);
}

/* ---- Classes ---- */

static const char *without(const char *name, const char *suffix, char **ret)
{
    *ret = g_str_has_suffix(name, suffix) ? g_strndup(name, strlen(name) - strlen(suffix))
                                          : g_strdup(name);
    return *ret;
}

static void offer_classes(const Search *search, gsize row)
{
    const QmpClass *root = qmp_class_find(classes[row].root);

    for (guint i = 0; i < qmp_n_class_names; i++) {
        const QmpClass *klass = qmp_class(qmp_class_names[i].klass);
        g_autofree char *name = NULL;

        if (qmp_class_is_a(klass, root) && (klass->flags & classes[row].flag) &&
            !(klass->flags & QMP_CLASS_ABSTRACT) && klass->plug != QMP_PLUG_BOARD) {
            search->offer(without(qmp_name(qmp_class_names[i].name), classes[row].suffix, &name),
                          search->begin);
        }
    }
}

/* The class that the value begins with, or NULL. */
static const QmpClass *named_class(const Search *search, gsize row)
{
    gsize n = strcspn(search->begin, ",");
    g_autofree char *name = g_strndup(search->begin, n);
    g_autofree char *full = g_strconcat(name, classes[row].suffix, NULL);
    const QmpClass *klass = qmp_class_find(full);

    return klass ? klass : qmp_class_find(name);
}

static void offer_properties(const Search *search, const QmpClass *klass)
{
    for (guint i = 0; i < klass->props->n_members; i++) {
        const QmpMember *member = &qmp_members(klass->props)[i];

        if (!(member->flags & (QMP_MEMBER_READONLY | QMP_MEMBER_INTERNAL))) {
            offer_key(search, qmp_name(member->name));
        }
    }
    if (klass->flags & QMP_CLASS_DEVICE) {
        offer_key(search, "bus");
    }
    offer_key(search, "id");
}

/* ---- Backends ---- */

/* Options whose value is the arguments of a command, a union; it begins with the branch's name. */
static const struct {
    const char *option, *command;
} unions[] = {
    { "netdev", "netdev_add" }, { "blockdev", "blockdev-add" },
};

static void offer_members(const Search *search, const QmpType *type)
{
    for (guint i = 0; type && i < type->n_members; i++) {
        offer_key(search, qmp_name(qmp_members(type)[i].name));
    }
}

static void offer_union(const Search *search, const QmpType *type)
{
    gsize n = strcspn(search->begin, ",");

    for (guint i = 0; i < type->n_branches; i++) {
        const QmpBranch *branch = &qmp_branches(type)[i];
        const char *name = qmp_name(branch->name);

        if (!search->head) {
            search->offer(name, search->begin);
        } else if (strlen(name) == n && strncmp(search->begin, name, n) == 0) {
            offer_members(search, qmp_type(branch->type));
            offer_members(search, type);
        }
    }
}

/* ---- Other options ---- */

static bool offer_group(const char *group, const TranslateKey *keys, guint n, void *data)
{
    const Search *search = data;
    const char *own = translate_option_group(search->option);

    for (guint i = 0; own && g_str_equal(group, own) && i < n; i++) {
        offer_key(search, keys[i].name);
    }
    return true;
}

static bool offer_option(const char *name, const char *argument, const char *fate, void *data)
{
    const Search *search = data;
    g_autofree char *word = g_strconcat("-", name, NULL);

    if (!g_str_has_prefix(fate, "refused")) {
        search->offer(word, search->begin);
    }
    return true;
}

static void offer_value(Search *search)
{
    const char *comma = strrchr(search->begin, ',');

    search->head = comma ? comma - search->begin + 1 : 0;
    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++) {
        if (g_str_equal(classes[i].option, search->option)) {
            const QmpClass *klass = comma ? named_class(search, i) : NULL;

            if (klass) {
                offer_properties(search, klass);
            } else if (!comma) {
                offer_classes(search, i);
            }
            return;
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(unions); i++) {
        if (g_str_equal(unions[i].option, search->option)) {
            offer_union(search, typed_command(unions[i].command));
            return;
        }
    }
    translate_foreach_group(offer_group, search);
}

void complete_qemu(const char *before, const char *begin, CompleteOffer *offer)
{
    Search search = { .begin = begin, .offer = offer };

    if (before && *before == '-' && *begin != '-') {
        search.option = before + (before[1] == '-' ? 2 : 1);
        offer_value(&search);
    } else {
        translate_foreach_option(offer_option, &search);
    }
}
