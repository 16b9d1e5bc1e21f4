/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows that the generator makes of ok/rows.json, as C sees them: layout,
 * defaults, flags, classes, thunks.  Links nothing but the generated files, so
 * the handlers and the event queue that they call are here, and write down what
 * they were given.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "daemon/qapi-commands.h"
#include "qmp/event.h"
#include "qmp/manual.h"
#include "qmp/qapi-events.h"
#include "qmp/qapi-introspect.h"
#include "qmp/qapi-types.h"

/* -- what the generated code calls ------------------------------------------ */

static struct {
    const char *handler;
    const void *args;
    const void *ret;
    GError **error;
} called;

static struct {
    QmpEventQueue *queue;
    const QmpEventKind *kind;
    const void *data;
} emitted;

void qmp_event_emit(QmpEventQueue *queue, const QmpEventKind *kind, const void *data)
{
    emitted.queue = queue;
    emitted.kind = kind;
    emitted.data = data;
}

bool qmp_get_things(QmpRequest *req, GetThingsArgs *args, NodeList *ret, GError **error)
{
    called.handler = "get-things";
    called.args = args;
    called.ret = ret;
    called.error = error;
    return true;
}

bool qmp_count(QmpRequest *req, int64_t *ret, GError **error)
{
    called.handler = "count";
    *ret = 42;
    return true;
}

bool qmp_stop(QmpRequest *req, GError **error)
{
    called.handler = "stop";
    return false;
}

void qmp_object_add(QmpRequest *req, ObjectOptions *args)
{
    called.handler = "object-add";
    called.args = args;
}

void qmp_object_del(QmpRequest *req, ObjectDelArgs *args)
{
    called.handler = "object-del";
    called.args = args;
}

bool qmp_device_add(QmpRequest *req, DeviceOptions *args, GError **error)
{
    called.handler = "device_add";
    called.args = args;
    return true;
}

/* -- helpers ---------------------------------------------------------------- */

static const QmpMember *find(const QmpType *type, const char *name)
{
    for (guint i = 0; i < type->n_members; i++) {
        if (g_str_equal(qmp_name(qmp_members(type)[i].name), name)) {
            return &qmp_members(type)[i];
        }
    }
    g_error("%s has no member %s", qmp_name(type->name), name);
}

static const QmpCommand *command(const char *name)
{
    for (guint i = 0; i < qmp_n_commands; i++) {
        if (g_str_equal(qmp_commands[i].name, name)) {
            return &qmp_commands[i];
        }
    }
    g_error("no command %s", name);
}

/* -- types ------------------------------------------------------------------ */

static void test_layout(void)
{
    const QmpMember *flag = find(&qmp_type_Node, "flag");
    const QmpMember *list = find(&qmp_type_Node, "list");

    g_assert_cmpuint(qmp_type_Node.size, ==, sizeof(Node));
    g_assert_cmpuint(qmp_type_Node.n_members, ==, 19);
    g_assert_cmpuint(flag->offset, ==, offsetof(Node, flag));
    g_assert_cmpint(flag->has_offset, ==, offsetof(Node, has_flag));
    g_assert_cmpint(list->has_offset, ==, offsetof(Node, has_list));
    g_assert_cmpint(find(&qmp_type_Node, "null")->has_offset, ==, offsetof(Node, has_null));
    g_assert_cmpint(find(&qmp_type_Node, "next")->has_offset, ==, -1);
    g_assert_cmpint(find(&qmp_type_Node, "any")->has_offset, ==, -1);
    g_assert_cmpint(find(&qmp_type_Node, "i8")->has_offset, ==, -1);
    g_assert_cmpint(find(&qmp_type_IsaSerialProps, "chardev")->has_offset, ==, -1);
    g_assert_cmpuint(find(&qmp_type_Node, "register")->offset, ==, offsetof(Node, q_register));
}

