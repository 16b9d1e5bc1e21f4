/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info registers, as QEMU prints them for x86.
 */
#include "config.h"

#include "client/hmp/functions.h"

#define HEX G_GINT64_MODIFIER "x"

enum {
    FLAGS_CPL = 3,
    CR0_PE = 1,
    EFER_LMA = 1 << 10,
};

static guint64 get(const json_t *state, const char *name)
{
    return hmp_state_uint(state, NULL, name);
}

static bool is_long(const json_t *state)
{
    return get(state, "efer") & EFER_LMA && hmp_state_uint(state, "cs", "l");
}

/* Four to a line; the name is what the registers are called in that mode. */
static void print_general(HmpLine *line, const json_t *state, bool wide)
{
    static const char names[][4] = { "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
                                     "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };

    for (guint i = 0; i < (wide ? 16 : 8); i++) {
        g_autofree char *name = g_ascii_strup(names[i], -1);
        guint64 value = get(state, names[i]);

        if (!wide) {
            name[0] = 'E';
        }
        hmp_print(line, wide ? "%-3s=%016" HEX : "%-3s=%08" HEX, name,
                  wide ? value : (guint32)value);
        hmp_print(line, "%s", i % 4 == 3 ? "\n" : " ");
    }
}

static void print_flags(HmpLine *line, const json_t *state, bool wide)
{
    static const struct { char letter; guint8 bit; } flags[] = {
        { 'D', 10 }, { 'O', 11 }, { 'S', 7 }, { 'Z', 6 }, { 'A', 4 }, { 'P', 2 }, { 'C', 0 },
    };
    guint64 rip = get(state, "rip"), rflags = get(state, "rflags");

    hmp_print(line, wide ? "RIP=%016" HEX " RFL=%08" HEX " [" : "EIP=%08" HEX " EFL=%08" HEX " [",
              rip, rflags);
    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        hmp_print(line, "%c", rflags >> flags[i].bit & 1 ? flags[i].letter : '-');
    }
    hmp_print(line, "] CPL=%d HLT=%d\n", (int)(hmp_state_uint(state, "ss", "dpl") & FLAGS_CPL),
              (int)get(state, "halted"));
}

/* ---- Segments ---- */

/* Bits 8 to 23 of a descriptor's second word. */
static guint32 segment_flags(const json_t *state, const char *name)
{
    static const struct { char name[5]; guint8 bit; } parts[] = {
        { "type", 8 }, { "s", 12 }, { "dpl", 13 }, { "p", 15 }, { "avl", 20 }, { "l", 21 },
        { "db", 22 }, { "g", 23 },
    };
    guint32 flags = 0;

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        flags |= hmp_state_uint(state, name, parts[i].name) << parts[i].bit;
    }
    return flags | (hmp_state_uint(state, name, "limit") & 0xf0000);
}

static void describe_segment(HmpLine *line, const json_t *state, const char *name)
{
    static const char systems[][16] = {
        "Reserved", "TSS16-avl", "LDT", "TSS16-busy", "CallGate16", "TaskGate", "IntGate16",
        "TrapGate16", "Reserved", "TSS32-avl", "Reserved", "TSS32-busy", "CallGate32", "Reserved",
        "IntGate32", "TrapGate32",
    };
    guint type = hmp_state_uint(state, name, "type") & 15;
    bool big = hmp_state_uint(state, name, "db"), lma = get(state, "efer") & EFER_LMA;

    hmp_print(line, " DPL=%d ", (int)hmp_state_uint(state, name, "dpl"));
    if (!hmp_state_uint(state, name, "s")) {
        /* In long mode a task's segment has 64 bits. */
        hmp_print(line, "%s", lma && type == 11 ? "TSS64-busy" : lma && type == 9 ? "TSS64-avl"
                                                                                  : systems[type]);
    } else if (type & 8) {
        hmp_print(line, "%s [%c%c%c]", hmp_state_uint(state, name, "l") ? "CS64" :
                  big ? "CS32" : "CS16", type & 4 ? 'C' : '-', type & 2 ? 'R' : '-',
                  type & 1 ? 'A' : '-');
    } else {
        hmp_print(line, "%s [%c%c%c]", big || lma ? "DS  " : "DS16", type & 4 ? 'E' : '-',
                  type & 2 ? 'W' : '-', type & 1 ? 'A' : '-');
    }
}

