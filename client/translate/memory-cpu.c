/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and CPUs: -m, -mem-path, -mem-prealloc, -smp, -cpu.  numa.c has -numa.
 */
#include "config.h"
#include "client/translate/plan.h"

#include <string.h>

#include "qmp/nearest.h"
#include "qmp/qapi-types-cpu.h"
#include "qmp/qapi-types-machine.h"
#include "qmp/text.h"
#include "qmp/visit.h"

/* ---- Memory ---- */

char *plan_size_in_mib(const char *text)
{
    guint64 number;
    bool hex = g_ascii_strncasecmp(text, "0x", 2) == 0;

    if (hex && qmp_parse_uint(text, &number) == QMP_PARSE_OK) {
        return g_strdup_printf("%" G_GUINT64_FORMAT "M", number);
    }
    return g_strconcat(text, *text && !text[strspn(text, "0123456789")] ? "M" : "", NULL);
}

static bool take_ram_size(Plan *plan, QmpOptions *options, GError **error)
{
    const char *text = qmp_options_get(options, "size");
    guint position = qmp_options_position(options, "size");
    g_autofree char *value = NULL;

    if (!text) {
        return true;
    }
    value = plan_size_in_mib(text);
    qmp_options_remove(options, "size");
    return qmp_options_add(plan->memory.options, "size", value, position, error);
}

/* What can be said before machine and backend are known. */
static bool check_max(Plan *plan, GError **error)
{
    const char *text = qmp_options_get(plan->memory.options, "size");
    guint64 size = 0;

    if (plan->memory.slots && !plan->memory.max) {
        return plan_refuse(error, "'slots' has no effect without 'maxmem'");
    }
    if (!plan->memory.max || !text || qmp_parse_size(text, &size) != QMP_PARSE_OK) {
        return true;
    }
    if (plan->memory.max < size) {
        return plan_refuse(error, "'maxmem' is less than the size");
    }
    return plan->memory.max > size || !plan->memory.slots ||
           plan_refuse(error, "'slots' has no effect: 'maxmem' is the size");
}

bool option_memory(Plan *plan, Item *item, GError **error)
{
    static const char *const known[] = { "size", "slots", "maxmem", NULL };

    plan->memory.item = item;
    return plan_check_keys(item->options, known, error) &&
           take_ram_size(plan, item->options, error) &&
           plan_take_uint(item->options, "slots", &plan->memory.slots, error) &&
           plan_take_size(item->options, "maxmem", &plan->memory.max, error) &&
           check_max(plan, error);
}

bool option_mem_path(Plan *plan, Item *item, GError **error)
{
    qmp_options_set(plan->memory.options, "qom-type", "memory-backend-file");
    qmp_options_set(plan->memory.options, "mem-path", item->text);
    return true;
}

bool option_mem_prealloc(Plan *plan, Item *item, GError **error)
{
    qmp_options_set(plan->memory.options, "prealloc", "on");
    return true;
}

/* ---- How many CPUs ---- */

/* The product of the given levels. */
static guint64 product(const SMPConfiguration *smp)
{
    return (guint64)(smp->has_sockets ? smp->sockets : 1) * (smp->has_dies ? smp->dies : 1) *
           (smp->has_cores ? smp->cores : 1) * (smp->has_threads ? smp->threads : 1);
}

static guint64 count_cpus(const SMPConfiguration *smp)
{
    return smp->has_cpus ? (guint64)smp->cpus
           : smp->has_maxcpus ? (guint64)smp->maxcpus : product(smp);
}

/* Checks that the levels that were left out can make up the rest. */
static bool check_cpus(const SMPConfiguration *smp, guint64 n, GError **error)
{
    bool all = smp->has_sockets && smp->has_cores && smp->has_threads;
    guint64 places = product(smp), max = smp->has_maxcpus ? (guint64)smp->maxcpus : n;

    if (n > 4096) {
        qmp_error_set(error, ERROR_REASON_OUT_OF_RANGE, "must be at most 4096 CPUs");
    } else if (max < n) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "'maxcpus' is less than 'cpus'");
    } else if (max % places || (all && max != places)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "%" G_GUINT64_FORMAT " CPUs do not fit sockets, dies, cores and threads that "
                      "make %" G_GUINT64_FORMAT, max, places);
    } else {
        return true;
    }
    return false;
}