static void test_types(void)
{
    g_assert_true(qmp_type(find(&qmp_type_Node, "next")->type) == &qmp_type_Node);
    g_assert_true(qmp_type(find(&qmp_type_Node, "children")->type) == &qmp_type_NodeList);
    g_assert_true(qmp_type(qmp_type_NodeList.element) == &qmp_type_Node);
    g_assert_cmpuint(qmp_type_NodeList.size, ==, sizeof(QmpList));
    g_assert_true(qmp_type(qmp_type_int16List.element) == &qmp_type_int16);
    g_assert_cmpstr(qmp_name(qmp_type_int16List.name), ==, "int16List");
    g_assert_cmpint(qmp_type_int.kind, ==, QMP_KIND_INT64);
    g_assert_cmpint(qmp_type_size.kind, ==, QMP_KIND_SIZE);
    g_assert_cmpuint(qmp_type_uint8.size, ==, 1);
    g_assert_cmpuint(qmp_type_null.size, ==, 1);
    g_assert_cmpuint(qmp_type_Empty.n_members, ==, 0);
    g_assert_cmpuint(qmp_type_Empty.size, >, 0);
    g_assert_cmpstr(qmp_doc(qmp_type_Node.doc), ==, "A recursive struct with every kind of member.");
    g_assert_cmpstr(qmp_doc(find(&qmp_type_Node, "name")->doc), ==,
                    "at most eight bytes, \"quoted\" \\ and so on");
}

static void test_constants(void)
{
    const QmpMember *count = find(&qmp_type_Base, "count");
    const QmpMember *ratio = find(&qmp_type_Node, "ratio");

    g_assert_cmphex(count->flags, ==, QMP_MEMBER_OPTIONAL | QMP_MEMBER_HAS_DEFAULT |
                    QMP_MEMBER_HAS_MIN | QMP_MEMBER_HAS_MAX);
    g_assert_cmpuint(count->def.u, ==, 4);
    g_assert_cmpuint(count->min.u, ==, 1);
    g_assert_cmpuint(count->max.u, ==, 15);
    g_assert_cmpfloat(ratio->def.d, ==, 0.5);
    g_assert_cmpfloat(ratio->max.d, ==, 1.0);
    g_assert_cmpint(find(&qmp_type_Node, "i8")->def.i, ==, -128);
    g_assert_cmpint(find(&qmp_type_Node, "i64")->def.i, ==, G_MININT64);
    g_assert_cmpuint(find(&qmp_type_Node, "u64")->def.u, ==, G_MAXUINT64);
    g_assert_cmpuint(find(&qmp_type_Node, "size")->min.u, ==, 4096);
    g_assert_cmpstr(qmp_name(find(&qmp_type_Node, "name")->def.text), ==, "a\"b");
    g_assert_cmpuint(find(&qmp_type_Node, "name")->max.u, ==, 8);
    g_assert_cmpuint(find(&qmp_type_Node, "state")->def.u, ==, RUN_STATE_PRELAUNCH);
}

static void test_flags(void)
{
    const guint32 with_default = QMP_MEMBER_OPTIONAL | QMP_MEMBER_HAS_DEFAULT;

    g_assert_cmphex(find(&qmp_type_Node, "UUID")->flags, ==, 0);
    g_assert_cmphex(find(&qmp_type_Node, "secret")->flags, ==,
                    QMP_MEMBER_OPTIONAL | QMP_MEMBER_SECRET);
    g_assert_cmphex(find(&qmp_type_Node, "state")->flags, ==,
                    with_default | QMP_MEMBER_DEPRECATED);
    g_assert_cmphex(find(&qmp_type_Node, "plain")->flags, ==, with_default);
    g_assert_cmpuint(find(&qmp_type_Node, "plain")->n_only, ==, 0);
    g_assert_cmpuint(find(&qmp_type_Node, "fixed")->n_only, ==, 1);
    g_assert_cmpuint(qmp_only(find(&qmp_type_Node, "fixed"))[0].u, ==, 0);
    g_assert_cmpuint(find(&qmp_type_Node, "one")->n_only, ==, 2);
    g_assert_cmpuint(qmp_only(find(&qmp_type_Node, "one"))[1].u, ==, RUN_STATE_RUNNING);
    g_assert_cmpuint(qmp_type_Node.n_unsupported, ==, 1);
    g_assert_cmpstr(qmp_name(qmp_unsupported(&qmp_type_Node)[0].name), ==, "gone");
    g_assert_cmpstr(qmp_name(qmp_unsupported(&qmp_type_Node)[0].why), ==, "nobody \"needs\" it");
    g_assert_cmphex(find(&qmp_type_IsaSerialProps, "realized")->flags, ==,
                    with_default | QMP_MEMBER_READONLY);
    g_assert_cmphex(find(&qmp_type_IsaSerialProps, "speed")->flags, ==,
                    with_default | QMP_MEMBER_RUN);
    g_assert_cmphex(find(&qmp_type_IsaSerialProps, "clock")->flags, ==,
                    with_default | QMP_MEMBER_INTERNAL);
    g_assert_cmphex(find(&qmp_type_IsaSerialProps, "chardev")->flags, ==,
                    QMP_MEMBER_OPTIONAL | QMP_MEMBER_EXCLUSIVE);
}