static void print_segment(HmpLine *line, const json_t *state, const char *name,
                          const char *title, bool wide)
{
    hmp_print(line, wide ? "%-3s=%04x %016" HEX " %08x %08x" : "%-3s=%04x %08" HEX " %08x %08x",
              title, (guint)hmp_state_uint(state, name, "selector"),
              hmp_state_uint(state, name, "base"), (guint)hmp_state_uint(state, name, "limit"),
              segment_flags(state, name));
    if (get(state, "cr0") & CR0_PE && hmp_state_uint(state, name, "p")) {
        describe_segment(line, state, name);
    }
    hmp_print(line, "\n");
}

static void print_segments(HmpLine *line, const json_t *state, bool wide)
{
    static const struct { char name[4], title[4]; } segments[] = {
        { "es", "ES" }, { "cs", "CS" }, { "ss", "SS" }, { "ds", "DS" }, { "fs", "FS" },
        { "gs", "GS" }, { "ldt", "LDT" }, { "tr", "TR" },
    };
    static const struct { char name[4], title[4]; } tables[] = {
        { "gdt", "GDT" }, { "idt", "IDT" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(segments); i++) {
        print_segment(line, state, segments[i].name, segments[i].title, wide);
    }
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        hmp_print(line, wide ? "%s=     %016" HEX " %08x\n" : "%s=     %08" HEX " %08x\n",
                  tables[i].title, hmp_state_uint(state, tables[i].name, "base"),
                  (guint)hmp_state_uint(state, tables[i].name, "limit"));
    }
}

/* ---- Control, floating point, vectors ---- */

static void print_control(HmpLine *line, const json_t *state, bool wide)
{
    static const char debug[][4] = { "dr0", "dr1", "dr2", "dr3", "dr6", "dr7" };

    hmp_print(line, wide ? "CR0=%08x CR2=%016" HEX " CR3=%016" HEX " CR4=%08x\n"
                         : "CR0=%08x CR2=%08" HEX " CR3=%08" HEX " CR4=%08x\n",
              (guint)get(state, "cr0"), get(state, "cr2"), get(state, "cr3"),
              (guint)get(state, "cr4"));
    for (guint i = 0; i < G_N_ELEMENTS(debug); i++) {
        hmp_print(line, "DR%c=%016" HEX "%s", debug[i][2], get(state, debug[i]),
                  i == 3 || i == 5 ? "\n" : " ");
    }
    hmp_print(line, "EFER=%016" HEX "\n", get(state, "efer"));
}

static void print_vectors(HmpLine *line, const json_t *state)
{
    guint fsw = get(state, "fsw");

    hmp_print(line, "FCW=%04x FSW=%04x [ST=%d] FTW=%02x MXCSR=%08x\n", (guint)get(state, "fcw"),
              fsw, fsw >> 11 & 7, (guint)get(state, "ftw"), (guint)get(state, "mxcsr"));
    for (guint i = 0; i < 8; i++) {
        g_autofree char *name = g_strdup_printf("st[%u]", i);

        hmp_print(line, "FPR%u=%016" HEX " %04x%s", i, hmp_state_uint(state, name, "mantissa"),
                  (guint)hmp_state_uint(state, name, "sign_exponent"), i % 2 ? "\n" : " ");
    }
    for (guint i = 0; i < 16; i++) {
        g_autofree char *name = g_strdup_printf("xmm[%u]", i);

        hmp_print(line, "XMM%02u=%016" HEX " %016" HEX "%s", i,
                  hmp_state_uint(state, name, "high"), hmp_state_uint(state, name, "low"),
                  i % 2 ? "\n" : " ");
    }
}

static void on_state(HmpLine *line, const json_t *state)
{
    bool wide = is_long(state);

    hmp_print(line, "\nCPU#%d\n", (int)line->number++);
    print_general(line, state, wide);
    print_flags(line, state, wide);
    print_segments(line, state, wide);
    print_control(line, state, wide);
    print_vectors(line, state);
}

/* Asks for the state of each CPU that the line wants. */
static void on_cpus(HmpLine *line, const json_t *reply)
{
    gint64 wanted = hmp_given(line, "vcpu") ? hmp_number(line, "vcpu") : line->monitor->cpu;
    const json_t *cpu;
    bool any = false;
    gsize i;

    line->number = hmp_given(line, "a") ? 0 : wanted;
    json_array_foreach(reply, i, cpu) {
        if (hmp_given(line, "a") || hmp_int(cpu, "cpu-index") == wanted) {
            any = true;
            hmp_ask(line, "query-device-state",
                    json_pack("{s:s}", "path", hmp_str(cpu, "qom-path")), on_state);
        }
    }
    if (!any) {
        hmp_wrong(line, "CPU#%d not available\n", (int)wanted);
    }
}

void hmp_info_registers(HmpLine *line)
{
    hmp_ask(line, "query-cpus-fast", NULL, on_cpus);
}