/* The machine's property smp, and the number of CPU devices. */
bool option_smp(Plan *plan, Item *item, GError **error)
{
    SMPConfiguration *smp = NULL;
    bool ok;

    plan->cpu.smp = item;
    if (!qmp_options_decode(item->options, &qmp_type_SMPConfiguration, &smp, error)) {
        plan_place_error(item->options, error);
        return false;
    }
    ok = check_cpus(smp, count_cpus(smp), error);
    qmp_clear(&qmp_type_SMPConfiguration, &smp);
    return ok && plan_move_all(item->options, plan->machine.options, "smp.", error);
}

/* ---- Which CPU ---- */

bool option_cpu(Plan *plan, Item *item, GError **error)
{
    if (!qmp_options_get(item->options, "model")) {
        qmp_error_set(error, ERROR_REASON_PROPERTY_MISSING, "must begin with a CPU model");
        return false;
    }
    plan->cpu.model = item;
    return true;
}

#define MODEL_SUFFIX "-x86_64-cpu"

static const QmpClass *no_model(const char *name, GError **error)
{
    g_autoptr(GPtrArray) models = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *hint = NULL, *quoted = qmp_text_quote(name);
    QmpNearest nearest;

    if (g_str_equal(name, "help") || g_str_equal(name, "?")) {
        qmp_error_set(error, ERROR_REASON_CLASS_NOT_FOUND, "'vmctl schema cpus' lists the CPU "
                      "models, 'vmctl schema features' their features");
        return NULL;
    }
    qmp_nearest_init(&nearest, name);
    for (guint i = 0; i < qmp_n_classes; i++) {
        const char *model = qmp_classes[i]->name;

        if (qmp_class_is_a(qmp_classes[i], &qmp_class_x86_64_cpu) &&
            !(qmp_classes[i]->flags & QMP_CLASS_ABSTRACT)) {
            g_ptr_array_add(models, g_strndup(model, strlen(model) - strlen(MODEL_SUFFIX)));
            qmp_nearest_add(&nearest, models->pdata[models->len - 1]);
        }
    }
    hint = qmp_nearest_hint(&nearest);
    qmp_error_set(error, ERROR_REASON_CLASS_NOT_FOUND, "there is no CPU model %s%s", quoted, hint);
    return NULL;
}

static const QmpClass *find_model(const char *name, GError **error)
{
    g_autofree char *full = g_strconcat(name, MODEL_SUFFIX, NULL);
    const QmpClass *klass = qmp_class_find(full);

    return klass && qmp_class_is_a(klass, &qmp_class_x86_64_cpu) ? klass : no_model(name, error);
}

/* A feature's name in the schema, from any spelling that command lines have had: the aliases
 * that the schema has, and any with '_' for '-'. */
static char *feature_name(const QmpClass *klass, const char *key)
{
    g_autofree char *name = g_strdup(key);
    const QmpMember *member = qmp_class_member(klass, key);

    if (!member) {
        g_strdelimit(name, "_", '-');
        member = qmp_class_member(klass, name);
    }
    return member ? g_strdup(qmp_name(member->name)) : g_steal_pointer(&name);
}

/* The values of a -cpu; those with + and - override the others, as in QEMU. */
static bool add_features(const QmpClass *klass, const QmpOptions *from, bool signs, QmpOptions *to,
                         GError **error)
{
    g_autoptr(GPtrArray) keys = plan_keys(from);

    for (guint i = 0; i < keys->len; i++) {
        const char *key = keys->pdata[i];
        bool sign = *key == '+' || *key == '-';
        g_autofree char *name = feature_name(klass, key + sign);
        const char *value = sign ? (*key == '+' ? "on" : "off") : qmp_options_get(from, key);

        if (sign == signs && !g_str_equal(key, "model") &&
            !qmp_options_add(to, name, value, qmp_options_position(from, key), error)) {
            return false;
        }
    }
    return true;
}