static void test_enum(void)
{
    const QmpType *type = &qmp_type_RunState;

    g_assert_cmpuint(type->n_values, ==, RUN_STATE__MAX);
    g_assert_cmpstr(qmp_name(qmp_values(type)[RUN_STATE_PAUSED].name), ==, "paused");
    g_assert_cmphex(qmp_values(type)[RUN_STATE_PAUSED].flags, ==, QMP_MEMBER_UNSTABLE);
    g_assert_cmpstr(qmp_doc(qmp_values(type)[RUN_STATE_RUNNING].doc), ==, "it runs");
    for (guint i = 1; i < type->n_values; i++) {
        g_assert_cmpint(strcmp(qmp_name(qmp_values(type)[qmp_sorted(type)[i - 1]].name),
                               qmp_name(qmp_values(type)[qmp_sorted(type)[i]].name)), <, 0);
    }
}

static void test_union(void)
{
    const QmpType *type = &qmp_type_Choice;
    Choice choice = { .kind = RUN_STATE_RUNNING };

    g_assert_cmpint(type->kind, ==, QMP_KIND_UNION);
    g_assert_cmpuint(type->n_members, ==, 2);
    g_assert_cmpuint(find(type, "count")->offset, ==, find(&qmp_type_Base, "count")->offset);
    g_assert_cmpuint(type->tag, ==, 0);
    g_assert_cmpuint(type->tag_offset, ==, offsetof(Choice, kind));
    g_assert_cmpuint(type->u_offset, ==, offsetof(Choice, u));
    g_assert_cmpuint(type->n_branches, ==, RUN_STATE__MAX);
    g_assert_true(qmp_type(qmp_branches(type)[RUN_STATE_RUNNING].type) == &qmp_type_Node);
    g_assert_null(qmp_type(qmp_branches(type)[RUN_STATE_PAUSED].type));
    g_assert_true(qmp_type(qmp_branches(type)[RUN_STATE_PRELAUNCH].type) == &qmp_type_NodeWrapper);
    g_assert_true((char *)&choice.u.running.next ==
                  (char *)&choice + type->u_offset + find(&qmp_type_Node, "next")->offset);
    g_assert_true((void *)&choice.u.prelaunch.data == (void *)&choice.u);
    g_assert_true(qmp_type(find(&qmp_type_NodeWrapper, "data")->type) == &qmp_type_Node);
}

static void test_alternate(void)
{
    const QmpType *type = &qmp_type_Either;

    g_assert_cmpint(type->kind, ==, QMP_KIND_ALTERNATE);
    g_assert_cmpuint(type->n_branches, ==, 3);
    g_assert_cmpuint(type->tag_offset, ==, offsetof(Either, type));
    g_assert_cmpuint(type->u_offset, ==, offsetof(Either, u));
    g_assert_true(qmp_type(qmp_branches(type)[EITHER_S].type) == &qmp_type_str);
    g_assert_true(qmp_type(qmp_branches(type)[EITHER_N].type) == &qmp_type_int);
    g_assert_true(qmp_type(qmp_branches(type)[EITHER_D].type) == &qmp_type_Node);
}

static void test_class_union(void)
{
    const QmpType *type = &qmp_type_ObjectOptions;

    g_assert_cmpint(type->kind, ==, QMP_KIND_CLASS_UNION);
    g_assert_cmpstr(qmp_name(type->tag_name), ==, "qom-type");
    g_assert_true(qmp_class(type->root) == &qmp_class_object);
    g_assert_cmphex(type->root_flags, ==, QMP_CLASS_USER_CREATABLE);
    g_assert_cmpuint(type->tag_offset, ==, offsetof(ObjectOptions, qom_type));
    g_assert_cmpuint(type->u_offset, ==, offsetof(ObjectOptions, props));
    g_assert_cmpuint(type->given_offset, ==, offsetof(ObjectOptions, given));
    g_assert_cmpuint(type->n_members, ==, 1);
    g_assert_true(qmp_class(qmp_type_DeviceOptions.root) == &qmp_class_device);
    g_assert_cmphex(qmp_type_DeviceOptions.root_flags, ==, 0);
}

