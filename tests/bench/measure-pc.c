/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PC of 64 MiB: to its first instruction without firmware, to the first byte
 * that SeaBIOS writes to its debug port, its memory once it is built, and what a
 * hundred devices on PCI cost.
 *
 * QEMU cannot start a kernel on a PC without its firmware, so it gets a firmware of
 * a few instructions that asks for a reset.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/fifo.h"

#define SEABIOS "/usr/share/seabios/bios-256k.bin"
#define QEMU_PLAIN "-nodefaults", "-no-user-config", "-display", "none", SERVER_QEMU_MONITOR

enum {
    ROM_SIZE = 65536,
    RESET_VECTOR = ROM_SIZE - 16,
    DEBUG_WAIT_MS = 30000,
    DEVICES = 100,
    BRIDGES = 4,
    DEVICES_PER_BRIDGE = DEVICES / BRIDGES,
    QTREE_CALLS = 5,
};

/* ---- Machines ---- */

/* Requests that build the PC on an empty vmd, capabilities included; what comes
 * before the machine's own properties and behind the CPU is the caller's. */
static char *pc_requests(const Bench *bench, const char *properties, const char *devices)
{
    return g_strdup_printf(
        "{\"execute\":\"qmp_capabilities\"}\n"
        "{\"execute\":\"set-action\",\"arguments\":{\"reboot\":\"shutdown\"}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"%s-accel\",\"id\":\"accel\"}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-ram\","
        "\"id\":\"ram\",\"size\":67108864}}\n"
        "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"pc-i440fx-7.2-machine\","
        "\"id\":\"machine\",\"memory-backend\":\"ram\"%s}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{%s,\"id\":\"cpu0\"}}\n%s",
        bench->accel->name, properties, bench->accel->vmd_cpu, devices);
}

/* QEMU with a stopped PC, and further arguments (up to a NULL, 16 at most). */
static Server *start_qemu(const Bench *bench, const char *const *more, GError **error)
{
    const char *argv[48] = {
        bench->qemu, "-accel", bench->accel->name, "-M", "pc-i440fx-7.2", "-cpu",
        bench->accel->qemu_cpu, "-m", "64", "-S", "-no-reboot", QEMU_PLAIN,
    };
    guint n = g_strv_length((char **)argv);

    for (guint i = 0; more[i]; i++)
        argv[n++] = more[i];
    return server_start(argv, bench->directory, error);
}

static Server *start_vmd(const Bench *bench, GError **error)
{
    const char *const argv[] = { bench->vmd, NULL };

    return server_start(argv, bench->directory, error);
}

/* Sends requests and reads as many replies. */
static bool call_all(Client *client, const char *requests, GError **error)
{
    if (!client_send(client, requests, error))
        return false;
    for (const char *c = requests; *c; c++) {
        if (*c == '\n' && !client_read_reply(client, error))
            return false;
    }
    return true;
}

/* ---- To the first instruction ---- */

/* A firmware that writes to the PIIX3's reset control register; NULL on error. */
static char *write_exit_rom(const Bench *bench, GError **error)
{
    static const guint8 code[] = {
        0xb0, 0x06,             /* mov al, 6 */
        0xba, 0xf9, 0x0c,       /* mov dx, 0xcf9 */
        0xee,                   /* out dx, al */
        0xf4,                   /* hlt */
    };
    g_autofree guint8 *rom = g_malloc0(ROM_SIZE);
    g_autofree char *path = g_build_filename(bench->directory, BENCH_ROM, NULL);

    memcpy(rom + RESET_VECTOR, code, sizeof(code));
    if (!g_file_set_contents(path, (char *)rom, ROM_SIZE, error))
        return NULL;
    return g_steal_pointer(&path);
}

static char *exit_kernel_property(const Bench *bench)
{
    return g_strdup_printf(",\"kernel\":\"%s\"", bench->exit_guest);
}

static Server *start_first(const Bench *bench, Column column, GError **error)
{
    g_autofree char *rom = NULL;

    if (column == COLUMN_VMD)
        return start_vmd(bench, error);
    rom = write_exit_rom(bench, error);
    return rom ? start_qemu(bench, (const char *[]){ "-bios", rom, NULL }, error) : NULL;
}

