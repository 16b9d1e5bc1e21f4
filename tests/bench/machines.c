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
    g_autoptr(Server) server =
        server_start(column == COLUMN_VMD ? vmd : qemu, bench->directory, error);

    if (!server || !client_read_line(server->client, error))
        return NULL;
    return g_steal_pointer(&server);
}

char *bench_microvm_requests(const char *kernel, const char *append, const char *serial)
{
    GString *text = g_string_new(
        "{\"execute\":\"qmp_capabilities\"}\n"
        "{\"execute\":\"set-action\",\"arguments\":{\"reboot\":\"shutdown\"}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"kvm-accel\",\"id\":\"accel\"}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-ram\","
        "\"id\":\"ram\",\"size\":67108864}}\n");

    g_string_append_printf(
        text,
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"microvm-machine\","
        "\"id\":\"machine\",\"memory-backend\":\"ram\",\"kernel\":\"%s\",\"append\":\"%s\"}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"qemu64-x86_64-cpu\","
        "\"id\":\"cpu0\",\"tsc-deadline\":true,\"x2apic\":true}}\n", kernel, append);
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
        bench->qemu, "-accel", "kvm", "-M", "microvm", "-cpu", "qemu64,+tsc-deadline,+x2apic",
        "-m", "64", "-S", "-no-reboot", "-serial", chardev, "-kernel", kernel,
        "-append", append, QEMU_PLAIN, NULL
    };

    return server_start(column == COLUMN_VMD ? vmd : qemu, bench->directory, error);
}