/* -- classes ---------------------------------------------------------------- */

static void test_class_tables(void)
{
    for (guint i = 0; i < qmp_n_classes; i++) {
        const QmpClass *parent = qmp_classes[i]->parent;

        g_assert_cmpuint(qmp_classes[i]->index, ==, i);
        g_assert_true(i == 0 ? !parent : parent->index < i);
    }
    g_assert_null(qmp_classes[qmp_n_classes]);
    g_assert_cmpuint(qmp_n_class_names, ==, qmp_n_classes + 5);
    for (guint i = 1; i < qmp_n_class_names; i++) {
        g_assert_cmpint(strcmp(qmp_name(qmp_class_names[i - 1].name),
                               qmp_name(qmp_class_names[i].name)), <, 0);
        g_assert_cmphex(qmp_class_names[i].flags, ==, strcmp(qmp_name(qmp_class_names[i].name), "com")
                        ? 0 : QMP_CLASS_DEPRECATED);
    }
}

static void test_class(void)
{
    const QmpClass *serial = &qmp_class_isa_serial;

    g_assert_cmpstr(serial->name, ==, "isa-serial");
    g_assert_true(serial->parent == &qmp_class_isa_device);
    g_assert_true(serial->props == &qmp_type_IsaSerialProps);
    g_assert_cmphex(serial->flags, ==, QMP_CLASS_DEVICE | QMP_CLASS_DEPRECATED);
    g_assert_cmpint(serial->plug, ==, QMP_PLUG_COLD);
    g_assert_true(serial->bus == &qmp_class_isa_bus);
    g_assert_cmpstr(qmp_name(serial->aliases[0]), ==, "uart");
    g_assert_cmpstr(qmp_name(serial->aliases[1]), ==, "com");
    g_assert_cmpuint(serial->aliases[2], ==, 0);
    g_assert_cmpstr(qmp_doc(serial->doc), ==, "Serial port.");
    g_assert_true(qmp_class(qmp_type(find(serial->props, "chardev")->type)->target) ==
                  &qmp_class_chardev);
    g_assert_cmphex(qmp_class_chardev.flags, ==, QMP_CLASS_SHARED);
    g_assert_cmpuint(find(serial->props, "realized")->offset, ==,
                     offsetof(DeviceProps, realized));
    g_assert_cmpint(qmp_class_object.plug, ==, QMP_PLUG_NONE);
    g_assert_null(qmp_class_object.aliases);
}

static const QmpClassPlace *place_of(const QmpClass *klass)
{
    return klass->place ? &qmp_class_places[klass->place - 1] : NULL;
}

/* Where objects are that requests make: a class's own, inherited, or another one's. */
static void test_places(void)
{
    const QmpClassPlace *objects = place_of(&qmp_class_object);
    const QmpClassPlace *machine = place_of(&qmp_class_micro_machine);

    g_assert_cmpuint(qmp_n_class_places, ==, 2);
    g_assert_true(objects->klass == &qmp_class_object && !objects->single);
    g_assert_cmpstr(objects->path, ==, "/objects");
    g_assert_cmpstr(objects->anonymous, ==, "/objects/unnamed");
    g_assert_cmpstr(objects->add, ==, "object-add");
    g_assert_cmpstr(objects->remove, ==, "object-del");
    g_assert_cmpstr(objects->id, ==, "id");
    g_assert_null(objects->arguments);
    g_assert_true(place_of(&qmp_class_chardev) == objects);
    g_assert_true(place_of(&qmp_class_isa_serial) == objects);
    g_assert_true(machine->klass == &qmp_class_machine && machine->single);
    g_assert_cmpstr(machine->path, ==, "/machine");
    g_assert_null(machine->add);
}

