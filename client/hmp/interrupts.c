/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info lapic and info pic: the interrupt controllers, read from the state of their devices, so
 * that it does not matter whether the accelerator has them or the machine.
 */
#include "config.h"

#include <string.h>

#include "client/hmp/functions.h"

/* ---- The local APIC: registers by their offset / 16 (SDM vol. 3A, table 11-1) ---- */

enum {
    LAPIC_ID = 0x02, LAPIC_VERSION = 0x03, LAPIC_TPR = 0x08, LAPIC_LDR = 0x0d, LAPIC_DFR = 0x0e,
    LAPIC_SVR = 0x0f, LAPIC_ISR = 0x10, LAPIC_TMR = 0x18, LAPIC_IRR = 0x20, LAPIC_ESR = 0x28,
    LAPIC_ICR = 0x30, LAPIC_LVT_TIMER = 0x32, LAPIC_DIVIDE = 0x3e, LAPIC_INITIAL = 0x38,
    LAPIC_CURRENT = 0x39,
};

static guint reg(const json_t *registers, guint i)
{
    return hmp_uint(json_array_get(registers, i));
}

static void print_lvt(HmpLine *line, const char *name, guint value)
{
    static const char modes[][8] = { "Fixed", "", "SMI", "", "NMI", "INIT", "", "ExtINT" };

    hmp_print(line, "%s\t 0x%08x %s %-5s %-6s %-7s (vec %u)\n", name, value,
              value & 1 << 15 ? "level" : "edge", value & 1 << 13 ? "low" : "high",
              value & 1 << 16 ? "masked" : "", modes[value >> 8 & 7], value & 0xff);
}

/* The vectors whose bits are set in eight registers. */
static void print_vectors(HmpLine *line, const char *name, const json_t *registers, guint first)
{
    bool any = false;

    hmp_print(line, "%s\t", name);
    for (guint vector = 0; vector < 256; vector++) {
        if (reg(registers, first + vector / 32) >> vector % 32 & 1) {
            hmp_print(line, " %u", vector);
            any = true;
        }
    }
    hmp_print(line, "%s\n", any ? "" : " (none)");
}

static void print_lapic(HmpLine *line, const json_t *registers)
{
    static const char lvts[][10] = { "LVTT", "LVTTHMR", "LVTPC", "LVT0", "LVT1", "LVTERR" };
    guint svr = reg(registers, LAPIC_SVR);

    hmp_print(line, "dumping local APIC state for CPU %u\n\n", (guint)line->number);
    for (guint i = 0; i < G_N_ELEMENTS(lvts); i++) {
        print_lvt(line, lvts[i], reg(registers, LAPIC_LVT_TIMER + i));
    }
    hmp_print(line, "Timer\t DCR=0x%x initial_count = %u current_count = %u\n",
              reg(registers, LAPIC_DIVIDE), reg(registers, LAPIC_INITIAL),
              reg(registers, LAPIC_CURRENT));
    hmp_print(line, "SPIV\t 0x%08x APIC %s, spurious vec %u\n", svr,
              svr & 1 << 8 ? "enabled" : "disabled", svr & 0xff);
    hmp_print(line, "ICR\t 0x%08x\nICR2\t 0x%08x\n", reg(registers, LAPIC_ICR),
              reg(registers, LAPIC_ICR + 1));
    hmp_print(line, "ESR\t 0x%08x\n", reg(registers, LAPIC_ESR));
    print_vectors(line, "ISR", registers, LAPIC_ISR);
    print_vectors(line, "IRR", registers, LAPIC_IRR);
    print_vectors(line, "TMR", registers, LAPIC_TMR);
    hmp_print(line, "\nAPR 0x%02x TPR 0x%02x DFR 0x%02x LDR 0x%02x\n", 0,
              reg(registers, LAPIC_TPR) & 0xff, reg(registers, LAPIC_DFR) >> 28,
              reg(registers, LAPIC_LDR) >> 24);
}

static void on_cpu(HmpLine *line, const json_t *state)
{
    if (hmp_state_uint(state, NULL, "has_lapic")) {
        print_lapic(line, hmp_state_field(state, NULL, "lapic"));
    } else {
        hmp_fail(line, "the local APIC of this CPU is not known");
    }
}

void hmp_info_lapic(HmpLine *line)
{
    hmp_ask_cpu(line, hmp_given(line, "cpu") ? hmp_number(line, "cpu") : line->monitor->cpu,
                on_cpu);
}

/* ---- The others ---- */

static void print_fields(HmpLine *line, const json_t *fields);

static void print_field(HmpLine *line, const json_t *field)
{
    const json_t *value = json_object_get(field, "value"), *element;
    bool list = json_is_array(value);
    gsize i;

    if (json_object_get(field, "fields")) {
        hmp_print(line, " %s(", hmp_str(field, "name"));
        print_fields(line, json_object_get(field, "fields"));
        hmp_print(line, " )");
        return;
    }
    hmp_print(line, " %s=", hmp_str(field, "name"));
    for (i = 0; i < (list ? json_array_size(value) : 1); i++) {
        element = list ? json_array_get(value, i) : value;
        if (json_is_integer(element)) {
            hmp_print(line, "%s%02" G_GINT64_MODIFIER "x", i ? "," : "", hmp_uint(element));
        } else {
            hmp_print(line, "%s%s", i ? "," : "", json_is_true(element) ? "1" : "0");
        }
    }
}

static void print_fields(HmpLine *line, const json_t *fields)
{
    const json_t *field;
    gsize i;

    json_array_foreach(fields, i, field) {
        print_field(line, field);
    }
}

static void on_controller(HmpLine *line, const json_t *state)
{
    const json_t *section;
    gsize i;

    json_array_foreach(json_object_get(state, "sections"), i, section) {
        const char *path = hmp_str(state, "path");
        const char *slash = strrchr(path, '/');

        hmp_print(line, "%s:", slash ? slash + 1 : path);
        print_fields(line, json_object_get(section, "fields"));
        hmp_print(line, "\n");
        line->number++;
    }
}

static bool is_controller(const char *type)
{
    return strstr(type, "i8259") || strstr(type, "ioapic");
}

/* Asks for the state of each controller among the children of path. */
static void ask_controllers(HmpLine *line, const json_t *children, const char *path)
{
    const json_t *child;
    gsize i;

    json_array_foreach(children, i, child) {
        if (is_controller(hmp_str(child, "type"))) {
            g_autofree char *place = g_strdup_printf("%s/%s", path, hmp_str(child, "name"));

            hmp_ask_quietly(line, "query-device-state", json_pack("{s:s}", "path", place),
                            on_controller);
        }
    }
}

static void on_machine(HmpLine *line, const json_t *children)
{
    ask_controllers(line, children, "/machine");
}

void hmp_info_pic(HmpLine *line)
{
    hmp_ask(line, "qom-list", json_pack("{s:s}", "path", "/machine"), on_machine);
}
