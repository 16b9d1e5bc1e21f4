/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a read from an IDE or SATA disk costs, by Debian's kernel on a CPU in software: 4 KiB and
 * 1 MiB, one at a time, by PIO, by the bus master, and by AHCI. The disk has nothing behind it
 * (null-co). A script on a virtio disk, which the guest runs, times itself.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <glib/gstdio.h>
#include <string.h>

#define APPEND "console=ttyS0 quiet panic=-1 guest.script=vda"

typedef struct {
    FigureId small, large;
    bool sata;
    const char *append;
    guint n_small, n_large;     /* reads, long enough for a clock of 10 ms */
} Setting;

static const Setting settings[] = {
    { FIGURE_IDE_PIO_SMALL, FIGURE_IDE_PIO_LARGE, false, "libata.dma=0", 2000, 128 },
    { FIGURE_IDE_SMALL, FIGURE_IDE_LARGE, false, "", 4000, 1000 },
    { FIGURE_SATA_SMALL, FIGURE_SATA_LARGE, true, "", 6000, 2000 },
};

static const char script[] =
    "for m in $(cat /lib/modules/optional); do insmod /lib/modules/$m 2>/dev/null; done\n"
    "n=0; until [ -b /dev/sda ] || [ $n = 100 ]; do sleep 0.2; n=$((n + 1)); done\n"
    "now() { cut -d' ' -f1 /proc/uptime; }\n"
    "one() { a=$(now); dd if=/dev/sda of=/dev/null bs=$1 count=$2 iflag=direct 2>/dev/null\n"
    "    echo \"bench: $1 $a $(now)\"; }\n"
    "one 4k %u\none 1M %u\n";

/* The script's disk, of whole sectors. */
static char *write_script(const Bench *bench, const Setting *setting, GError **error)
{
    g_autofree char *path = g_build_filename(bench->directory, "script", NULL);
    g_autofree char *text = g_strdup_printf(script, setting->n_small, setting->n_large);
    g_autofree char *disk = g_malloc(65536);

    memset(disk, '\n', 65536);
    memcpy(disk, text, strlen(text));
    return g_file_set_contents(path, disk, 65536, error) ? g_steal_pointer(&path) : NULL;
}

static Server *start_qemu(const Bench *bench, const Setting *setting, const char *disk,
                          const char *serial, GError **error)
{
    g_autofree char *chardev = g_strdup_printf("file:%s", serial);
    g_autofree char *kernel = g_build_filename(bench->linux_folder, "linux-amd64", NULL);
    g_autofree char *initrd = g_build_filename(bench->linux_folder, "initrd-amd64", NULL);
    g_autofree char *append = g_strdup_printf(APPEND " %s", setting->append);
    g_autofree char *blockdev = g_strdup_printf("driver=file,node-name=script,filename=%s", disk);
    const char *const argv[] = {
        bench->qemu, "-accel", "tcg", "-M", "pc-i440fx-7.2", "-cpu", "max", "-m", "128",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", chardev,
        "-kernel", kernel, "-initrd", initrd, "-append", append, "-blockdev", blockdev,
        "-device", "virtio-blk-pci,drive=script", "-blockdev", "driver=null-co,node-name=disk",
        "-device", "ich9-ahci,id=sata", "-device",
        setting->sata ? "ide-hd,drive=disk,bus=sata.0" : "ide-hd,drive=disk,bus=ide.0",
        SERVER_QEMU_MONITOR, NULL
    };

    return server_start(argv, bench->directory, error);
}

static char *vmd_requests(const Bench *bench, const Setting *setting, const char *disk,
                          const char *serial)
{
    const BenchAccel *accel = bench_accel("tcg");

    return g_strdup_printf(
        "{\"execute\":\"qmp_capabilities\"}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"%s-accel\"}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-ram\","
        "\"id\":\"ram\",\"size\":134217728}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"pc-i440fx-7.2-machine\","
        "\"memory-backend\":\"ram\",\"kernel\":\"%s/linux-amd64\",\"initrd\":\"%s/initrd-amd64\","
        "\"append\":\"" APPEND " %s\"}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{%s}}\n"
        "{\"execute\":\"chardev-add\",\"arguments\":{\"id\":\"serial\",\"backend\":"
        "{\"type\":\"file\",\"data\":{\"out\":\"%s\"}}}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"isa-serial\","
        "\"chardev\":\"serial\"}}\n"
        "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"file\",\"node-name\":\"script\","
        "\"filename\":\"%s\"}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"virtio-blk-pci\","
        "\"drive\":\"script\"}}\n"
        "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"null-co\","
        "\"node-name\":\"disk\"}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"ich9-ahci\",\"id\":\"sata\"}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"ide-hd\",\"drive\":\"disk\","
        "\"bus\":\"%s.0\"}}\n"
        "{\"execute\":\"cont\"}\n", accel->name, bench->linux_folder, bench->linux_folder,
        setting->append, accel->vmd_cpu, serial, disk, setting->sata ? "sata" : "ide");
}

static Server *start_vmd(const Bench *bench, GError **error)
{
    const char *const argv[] = { bench->vmd, NULL };

    return server_start(argv, bench->directory, error);
}

/* A line of the guest's: "bench: SIZE BEGIN END". */
static bool add_line(Bench *bench, FigureId id, Column column, const char *text, const char *size,
                     guint n, GError **error)
{
    g_autofree char *line = g_strdup_printf("bench: %s ", size);
    const char *at = strstr(text, line);
    char *next = NULL;
    double begin, end;

    if (!at) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "the guest did not say \"%s\" but: %s",
                    line, text);
        return false;
    }
    begin = g_ascii_strtod(at + strlen(line), &next);
    end = g_ascii_strtod(next, NULL);
    series_add(&bench->series[id][column], (end - begin) * 1e6 / n);
    return true;
}

static bool measure_column(Bench *bench, Column column, const Setting *setting, GError **error)
{
    g_autofree char *disk = write_script(bench, setting, error);
    g_autofree char *serial = g_build_filename(bench->directory, "serial", NULL);
    g_autofree char *requests = disk && column == COLUMN_VMD
        ? vmd_requests(bench, setting, disk, serial)
        : g_strdup("{\"execute\":\"qmp_capabilities\"}\n");
    g_autoptr(Server) server = NULL;
    g_autofree char *text = NULL;

    if (disk)
        server = column == COLUMN_VMD ? start_vmd(bench, error)
                                      : start_qemu(bench, setting, disk, serial, error);
    return server && client_send(server->client, requests, error) &&
           client_wait_event(server->client, "SHUTDOWN", error) &&
           server_wait_cpu(server, error) >= 0 &&
           g_file_get_contents(serial, &text, NULL, error) &&
           add_line(bench, setting->small, column, text, "4k", setting->n_small, error) &&
           add_line(bench, setting->large, column, text, "1M", setting->n_large, error);
}

/* The kernel for real hardware is there only if somebody wanted it. */
bool measure_ide(Bench *bench, GError **error)
{
    g_autofree char *kernel = bench->linux_folder
        ? g_build_filename(bench->linux_folder, "linux-amd64", NULL) : NULL;
    bool good = true;

    if (!kernel || !g_file_test(kernel, G_FILE_TEST_EXISTS))
        return true;
    for (guint i = 0; good && i < G_N_ELEMENTS(settings); i++) {
        good = (!bench->vmd_tcg || measure_column(bench, COLUMN_VMD, &settings[i], error)) &&
               (!bench->qemu || measure_column(bench, COLUMN_QEMU, &settings[i], error));
    }
    return good;
}