/* What a class says of events and buses: inherited, with those of its parts. */
static void test_relations(void)
{
    const QmpClass *card = &qmp_class_serial_card;

    g_assert_cmpstr(card->events[0], ==, "NODE");
    g_assert_cmpstr(card->events[1], ==, "STOP");
    g_assert_null(card->events[2]);
    g_assert_true(card->buses[0] == &qmp_class_isa_bus);
    g_assert_null(card->buses[1]);
    g_assert_true(qmp_class_events(&qmp_class_serial_card_old) == card->events);
    g_assert_true(qmp_class_buses(&qmp_class_serial_card_old) == card->buses);
    g_assert_cmpstr(qmp_class_serial_box.events[1], ==, "STOP");
    g_assert_null(qmp_class_serial_box.buses);
    g_assert_null(qmp_class_isa_serial.events);
    g_assert_cmpstr(qmp_name(qmp_class_micro_machine.default_ram_id), ==, "ram");
    g_assert_cmpuint(qmp_class_none_machine.default_ram_id, ==, 0);
    g_assert_cmpstr(qmp_doc(card->since), ==, "0.1");
    g_assert_cmpstr(qmp_doc(0), ==, "");
}

/* What is there for programs that print the schema. */
static void test_manual(void)
{
    const QmpManualEntry *count = &qmp_manual_commands[0];
    const QmpManualType *type = &qmp_manual_types[0];

    g_assert_cmpuint(qmp_n_manual_commands, ==, qmp_n_command_args);
    for (guint i = 0; i < qmp_n_manual_commands; i++) {
        g_assert_cmpstr(qmp_manual_commands[i].name, ==, qmp_command_args[i].name);
        g_assert_true(qmp_manual_commands[i].data == qmp_command_args[i].args);
        g_assert_cmphex(qmp_manual_commands[i].flags, ==, qmp_command_args[i].flags);
    }
    while (!g_str_equal(count->name, "get-things")) {
        count++;
    }
    g_assert_cmphex(count->states, ==, 1u << RUN_STATE_PAUSED | 1u << RUN_STATE_PRELAUNCH);
    g_assert_true(count->ret == &qmp_type_NodeList);
    g_assert_cmpstr(qmp_manual_text(count->since), ==, "0.1");
    g_assert_cmpstr(qmp_manual_text(count->notes), ==, "");
    for (guint i = 1; i < qmp_n_manual_types; i++) {
        g_assert_cmpstr(qmp_name(qmp_manual_types[i - 1].type->name), <,
                        qmp_name(qmp_manual_types[i].type->name));
    }
    while (type->type != &qmp_type_uint8) {
        type++;
    }
    g_assert_cmpstr(type->info, ==, "int");
    g_assert_cmpstr(qmp_manual_events[0].name, ==, "BLOCK_IO_ERROR");
}

static void test_class_defaults(void)
{
    const QmpClass *faster = &qmp_class_isa_serial_faster;

    /* Adds no property: the parent's struct and rows. */
    g_assert_true(faster->props == &qmp_type_IsaSerialProps);
    g_assert_cmpuint(sizeof(IsaSerialFasterProps), ==, sizeof(IsaSerialProps));
    g_assert_cmpuint(faster->n_defaults, ==, 2);
    g_assert_cmpstr(qmp_name(qmp_class_defaults(faster)[0].property), ==, "speed");
    g_assert_cmpint(qmp_class_defaults(faster)[0].value.i, ==, 230400);
    g_assert_cmpstr(qmp_name(qmp_class_defaults(faster)[1].property), ==, "clock");
    g_assert_cmpuint(qmp_class_defaults(faster)[1].value.u, ==, RUN_STATE_PRELAUNCH);
    g_assert_cmpint(faster->plug, ==, QMP_PLUG_HOT);
    g_assert_cmphex(faster->flags, ==, QMP_CLASS_DEVICE);
    g_assert_cmpuint(faster->n_parts, ==, 1);
    g_assert_true(qmp_class(faster->parts[0].driver) == &qmp_class_isa_bus);
}

static void test_cpu_model(void)
{
    const QmpClass *cpu = &qmp_class_qemu64_x86_64_cpu;

    g_assert_true(cpu->parent == &qmp_class_x86_64_cpu);
    g_assert_cmpuint(cpu->n_defaults, ==, 2);
    g_assert_cmpstr(qmp_name(qmp_class_defaults(cpu)[0].property), ==, "fpu");
    g_assert_cmpuint(qmp_class_defaults(cpu)[0].value.u, ==, 1);
    g_assert_cmpuint(qmp_n_cpuid_bits, ==, 4);
    g_assert_cmpuint(qmp_cpuid_bits[1].offset, ==, offsetof(X8664CpuProps, avx2));
    g_assert_cmphex(qmp_cpuid_bits[1].leaf, ==, 7);
    g_assert_cmphex(qmp_cpuid_bits[1].subleaf, ==, 0);
    g_assert_cmpuint(qmp_cpuid_bits[1].reg, ==, 1);
    g_assert_cmpuint(qmp_cpuid_bits[1].bit, ==, 5);
    g_assert_cmpuint(qmp_cpuid_bits[0].reg, ==, 3);
}