static bool measure_first(Bench *bench, Column column, GError **error)
{
    g_autofree char *property = exit_kernel_property(bench);
    g_autofree char *build = column == COLUMN_VMD ? pc_requests(bench, property, "")
                                                  : g_strdup("{\"execute\":\"qmp_capabilities\"}\n");
    g_autofree char *requests = g_strconcat(build, "{\"execute\":\"cont\"}\n", NULL);
    g_autoptr(Server) server = start_first(bench, column, error);

    if (!server || !client_send(server->client, requests, error) ||
        !client_wait_event(server->client, "SHUTDOWN", error))
        return false;
    series_add(&bench->series[FIGURE_PC_FIRST][column],
               (double)(clock_ns() - server->started) / 1e6);
    return true;
}

static bool measure_first_floor(Bench *bench, GError **error)
{
    const char *const argv[] = { bench->floor, "--irqchip", bench->exit_guest, "", NULL };
    double ns = server_time_first_byte(argv, bench->directory, error);

    if (ns < 0)
        return false;
    series_add(&bench->series[FIGURE_PC_FIRST][COLUMN_FLOOR], ns / 1e6);
    return true;
}

/* ---- To the firmware's first word ---- */

static char *debug_port_requests(const Bench *bench, const char *fifo)
{
    g_autofree char *devices = g_strdup_printf(
        "{\"execute\":\"chardev-add\",\"arguments\":{\"id\":\"debug\",\"backend\":"
        "{\"type\":\"file\",\"data\":{\"out\":\"%s\",\"append\":true}}}}\n"
        "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"isa-debugcon\","
        "\"id\":\"debugcon\",\"iobase\":1026,\"chardev\":\"debug\"}}\n", fifo);

    return pc_requests(bench, "", devices);
}

static Server *start_firmware(const Bench *bench, Column column, const char *fifo, GError **error)
{
    g_autofree char *chardev = g_strdup_printf("file:%s", fifo);

    if (column == COLUMN_VMD)
        return start_vmd(bench, error);
    return start_qemu(bench, (const char *[]){ "-debugcon", chardev, "-global",
                                               "isa-debugcon.iobase=0x402", NULL }, error);
}

static bool time_firmware(Bench *bench, Column column, const char *fifo, int fd, GError **error)
{
    g_autofree char *build = column == COLUMN_VMD ? debug_port_requests(bench, fifo)
                                                  : g_strdup("{\"execute\":\"qmp_capabilities\"}\n");
    g_autofree char *requests = g_strconcat(build, "{\"execute\":\"cont\"}\n", NULL);
    g_autoptr(Server) server = start_firmware(bench, column, fifo, error);

    if (!server || !client_send(server->client, requests, error) || !fifo_wait(fd, NULL, DEBUG_WAIT_MS, error))
        return false;
    series_add(&bench->series[FIGURE_PC_FIRMWARE][column],
               (double)(clock_ns() - server->started) / 1e6);
    return true;
}

static bool measure_firmware(Bench *bench, Column column, GError **error)
{
    g_autofree char *fifo = g_build_filename(bench->directory, BENCH_FIFO, NULL);
    int fd = fifo_open(fifo, error);
    bool good = fd >= 0 && time_firmware(bench, column, fifo, fd, error);

    if (fd >= 0)
        close(fd);
    g_unlink(fifo);
    return good;
}

static bool measure_firmware_floor(Bench *bench, GError **error)
{
    const char *const argv[] = { bench->floor, "--irqchip", "--firmware", SEABIOS, NULL };
    double ns = server_time_first_byte(argv, bench->directory, error);

    if (ns < 0)
        return false;
    series_add(&bench->series[FIGURE_PC_FIRMWARE][COLUMN_FLOOR], ns / 1e6);
    return true;
}

/* ---- Memory, and a hundred devices ---- */

static bool measure_dirty(Bench *bench, Column column, FigureId id, Server *server, GError **error)
{
    double dirty = server_private_dirty(server, error);

    if (dirty < 0)
        return false;
    series_add(&bench->series[id][column], dirty);
    return true;
}

static char *bridge_requests(void)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < BRIDGES; i++)
        g_string_append_printf(
            text, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"pci-bridge\","
            "\"id\":\"bridge%u\",\"chassis_nr\":%u}}\n", i, i + 1);
    return g_string_free(text, FALSE);
}

static Server *start_for_devices(const Bench *bench, Column column, GError **error)
{
    const char *more[2 * BRIDGES + 1] = { NULL };
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

    if (column == COLUMN_VMD)
        return start_vmd(bench, error);
    for (guint i = 0; i < BRIDGES; i++) {
        g_ptr_array_add(texts, g_strdup_printf("pci-bridge,id=bridge%u,chassis_nr=%u", i, i + 1));
        more[2 * i] = "-device";
        more[2 * i + 1] = texts->pdata[i];
    }
    return start_qemu(bench, more, error);
}

