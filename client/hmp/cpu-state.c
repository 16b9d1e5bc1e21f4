/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a CPU: its fields by name, and the registers that expressions may name.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/line.h"

/* ---- Reading it ---- */

static void on_cpus(HmpLine *line, const json_t *reply)
{
    const json_t *cpu;
    gsize i;

    json_array_foreach(reply, i, cpu) {
        if (hmp_int(cpu, "cpu-index") == line->number) {
            hmp_ask(line, "query-device-state",
                    json_pack("{s:s}", "path", hmp_str(cpu, "qom-path")), line->on_cpu);
            return;
        }
    }
    hmp_wrong(line, "No CPU available\n");
}

void hmp_ask_cpu(HmpLine *line, gint64 index, HmpReply *reply)
{
    line->number = index;
    line->on_cpu = reply;
    hmp_ask(line, "query-cpus-fast", NULL, on_cpus);
}

/* ---- Fields ---- */

static const json_t *find_in(const json_t *fields, const char *name)
{
    const json_t *field;
    gsize i;

    json_array_foreach(fields, i, field) {
        if (g_str_equal(hmp_str(field, "name"), name)) {
            return field;
        }
    }
    return NULL;
}

const json_t *hmp_state_field(const json_t *state, const char *group, const char *name)
{
    const json_t *sections = json_object_get(state, "sections"), *section;
    gsize i;

    json_array_foreach(sections, i, section) {
        const json_t *fields = json_object_get(section, "fields"), *field;

        fields = group ? json_object_get(find_in(fields, group), "fields") : fields;
        field = find_in(fields, name);
        if (field) {
            return json_object_get(field, "value");
        }
    }
    return NULL;
}

guint64 hmp_state_uint(const json_t *state, const char *group, const char *name)
{
    const json_t *value = hmp_state_field(state, group, name);

    return json_is_boolean(value) ? json_is_true(value) : hmp_uint(value);
}

/* ---- Registers of expressions ---- */

static void add(GArray *registers, const char *name, guint64 value)
{
    HmpRegister r = { .value = value };

    g_strlcpy(r.name, name, sizeof(r.name));
    g_array_append_val(registers, r);
}

/* Each of them under its 64-bit name, and, those that have one, under the 32-bit name, which QEMU
 * has for the same register. */
static void add_general(GArray *registers, const json_t *state)
{
    static const char names[][4] = { "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", "rip",
                                     "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        guint64 value = hmp_state_uint(state, NULL, names[i]);

        add(registers, names[i], value);
        if (g_ascii_isalpha(names[i][1])) {
            const char narrow[] = { 'e', names[i][1], names[i][2], 0 };

            add(registers, narrow, value);
        }
    }
    add(registers, "pc", hmp_state_uint(state, NULL, "rip"));
    add(registers, "eflags", hmp_state_uint(state, NULL, "rflags"));
    add(registers, "rflags", hmp_state_uint(state, NULL, "rflags"));
}

GArray *hmp_state_registers(const json_t *state)
{
    static const char segments[][3] = { "cs", "ds", "es", "fs", "gs", "ss" };
    static const char control[][5] = { "cr0", "cr2", "cr3", "cr4", "cr8", "efer" };
    GArray *registers = g_array_new(FALSE, FALSE, sizeof(HmpRegister));

    add_general(registers, state);
    for (guint i = 0; i < G_N_ELEMENTS(segments); i++) {
        const char base[] = { segments[i][0], segments[i][1], '.', 'b', 'a', 's', 'e', 0 };

        add(registers, segments[i], hmp_state_uint(state, segments[i], "selector"));
        add(registers, base, hmp_state_uint(state, segments[i], "base"));
    }
    for (guint i = 0; i < G_N_ELEMENTS(control); i++) {
        add(registers, control[i], hmp_state_uint(state, NULL, control[i]));
    }
    return registers;
}