static void test_cpu_features(void)
{
    const QmpCpuidBit *told = &qmp_cpuid_bits[2];
    const QmpClass *like = &qmp_class_8086_x86_64_cpu;

    g_assert_cmphex(told[0].leaf, ==, 0x10a);
    g_assert_cmpuint(told[0].reg, ==, QMP_CPUID_MSR);
    g_assert_cmpuint(told[1].bit, ==, 63);
    g_assert_cmpuint(told[1].offset, ==, told[0].offset);
    g_assert_cmphex(told[1].flags, ==, QMP_CPUID_TCG_ALWAYS | QMP_CPUID_NOT_CHOSEN |
                                       QMP_CPUID_OFF_KVM | QMP_CPUID_OFF_TCG |
                                       QMP_CPUID_UNMIGRATABLE);
    g_assert_cmpuint(qmp_n_cpuid_needs, ==, 1);
    g_assert_cmpuint(qmp_cpuid_needs[0].offset, ==, offsetof(X8664CpuProps, told));
    g_assert_cmpuint(qmp_cpuid_needs[0].needs, ==, offsetof(X8664CpuProps, avx2));
    g_assert_cmpuint(qmp_n_member_aliases, ==, 1);
    g_assert_cmpstr(qmp_name(qmp_member_aliases[0].alias), ==, "says");
    g_assert_cmpstr(qmp_name(qmp_member_aliases[0].name), ==, "told");

    /* The other model's, without and with. */
    g_assert_cmpstr(qmp_name(like->aliases[0]), ==, "8088-x86_64-cpu");
    g_assert_true(like->parent == &qmp_class_x86_64_cpu);
    g_assert_cmpuint(like->n_defaults, ==, 2);
    g_assert_cmpstr(qmp_name(qmp_class_defaults(like)[0].property), ==, "told");
    g_assert_cmpuint(qmp_class_defaults(like)[1].value.u, ==, 13);
}

static void test_machine(void)
{
    const QmpClass *micro = &qmp_class_micro_machine;

    g_assert_cmpstr(micro->name, ==, "micro-machine");
    g_assert_cmphex(micro->flags, ==, QMP_CLASS_USER_CREATABLE | QMP_CLASS_MACHINE |
                    QMP_CLASS_DEFAULT);
    g_assert_cmpuint(micro->n_defaults, ==, 1);
    g_assert_cmpuint(qmp_class_defaults(micro)[0].value.u, ==, 0);
    g_assert_cmpuint(micro->n_compat, ==, 2);
    g_assert_true(qmp_class(qmp_class_compat(micro)[0].driver) == &qmp_class_isa_serial);
    g_assert_cmpuint(qmp_class_compat(micro)[0].value.u, ==, 3);
    g_assert_cmpint(qmp_class_compat(micro)[1].value.i, ==, -1);
    g_assert_cmphex(qmp_class_x86_machine.flags, ==, QMP_CLASS_ABSTRACT |
                    QMP_CLASS_USER_CREATABLE | QMP_CLASS_MACHINE);
}

