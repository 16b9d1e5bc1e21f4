/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PC with a VGA whose guest draws, on a CPU in software: for the parts screen and vnc.
 */
#include "config.h"
#include "tests/bench/bench.h"

static Server *start_qemu(const Bench *bench, const char *image, const char *output,
                          const char *vnc, GError **error)
{
    const BenchAccel *accel = bench_accel("tcg");
    g_autofree char *chardev = g_strdup_printf("file:%s", output);
    g_autofree char *display = vnc ? g_strconcat("unix:", vnc, NULL) : g_strdup("none");
    const char *const argv[] = {
        bench->qemu, "-accel", accel->name, "-M", "pc-i440fx-7.2", "-cpu", accel->qemu_cpu, "-m",
        "32", "-nodefaults", "-no-user-config", "-vnc", display, "-no-reboot", "-no-shutdown",
        "-device", "VGA,vgamem_mb=32,addr=2", "-serial", chardev, "-kernel", image,
        SERVER_QEMU_MONITOR, NULL
    };

    return server_start(argv, bench->directory, error);
}

static char *vmd_requests(const char *image, const char *output, const char *vnc)
{
    const BenchAccel *accel = bench_accel("tcg");
    g_autofree char *server = !vnc ? g_strdup("") : g_strdup_printf(
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"vnc-server\",\"id\":\"vnc\","
        "\"addr\":{\"type\":\"unix\",\"path\":\"%s\"}}}\n", vnc);

    return g_strdup_printf(
        "{\"execute\":\"qmp_capabilities\"}\n"
        "{\"execute\":\"set-action\",\"arguments\":{\"reboot\":\"shutdown\","
        "\"shutdown\":\"pause\"}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"%s-accel\"}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-ram\","
        "\"id\":\"ram\",\"size\":33554432}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"pc-i440fx-7.2-machine\","
        "\"memory-backend\":\"ram\",\"kernel\":\"%s\"}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{%s}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"VGA\",\"addr\":\"2\","
        "\"vgamem_mb\":32}}\n"
        "{\"execute\":\"chardev-add\",\"arguments\":{\"id\":\"serial\",\"backend\":"
        "{\"type\":\"file\",\"data\":{\"out\":\"%s\"}}}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"isa-serial\","
        "\"chardev\":\"serial\"}}\n"
        "%s{\"execute\":\"cont\"}\n", accel->name, image, accel->vmd_cpu, output, server);
}

Server *bench_start_screen(const Bench *bench, Column column, const char *name, const char *vnc,
                           GError **error)
{
    g_autofree char *image = g_strconcat(bench->programs, "/", name, ".elf", NULL);
    g_autofree char *output = g_build_filename(bench->directory, BENCH_OUTPUT, NULL);
    g_autofree char *requests = column == COLUMN_VMD
        ? vmd_requests(image, output, vnc) : g_strdup("{\"execute\":\"qmp_capabilities\"}\n");
    const char *const vmd[] = { bench->vmd, NULL };
    g_autoptr(Server) server = column == COLUMN_VMD
        ? server_start(vmd, bench->directory, error)
        : start_qemu(bench, image, output, vnc, error);

    if (!server || !client_send(server->client, requests, error))
        return NULL;
    return g_steal_pointer(&server);
}
