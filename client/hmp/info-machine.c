/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the machine is, and what state it is in.  Formats are QEMU's.
 */
#include "config.h"

#include "client/hmp/functions.h"

static void on_status(HmpLine *line, const json_t *reply)
{
    const char *status = hmp_str(reply, "status");
    bool running = hmp_bool(reply, "running");

    hmp_print(line, "VM status: %s", running ? "running" : "paused");
    if (!running && !g_str_equal(status, "paused")) {
        hmp_print(line, " (%s)", status);
    }
    hmp_print(line, "\n");
}

void hmp_info_status(HmpLine *line)
{
    hmp_ask(line, "query-status", NULL, on_status);
}

static void on_version(HmpLine *line, const json_t *reply)
{
    const json_t *qemu = json_object_get(reply, "qemu");

    hmp_print(line, "%d.%d.%d%s\n", (int)hmp_int(qemu, "major"), (int)hmp_int(qemu, "minor"),
              (int)hmp_int(qemu, "micro"), hmp_str(reply, "package"));
}

void hmp_info_version(HmpLine *line)
{
    hmp_ask(line, "query-version", NULL, on_version);
}

static void on_kvm(HmpLine *line, const json_t *reply)
{
    hmp_print(line, "kvm support: %s\n", hmp_bool(reply, "enabled") ? "enabled" :
              hmp_bool(reply, "present") ? "disabled" : "not available on this host");
}

void hmp_info_kvm(HmpLine *line)
{
    hmp_ask(line, "query-kvm", NULL, on_kvm);
}

static void on_name(HmpLine *line, const json_t *reply)
{
    if (json_object_get(reply, "name")) {
        hmp_print(line, "%s\n", hmp_str(reply, "name"));
    }
}

void hmp_info_name(HmpLine *line)
{
    hmp_ask(line, "query-name", NULL, on_name);
}

static void on_uuid(HmpLine *line, const json_t *reply)
{
    hmp_print(line, "%s\n", hmp_str(reply, "UUID"));
}

void hmp_info_uuid(HmpLine *line)
{
    hmp_ask(line, "query-uuid", NULL, on_uuid);
}

/* ---- Processors ---- */

static void on_cpus(HmpLine *line, const json_t *reply)
{
    const json_t *cpu;
    gsize i;

    json_array_foreach(reply, i, cpu) {
        gint64 index = hmp_int(cpu, "cpu-index");

        hmp_print(line, "%c CPU #%d: thread_id=%d\n", index == line->monitor->cpu ? '*' : ' ',
                  (int)index, (int)hmp_int(cpu, "thread-id"));
    }
}

void hmp_info_cpus(HmpLine *line)
{
    hmp_ask(line, "query-cpus-fast", NULL, on_cpus);
}

static void on_cpu_choice(HmpLine *line, const json_t *reply)
{
    const json_t *cpu;
    gsize i;

    json_array_foreach(reply, i, cpu) {
        if (hmp_int(cpu, "cpu-index") == hmp_number(line, "index")) {
            line->monitor->cpu = hmp_number(line, "index");
            return;
        }
    }
    hmp_wrong(line, "invalid CPU index\n");
}

void hmp_cpu(HmpLine *line)
{
    hmp_ask(line, "query-cpus-fast", NULL, on_cpu_choice);
}

static void on_hotpluggable(HmpLine *line, const json_t *reply)
{
    static const char names[][12] = { "node-id", "socket-id", "die-id", "core-id", "thread-id" };
    const json_t *cpu;
    gsize i;

    hmp_print(line, "Hotpluggable CPUs:\n");
    json_array_foreach(reply, i, cpu) {
        const json_t *props = json_object_get(cpu, "props");

        hmp_print(line, "  type: \"%s\"\n  vcpus_count: \"%d\"\n", hmp_str(cpu, "type"),
                  (int)hmp_int(cpu, "vcpus-count"));
        if (json_object_get(cpu, "qom-path")) {
            hmp_print(line, "  qom_path: \"%s\"\n", hmp_str(cpu, "qom-path"));
        }
        hmp_print(line, "  CPUInstance Properties:\n");
        for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
            if (json_object_get(props, names[n])) {
                hmp_print(line, "    %s: \"%d\"\n", names[n], (int)hmp_int(props, names[n]));
            }
        }
    }
}

void hmp_info_hotpluggable_cpus(HmpLine *line)
{
    hmp_ask(line, "query-hotpluggable-cpus", NULL, on_hotpluggable);
}

static void on_iothreads(HmpLine *line, const json_t *reply)
{
    const json_t *thread;
    gsize i;

    json_array_foreach(reply, i, thread) {
        hmp_print(line, "%s:\n  thread_id=%d\n  poll-max-ns=%d\n  poll-grow=%d\n"
                  "  poll-shrink=%d\n  aio-max-batch=%d\n", hmp_str(thread, "id"),
                  (int)hmp_int(thread, "thread-id"), (int)hmp_int(thread, "poll-max-ns"),
                  (int)hmp_int(thread, "poll-grow"), (int)hmp_int(thread, "poll-shrink"),
                  (int)hmp_int(thread, "aio-max-batch"));
    }
}

void hmp_info_iothreads(HmpLine *line)
{
    hmp_ask(line, "query-iothreads", NULL, on_iothreads);
}

static void on_capabilities(HmpLine *line, const json_t *reply)
{
    const json_t *capability;
    gsize i;

    json_array_foreach(reply, i, capability) {
        hmp_print(line, "%s: %s\n", hmp_str(capability, "capability"),
                  hmp_bool(capability, "state") ? "on" : "off");
    }
}

void hmp_info_migrate_capabilities(HmpLine *line)
{
    hmp_ask(line, "query-migrate-capabilities", NULL, on_capabilities);
}

/* ---- What happens on the guest's behalf ---- */

void hmp_watchdog_action(HmpLine *line)
{
    hmp_ask(line, "set-action", json_pack("{s:s}", "watchdog", hmp_word(line, "action")), NULL);
}

static void on_trace_events(HmpLine *line, const json_t *reply)
{
    const json_t *event;
    gsize i;

    json_array_foreach(reply, i, event) {
        hmp_print(line, "%s : state %d\n", hmp_str(event, "name"),
                  g_str_equal(hmp_str(event, "state"), "enabled"));
    }
}

void hmp_info_trace_events(HmpLine *line)
{
    const char *name = hmp_word(line, "name");

    hmp_ask(line, "trace-event-get-state", json_pack("{s:s}", "name", name ? name : "*"),
            on_trace_events);
}

void hmp_trace_event(HmpLine *line)
{
    hmp_ask(line, "trace-event-set-state",
            json_pack("{s:s, s:b}", "name", hmp_word(line, "name"), "enable",
                      (int)hmp_number(line, "option")), NULL);
}