static void test_recipe(void)
{
    const QmpPart *parts = qmp_class_micro_machine.parts;

    g_assert_cmpuint(qmp_class_micro_machine.n_parts, ==, 4);
    /* The base's entries first. */
    g_assert_true(qmp_class(parts[0].driver) == &qmp_class_isa_bus);
    g_assert_cmpuint(parts[0].n_conditions, ==, 1);
    g_assert_cmpstr(qmp_name(parts[0].conditions[0].property), ==, "kernel-irqchip");
    g_assert_true(parts[0].conditions[0].accel);
    g_assert_cmpuint(parts[0].conditions[0].value.u, ==, 1);
    g_assert_cmpstr(qmp_name(parts[1].name), ==, "com1");
    g_assert_cmpstr(qmp_name(parts[1].bus), ==, "isa.0");
    g_assert_cmpuint(parts[1].n_props, ==, 2);
    g_assert_cmpstr(qmp_name(parts[1].props[0].property), ==, "iobase");
    g_assert_cmpuint(parts[1].props[0].value.u, ==, 0x3f8);
    g_assert_cmpuint(parts[1].props[1].value.u, ==, RUN_STATE_PAUSED);
    g_assert_false(parts[1].conditions[0].accel);
    g_assert_true(qmp_class(parts[2].driver) == &qmp_class_isa_serial_fast);
    g_assert_cmpstr(qmp_name(parts[2].name), ==, "com1");     /* the same child, made otherwise */
    g_assert_cmpuint(parts[2].n_conditions, ==, 2);
    g_assert_cmpstr(qmp_name(parts[2].conditions[0].property), ==, "mode");
    g_assert_cmpuint(parts[2].conditions[0].value.u, ==, RUN_STATE_PAUSED);
    g_assert_cmpstr(qmp_name(parts[2].conditions[1].property), ==, "serial");
    g_assert_cmpuint(parts[2].conditions[1].value.u, ==, 0);
    g_assert_null(qmp_class(parts[3].driver));
    g_assert_cmpstr(qmp_name(parts[3].connect), ==, "com1.irq[0]");
    g_assert_cmpstr(qmp_name(parts[3].to), ==, "gsi[4]");
    g_assert_cmpuint(parts[3].conditions[0].value.u, ==, RUN_STATE_PAUSED);
}

/* An entry can give a string to an alternate. */
static void test_recipe_alternate(void)
{
    const QmpPart *part = &qmp_class_isa_rack.parts[0];

    g_assert_true(qmp_class(part->driver) == &qmp_class_isa_placed);
    g_assert_cmpint(qmp_type(find(qmp_class(part->driver)->props, "place")->type)->kind, ==,
                    QMP_KIND_ALTERNATE);
    g_assert_cmpuint(part->n_props, ==, 1);
    g_assert_cmpstr(qmp_name(part->props[0].property), ==, "place");
    g_assert_cmpstr(qmp_name(part->props[0].value.text), ==, "upper");
}

/* -- commands and events ---------------------------------------------------- */

static void test_command_rows(void)
{
    for (guint i = 1; i < qmp_n_commands; i++) {
        g_assert_cmpint(strcmp(qmp_commands[i - 1].name, qmp_commands[i].name), <, 0);
    }
    g_assert_cmpuint(qmp_n_command_args, ==, qmp_n_commands);
    for (guint i = 0; i < qmp_n_commands; i++) {
        g_assert_cmpstr(qmp_command_args[i].name, ==, qmp_commands[i].name);
        g_assert_true(qmp_command_args[i].args == qmp_commands[i].args);
        g_assert_cmphex(qmp_command_args[i].flags, ==, qmp_commands[i].flags);
    }
    g_assert_cmphex(command("get-things")->flags, ==, QMP_COMMAND_OOB | QMP_COMMAND_QUERY |
                    QMP_COMMAND_DURING_BUILD);
    g_assert_cmphex(command("get-things")->states, ==,
                    1u << RUN_STATE_PAUSED | 1u << RUN_STATE_PRELAUNCH);
    g_assert_true(command("get-things")->args == &qmp_type_GetThingsArgs);
    g_assert_true(command("get-things")->ret == &qmp_type_NodeList);
    g_assert_cmphex(command("stop")->flags, ==,
                    QMP_COMMAND_DEPRECATED | QMP_COMMAND_DURING_BUILD);
    g_assert_cmphex(command("stop")->states, ==, G_MAXUINT32);
    g_assert_null(command("stop")->args);
    g_assert_null(command("stop")->ret);
    g_assert_cmphex(command("device_add")->flags, ==, QMP_COMMAND_LENIENT);
    g_assert_true(command("device_add")->args == &qmp_type_DeviceOptions);
}

static void test_thunks(void)
{
    QmpRequest *req = (QmpRequest *)&called;
    GetThingsArgs args = { 0 };
    NodeList nodes = { 0 };
    ObjectOptions options = { 0 };
    int64_t count = 0;
    GError *error = NULL;

    g_assert_true(command("get-things")->call(req, &args, &nodes, &error));
    g_assert_cmpstr(called.handler, ==, "get-things");
    g_assert_true(called.args == &args && called.ret == &nodes && called.error == &error);
    g_assert_true(command("count")->call(req, NULL, &count, &error));
    g_assert_cmpint(count, ==, 42);
    g_assert_false(command("stop")->call(req, NULL, NULL, &error));
    g_assert_cmpstr(called.handler, ==, "stop");
    g_assert_true(command("object-add")->call(req, &options, NULL, NULL));
    g_assert_cmpstr(called.handler, ==, "object-add");
    g_assert_true(called.args == &options);
    g_assert_cmphex(command("object-add")->flags, ==, QMP_COMMAND_ASYNC);
}

