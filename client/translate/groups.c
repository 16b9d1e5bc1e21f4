/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of each group of options, for clients that query them: mostly those of a schema
 * type.
 */
#include "config.h"

#include <string.h>

#include "client/translate/plan.h"
#include "qmp/qapi-types-accel.h"
#include "qmp/qapi-types-firmware.h"
#include "qmp/qapi-types-machine.h"
#include "qmp/qapi-types-pc.h"
#include "qmp/qapi-types-run-state.h"

/* Groups whose keys are the members of a type. */
static const struct {
    const char *group;
    const QmpType *type;
} types[] = {
    { "accel",     &qmp_type_KvmAccelProps },
    { "accel",     &qmp_type_TcgAccelProps },
    { "action",    &qmp_type_SetActionArgs },
    { "boot-opts", &qmp_type_BootConfiguration },
    { "fw_cfg",    &qmp_type_FwCfgFileProps },
    { "smp-opts",  &qmp_type_SMPConfiguration },
};

/* Keys that only the options have. */
static const struct {
    const char *group;
    TranslateKey key;
} own_keys[] = {
    { "accel",      { "accel",         COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "global",     { "driver",        COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "global",     { "property",      COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "global",     { "value",         COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "machine",    { "accel",         COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "machine",    { "dump-guest-core", COMMAND_LINE_PARAMETER_TYPE_BOOLEAN, NULL } },
    { "machine",    { "kernel-irqchip", COMMAND_LINE_PARAMETER_TYPE_STRING, NULL } },
    { "machine",    { "mem-merge",     COMMAND_LINE_PARAMETER_TYPE_BOOLEAN, NULL } },
    { "machine",    { "type",          COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "memory",     { "maxmem",        COMMAND_LINE_PARAMETER_TYPE_SIZE,    NULL } },
    { "memory",     { "size",          COMMAND_LINE_PARAMETER_TYPE_SIZE,    NULL } },
    { "memory",     { "slots",         COMMAND_LINE_PARAMETER_TYPE_NUMBER,  NULL } },
    { "mon",        { "chardev",       COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "mon",        { "mode",          COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "mon",        { "pretty",        COMMAND_LINE_PARAMETER_TYPE_BOOLEAN, NULL } },
    { "name",       { "debug-threads", COMMAND_LINE_PARAMETER_TYPE_BOOLEAN, NULL } },
    { "name",       { "guest",         COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "overcommit", { "cpu-pm",        COMMAND_LINE_PARAMETER_TYPE_BOOLEAN, NULL } },
    { "overcommit", { "mem-lock",      COMMAND_LINE_PARAMETER_TYPE_BOOLEAN, NULL } },
    { "rtc",        { "base",          COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "rtc",        { "clock",         COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "rtc",        { "driftfix",      COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "trace",      { "enable",        COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "trace",      { "events",        COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
    { "trace",      { "file",          COMMAND_LINE_PARAMETER_TYPE_STRING,  NULL } },
};

static CommandLineParameterType type_of(const QmpType *type)
{
    switch (type->kind) {
    case QMP_KIND_BOOL:
        return COMMAND_LINE_PARAMETER_TYPE_BOOLEAN;
    case QMP_KIND_SIZE:
        return COMMAND_LINE_PARAMETER_TYPE_SIZE;
    case QMP_KIND_INT8 ... QMP_KIND_UINT64:
        return COMMAND_LINE_PARAMETER_TYPE_NUMBER;
    default:
        return COMMAND_LINE_PARAMETER_TYPE_STRING;
    }
}

static bool has_key(const GArray *keys, const char *name)
{
    for (guint i = 0; i < keys->len; i++) {
        if (g_str_equal(g_array_index(keys, TranslateKey, i).name, name)) {
            return true;
        }
    }
    return false;
}

static void add_members(GArray *keys, const QmpType *type)
{
    for (guint i = 0; i < type->n_members; i++) {
        const QmpMember *member = &qmp_members(type)[i];
        const TranslateKey key = { qmp_name(member->name), type_of(qmp_type(member->type)),
                                   qmp_doc(member->doc) };

        if (!(member->flags & (QMP_MEMBER_READONLY | QMP_MEMBER_INTERNAL)) &&
            !has_key(keys, key.name)) {
            g_array_append_val(keys, key);
        }
    }
}

/* Adds the properties of all machine types. */
static void add_machines(GArray *keys)
{
    for (guint i = 0; i < qmp_n_classes; i++) {
        if (qmp_classes[i]->flags & QMP_CLASS_MACHINE) {
            add_members(keys, qmp_classes[i]->props);
        }
    }
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
    return strcmp(((const TranslateKey *)a)->name, ((const TranslateKey *)b)->name);
}

static GArray *keys_of(const char *group)
{
    GArray *keys = g_array_new(FALSE, FALSE, sizeof(TranslateKey));

    for (gsize i = 0; i < G_N_ELEMENTS(own_keys); i++) {
        if (g_str_equal(own_keys[i].group, group)) {
            g_array_append_val(keys, own_keys[i].key);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_str_equal(types[i].group, group)) {
            add_members(keys, types[i].type);
        }
    }
    if (g_str_equal(group, "machine")) {
        add_machines(keys);
    }
    g_array_sort(keys, compare_keys);
    return keys;
}

void translate_foreach_group(TranslateGroupFunc *f, void *data)
{
    bool more = true;

    for (guint i = 0; more && i < n_option_rows; i++) {
        const char *group = option_group(&option_rows[i]);

        if (group) {
            g_autoptr(GArray) keys = keys_of(group);

            more = f(group, (const TranslateKey *)(void *)keys->data, keys->len, data);
        }
    }
}