static bool add_cpu(Plan *plan, const QmpClass *klass, guint64 index, GError **error)
{
    g_autoptr(QmpOptions) options = qmp_options_parse("", NULL, QMP_OPTIONS_FLAT, NULL);
    g_autofree char *base = g_strdup_printf("cpu%" G_GUINT64_FORMAT, index);
    g_autofree char *id = plan_unique_id(plan, base);
    const Item *model = plan->cpu.model;

    qmp_options_set(options, "driver", klass->name);
    qmp_options_set(options, "id", id);
    if (model && (!add_features(klass, model->options, false, options, error) ||
                  !add_features(klass, model->options, true, options, error))) {
        return false;
    }
    return plan_add_options(plan, "device_add", options,
                            model ? NULL : "the machine's default CPU", error);
}

static guint64 number_of(const json_t *smp, const char *key, guint64 otherwise)
{
    const json_t *value = json_object_get(smp, key);

    return value ? (guint64)json_integer_value(value) : otherwise;
}

void plan_count_cpus(Plan *plan, const json_t *smp)
{
    guint64 places = number_of(smp, "sockets", 1) * number_of(smp, "dies", 1) *
                     number_of(smp, "cores", 1) * number_of(smp, "threads", 1);

    plan->cpu.n = number_of(smp, "cpus", number_of(smp, "maxcpus", places));
    plan->cpu.max = number_of(smp, "maxcpus", plan->cpu.n);
}

/* The class of a -device that is a CPU, or NULL. */
static const QmpClass *cpu_device_class(const Item *item)
{
    const char *name = item->json ? json_string_value(json_object_get(item->json, "driver"))
                       : item->options ? qmp_options_get(item->options, "driver") : NULL;
    const QmpClass *klass = name && item->row->handle == option_device ? qmp_class_find(name)
                                                                       : NULL;

    return klass && qmp_class_is_a(klass, &qmp_class_x86_64_cpu) ? klass : NULL;
}

static guint64 count_cpu_devices(const Plan *plan)
{
    guint64 n = 0;

    for (guint i = 0; i < plan->items->len; i++) {
        n += cpu_device_class(plan->items->pdata[i]) != NULL;
    }
    return n;
}

/* A machine has one class of CPU; first is the class of those not given by -device, or NULL
 * if there are none. */
static bool check_classes(Plan *plan, const QmpClass *first, GError **error)
{
    for (guint i = 0; i < plan->items->len; i++) {
        const QmpClass *klass = cpu_device_class(plan->items->pdata[i]);

        if (klass && first && klass != first) {
            plan->current = plan->items->pdata[i];
            qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "the machine has CPUs of class '%s', "
                          "and takes no other: -cpu says which", first->name);
            return false;
        }
        first = first ? first : klass;
    }
    return true;
}

/* CPUs given by -device take the places that -smp leaves empty; more of them count among those of
 * -smp. */
static guint64 count_others(const Plan *plan, guint64 devices)
{
    return MIN(plan->cpu.n, plan->cpu.max - MIN(devices, plan->cpu.max));
}

bool plan_add_cpus(Plan *plan, GError **error)
{
    const QmpClass *klass = qmp_class(plan->machine.klass->default_cpu);
    guint64 devices = count_cpu_devices(plan), others = count_others(plan, devices);

    plan->current = plan->cpu.model;
    if (plan->cpu.model) {
        klass = find_model(qmp_options_get(plan->cpu.model->options, "model"), error);
        if (!klass) {
            return false;
        }
    }
    if (plan->cpu.model && !others) {
        return plan_refuse(error, "has no effect: -device makes all CPUs");
    }
    if (plan->cpu.max > plan->machine.klass->cpu_max) {
        plan->current = plan->cpu.smp;
        qmp_error_set(error, ERROR_REASON_OUT_OF_RANGE, "machine '%s' takes at most %u CPUs",
                      plan->machine.klass->name, plan->machine.klass->cpu_max);
        return false;
    }
    if (!check_classes(plan, others ? klass : NULL, error)) {
        return false;
    }
    for (guint64 i = devices; klass && i < devices + others; i++) {
        if (!add_cpu(plan, klass, i, error)) {
            return false;
        }
    }
    return true;
}