static void test_raw_reply(void)
{
    const QmpCommand *row = command("query-qmp-schema");
    guint32 marks = 0;
    gsize whole = 0;

    g_assert_cmphex(row->flags, ==, QMP_COMMAND_RAW_REPLY);
    g_assert_null(row->call);
    g_assert_true(row->raw_reply == qmp_introspect);
    g_assert_true(row->raw_segments == qmp_introspect_segments);
    g_assert_cmpuint(row->n_raw_segments, ==, QMP_INTROSPECT_SEGMENTS);
    for (guint i = 0; i < row->n_raw_segments; i++) {
        whole += row->raw_segments[i].length;
        marks |= row->raw_segments[i].marks;
    }
    g_assert_cmpuint(whole, ==, row->raw_reply_length);
    g_assert_cmphex(marks, ==, QMP_MARKS);
    g_assert_cmpuint(row->raw_reply_length, ==, strlen(qmp_introspect));
    g_assert_cmpuint(qmp_introspect_length, ==, strlen(qmp_introspect));
    g_assert_true(g_str_has_prefix(qmp_introspect, "[{\"name\":\"get-things\""));
}

static void test_events(void)
{
    QmpEventQueue *queue = (QmpEventQueue *)&emitted;
    char disk[] = "disk0";
    EventBlockIoError data = { .device = disk };
    Node node = { 0 };

    qmp_event_block_io_error(queue, &data);
    g_assert_true(emitted.queue == queue);
    g_assert_cmpstr(emitted.kind->name, ==, "BLOCK_IO_ERROR");
    g_assert_true(emitted.kind->data == &qmp_type_EventBlockIoError && emitted.data == &data);
    g_assert_cmpuint(emitted.kind->interval_ms, ==, 1000);
    g_assert_cmpstr(emitted.kind->key, ==, "device");
    g_assert_null(emitted.kind->when);
    qmp_event_node(queue, &node);
    g_assert_true(emitted.kind->data == &qmp_type_Node && emitted.data == &node);
    g_assert_cmpuint(emitted.kind->interval_ms, ==, 20);
    g_assert_null(emitted.kind->key);
    qmp_event_stop(queue);
    g_assert_cmpstr(emitted.kind->name, ==, "STOP");
    g_assert_true(!emitted.kind->data && !emitted.data);
    g_assert_cmpuint(emitted.kind->interval_ms, ==, 0);
    g_assert_cmpuint(g_strv_length((char **)qmp_event_names), ==, 3);
    g_assert_cmpstr(qmp_event_names[0], ==, "BLOCK_IO_ERROR");
    g_assert_cmpstr(qmp_event_names[2], ==, "STOP");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rows/layout", test_layout);
    g_test_add_func("/rows/types", test_types);
    g_test_add_func("/rows/constants", test_constants);
    g_test_add_func("/rows/flags", test_flags);
    g_test_add_func("/rows/enum", test_enum);
    g_test_add_func("/rows/union", test_union);
    g_test_add_func("/rows/alternate", test_alternate);
    g_test_add_func("/rows/class-union", test_class_union);
    g_test_add_func("/rows/class-tables", test_class_tables);
    g_test_add_func("/rows/class", test_class);
    g_test_add_func("/rows/places", test_places);
    g_test_add_func("/rows/relations", test_relations);
    g_test_add_func("/rows/manual", test_manual);
    g_test_add_func("/rows/class-defaults", test_class_defaults);
    g_test_add_func("/rows/cpu-model", test_cpu_model);
    g_test_add_func("/rows/cpu-features", test_cpu_features);
    g_test_add_func("/rows/machine", test_machine);
    g_test_add_func("/rows/recipe", test_recipe);
    g_test_add_func("/rows/recipe-alternate", test_recipe_alternate);
    g_test_add_func("/rows/command-rows", test_command_rows);
    g_test_add_func("/rows/thunks", test_thunks);
    g_test_add_func("/rows/raw-reply", test_raw_reply);
    g_test_add_func("/rows/events", test_events);
    return g_test_run();
}
