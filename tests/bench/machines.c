/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machines that are compared: how vmd and QEMU are started, empty and with
 * a microvm of 64 MiB, one CPU and the interrupt controllers in the kernel.
 */
#include "config.h"
#include "tests/bench/bench.h"

#define QEMU_PLAIN "-nodefaults", "-no-user-config", "-display", "none", SERVER_QEMU_MONITOR

Server *bench_start_empty(const Bench *bench, Column column, GError **error)
{
    const char *const vmd[] = { bench->vmd, NULL };
    const char *const qemu[] = { bench->qemu, "-M", "none", QEMU_PLAIN, NULL };
    const char *const floor[] = { bench->libraries, NULL };
    const char *const *const argv[N_COLUMNS] = {
        [COLUMN_VMD] = vmd, [COLUMN_QEMU] = qemu, [COLUMN_FLOOR] = floor,
    };
    g_autoptr(Server) server = server_start(argv[column], bench->directory, error);

    if (!server || !client_read_line(server->client, error))
        return NULL;
    return g_steal_pointer(&server);
}

/* KVM's own guests need the deadline timer and x2APIC, which QEMU's TCG has not. */
static const BenchAccel accels[] = {
    { "kvm", "qemu64,+tsc-deadline,+x2apic",
      "\"driver\":\"qemu64-x86_64-cpu\",\"tsc-deadline\":true,\"x2apic\":true" },
    { "tcg", "max", "\"driver\":\"max-x86_64-cpu\"" },
};

const BenchAccel *bench_accel(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(accels); i++) {
        if (g_str_equal(accels[i].name, name))
            return &accels[i];
    }
    return NULL;
}

bool bench_vmd_has(const Bench *bench, const BenchAccel *accel)
{
    g_autofree char *request = g_strdup_printf(
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"%s-accel\"}}\n", accel->name);
    g_autoptr(Server) server = bench_start_empty(bench, COLUMN_VMD, NULL);

    return server && client_call(server->client, "{\"execute\":\"qmp_capabilities\"}\n", NULL) &&
           client_call(server->client, request, NULL);
}

char *bench_microvm_requests(const BenchAccel *accel, const char *kernel, const char *append,
                             const char *serial)
{
    GString *text = g_string_new(
        "{\"execute\":\"qmp_capabilities\"}\n"
        "{\"execute\":\"set-action\",\"arguments\":{\"reboot\":\"shutdown\"}}\n");

    g_string_append_printf(
        text,
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"%s-accel\",\"id\":\"accel\"}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-ram\","
        "\"id\":\"ram\",\"size\":67108864}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"microvm-machine\","
        "\"id\":\"machine\",\"memory-backend\":\"ram\",\"kernel\":\"%s\",\"append\":\"%s\"}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{%s,\"id\":\"cpu0\"}}\n", accel->name, kernel,
        append, accel->vmd_cpu);
    if (serial)
        g_string_append_printf(
            text,
            "{\"execute\":\"chardev-add\",\"arguments\":{\"id\":\"serial0\",\"backend\":"
            "{\"type\":\"file\",\"data\":{\"out\":\"%s\"}}}}\n"
            "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"isa-serial\","
            "\"id\":\"uart\",\"chardev\":\"serial0\"}}\n", serial);
    return g_string_free(text, FALSE);
}

Server *bench_start_microvm(const Bench *bench, Column column, const char *kernel,
                            const char *append, const char *serial, GError **error)
{
    const char *const vmd[] = { bench->vmd, NULL };
    g_autofree char *chardev =
        serial ? g_strdup_printf("file:%s", serial) : g_strdup("none");
    const char *const qemu[] = {
        bench->qemu, "-accel", bench->accel->name, "-M", "microvm", "-cpu",
        bench->accel->qemu_cpu, "-m", "64", "-S", "-no-reboot", "-serial", chardev, "-kernel", kernel,
        "-append", append, QEMU_PLAIN, NULL
    };

    return server_start(column == COLUMN_VMD ? vmd : qemu, bench->directory, error);
}