static char *device_request(guint i)
{
    return g_strdup_printf(
        "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"virtio-rng-pci\","
        "\"id\":\"rng%u\",\"bus\":\"bridge%u\",\"addr\":\"%x\"}}\n", i,
        i / DEVICES_PER_BRIDGE, 1 + i % DEVICES_PER_BRIDGE);
}

/* One at a time, as a client that looks at each answer does. */
static bool add_devices(Client *client, GError **error)
{
    for (guint i = 0; i < DEVICES; i++) {
        g_autofree char *request = device_request(i);

        if (!client_call(client, request, error))
            return false;
    }
    return true;
}

/* The same as one list. */
static bool build_devices(Client *client, GError **error)
{
    g_autoptr(GString) text = g_string_new("{\"execute\":\"build\",\"arguments\":{\"requests\":[");

    for (guint i = 0; i < DEVICES; i++) {
        g_autofree char *request = device_request(i);

        g_string_append_printf(text, "%s%s", i ? "," : "", request);
    }
    g_string_append(text, "]}}\n");
    return client_call(client, text->str, error);
}

static bool measure_list(Bench *bench, GError **error)
{
    g_autofree char *bridges = bridge_requests();
    g_autofree char *build = pc_requests(bench, "", bridges);
    g_autoptr(Server) server = start_vmd(bench, error);
    gint64 start;

    if (!server || !client_read_line(server->client, error) ||
        !call_all(server->client, build, error))
        return false;
    start = clock_ns();
    if (!build_devices(server->client, error))
        return false;
    series_add(&bench->series[FIGURE_PC_BUILD][COLUMN_VMD], (double)(clock_ns() - start) / 1e6);
    return true;
}

/* What a person at the monitor waits for. */
static bool measure_qtree(Bench *bench, Column column, Client *client, GError **error)
{
    double ns = client_median_call(client, "{\"execute\":\"human-monitor-command\","
                                   "\"arguments\":{\"command-line\":\"info qtree\"}}\n",
                                   QTREE_CALLS, error);

    if (ns < 0)
        return false;
    series_add(&bench->series[FIGURE_PC_QTREE][column], ns / 1e6);
    return true;
}

/* The PC as it is built, and then with the devices. */
static bool measure_devices(Bench *bench, Column column, GError **error)
{
    g_autofree char *bridges = bridge_requests();
    g_autofree char *build = column == COLUMN_VMD ? pc_requests(bench, "", bridges)
                                                  : g_strdup("{\"execute\":\"qmp_capabilities\"}\n");
    g_autoptr(Server) server = start_for_devices(bench, column, error);
    gint64 start;
    double ms;

    if (!server || !client_read_line(server->client, error) ||
        !call_all(server->client, build, error) ||
        !measure_dirty(bench, column, FIGURE_PC_DIRTY, server, error))
        return false;
    start = clock_ns();
    if (!add_devices(server->client, error))
        return false;
    ms = (double)(clock_ns() - start) / 1e6;
    series_add(&bench->series[FIGURE_PC_DEVICES][column], ms);
    if (column == COLUMN_QEMU)
        series_add(&bench->series[FIGURE_PC_BUILD][column], ms);
    return measure_dirty(bench, column, FIGURE_PC_DIRTY_DEVICES, server, error) &&
           measure_qtree(bench, column, server->client, error);
}

/* ---- All ---- */

static bool measure_column(Bench *bench, Column column, bool seabios, GError **error)
{
    return measure_first(bench, column, error) &&
           (!seabios || measure_firmware(bench, column, error)) &&
           measure_devices(bench, column, error);
}

bool measure_pc(Bench *bench, GError **error)
{
    bool seabios = g_access(SEABIOS, R_OK) == 0;

    if ((bench->runs[COLUMN_VMD] && (!measure_column(bench, COLUMN_VMD, seabios, error) ||
                        !measure_list(bench, error))) ||
        (bench->runs[COLUMN_QEMU] && !measure_column(bench, COLUMN_QEMU, seabios, error)))
        return false;
    return !bench->runs[COLUMN_FLOOR] ||
           (measure_first_floor(bench, error) &&
            (!seabios || measure_firmware_floor(bench, error)));
}
