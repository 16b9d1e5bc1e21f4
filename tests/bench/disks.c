/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines whose guest sends requests to a disk: see disks.h.
 */
#include "config.h"
#include "tests/bench/disks.h"

#include <string.h>

/* ---- What the guest says ---- */

static const char *bus(const DiskMachine *machine)
{
    return machine->scsi ? "scsi" : "blk";
}

/* How it starts its line. */
static char *answer(const DiskMachine *machine, const DiskRequests *r)
{
    return g_strdup_printf("bench: %s %s %u x %u bytes, depth %u, ", bus(machine), r->order,
                           r->count, r->size, r->depth);
}

static bool add_ticks(Bench *bench, const DiskMachine *machine, const DiskRequests *r,
                      Column column, const char *text, GError **error)
{
    g_autofree char *line = answer(machine, r);
    const char *at = strstr(text, line);

    if (!at) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "the guest did not say \"%s\" but: %s",
                    line, text);
        return false;
    }
    series_add(&bench->series[r->id][column],
               g_ascii_strtod(at + strlen(line), NULL) * bench->ns_per_tick / 1000 / r->count);
    return true;
}

static guint n_requests(const DiskMachine *machine)
{
    guint n = 0;

    while (n < DISK_REQUESTS_MAX && machine->requests[n].order)
        n++;
    return n;
}

static bool read_ticks(Bench *bench, Column column, const DiskMachine *machine, const char *serial,
                       GError **error)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(serial, &text, NULL, error))
        return false;
    for (guint i = 0; i < n_requests(machine); i++) {
        if (!add_ticks(bench, machine, &machine->requests[i], column, text, error))
            return false;
    }
    return true;
}

/* ---- The machines ---- */

static char *words_for_guest(const DiskMachine *machine)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < n_requests(machine); i++) {
        const DiskRequests *r = &machine->requests[i];

        g_string_append_printf(text, "bench=%s:%s:%u:%u:%u ", bus(machine), r->order, r->size,
                               r->count, r->depth);
    }
    g_string_append(text, "end=reboot");
    return g_string_free(text, FALSE);
}

static char *vmd_requests(const Bench *bench, const DiskMachine *machine, const char *append,
                          const char *serial)
{
    g_autofree char *build = bench_microvm_requests(bench->accel, bench->guest, append, serial);
    GString *text = g_string_new(build);

    if (machine->iothread)
        g_string_append(text, "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":"
                        "\"iothread\",\"id\":\"io0\"}}\n");
    g_string_append_printf(text, "{\"execute\":\"blockdev-add\",\"arguments\":{%s}}\n",
                           machine->node);
    if (machine->scsi)
        g_string_append(text, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
                        "\"virtio-scsi-device\"}}\n");
    g_string_append_printf(text, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
                           "\"%s\",\"drive\":\"disk\"%s}}\n{\"execute\":\"cont\"}\n",
                           machine->scsi ? "scsi-hd" : "virtio-blk-device",
                           machine->iothread ? ",\"iothread\":\"io0\"" : "");
    return g_string_free(text, FALSE);
}

static Server *start_vmd(const Bench *bench, GError **error)
{
    const char *const argv[] = { bench->vmd, NULL };

    return server_start(argv, bench->directory, error);
}

static Server *start_qemu(const Bench *bench, const DiskMachine *machine, const char *append,
                          const char *serial, GError **error)
{
    g_autofree char *chardev = g_strdup_printf("file:%s", serial);
    const char *const argv[] = {
        bench->qemu, "-accel", bench->accel->name, "-M", "microvm", "-cpu",
        bench->accel->qemu_cpu, "-m", "64", "-S", "-no-reboot", "-serial", chardev, "-kernel", bench->guest,
        "-append", append, "-nodefaults", "-no-user-config", "-display", "none",
        "-global", "virtio-mmio.force-legacy=off", "-object", "iothread,id=io0",
        "-blockdev", machine->blockdev, SERVER_QEMU_MONITOR, "-device",
        machine->scsi ? "virtio-scsi-device"
            : machine->iothread ? "virtio-blk-device,drive=disk,iothread=io0"
                                : "virtio-blk-device,drive=disk",
        machine->scsi ? "-device" : NULL, "scsi-hd,drive=disk", NULL
    };

    return server_start(argv, bench->directory, error);
}

bool disk_machine_run(Bench *bench, Column column, const DiskMachine *machine, GError **error)
{
    g_autofree char *append = words_for_guest(machine);
    g_autofree char *serial = g_build_filename(bench->directory, "serial", NULL);
    g_autofree char *requests = column == COLUMN_VMD
        ? vmd_requests(bench, machine, append, serial)
        : g_strdup("{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"cont\"}\n");
    g_autoptr(Server) server = column == COLUMN_VMD
        ? start_vmd(bench, error)
        : start_qemu(bench, machine, append, serial, error);

    return server && client_send(server->client, requests, error) &&
           client_wait_event(server->client, "SHUTDOWN", error) &&
           server_wait_cpu(server, error) >= 0 &&
           read_ticks(bench, column, machine, serial, error);
}
