/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest's port and MMIO accesses cost, counted by the guest itself with
 * the time stamp counter: the same guest on vmd, QEMU and the bare loop.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <string.h>

enum { ACCESSES = 10000 };

typedef struct {
    FigureId id;
    const char *word;           /* the guest's, %u the number of accesses */
    const char *answer;         /* how the guest starts its line, with the number */
} Exit;

static const Exit exits[] = {
    { FIGURE_PIO_NOTHING, "bench=pio:%u@0x80", "bench: pio %u accesses at 0x80, " },
    { FIGURE_PIO_UART, "bench=pio:%u@0x3ff", "bench: pio %u accesses at 0x3ff, " },
    { FIGURE_MMIO, "bench=mmio:%u@0xfea00000", "bench: mmio %u accesses at 0xfea00000, " },
};

/* Replaces the %u of a constant template. */
static char *with_count(const char *template)
{
    g_autofree char *count = g_strdup_printf("%u", ACCESSES);
    g_auto(GStrv) parts = g_strsplit(template, "%u", 2);

    return g_strjoinv(count, parts);
}

static char *guest_command_line(void)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(exits); i++) {
        g_autofree char *word = with_count(exits[i].word);

        g_string_append_printf(text, "%s ", word);
    }
    g_string_append(text, "end=reboot");
    return g_string_free(text, FALSE);
}

static bool read_ticks(Bench *bench, Column column, const char *serial, GError **error)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(serial, &text, NULL, error))
        return false;
    for (guint i = 0; i < G_N_ELEMENTS(exits); i++) {
        g_autofree char *answer = with_count(exits[i].answer);
        const char *at = strstr(text, answer);

        if (!at) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "the guest did not say \"%s\"",
                        answer);
            return false;
        }
        series_add(&bench->series[exits[i].id][column],
                   g_ascii_strtod(at + strlen(answer), NULL) * bench->ns_per_tick / ACCESSES);
    }
    return true;
}

static bool measure_exits_of(Bench *bench, Column column, const char *command_line,
                             const char *serial, GError **error)
{
    g_autofree char *build = column == COLUMN_VMD
        ? bench_microvm_requests(bench->accel, bench->guest, command_line, serial)
        : g_strdup("{\"execute\":\"qmp_capabilities\"}\n");
    g_autofree char *requests = g_strconcat(build, "{\"execute\":\"cont\"}\n", NULL);
    g_autoptr(Server) server =
        bench_start_microvm(bench, column, bench->guest, command_line, serial, error);

    return server && client_send(server->client, requests, error) &&
           client_wait_event(server->client, "SHUTDOWN", error) &&
           server_wait_cpu(server, error) >= 0;
}

static bool measure_exits_floor(Bench *bench, const char *command_line, const char *serial,
                                GError **error)
{
    const char *const argv[] = { bench->floor, "--irqchip", "--serial", serial, bench->guest,
                                 command_line, NULL };

    return server_time_first_byte(argv, bench->directory, error) >= 0;
}

bool measure_exits(Bench *bench, GError **error)
{
    g_autofree char *command_line = guest_command_line();
    g_autofree char *serial = g_build_filename(bench->directory, "serial", NULL);

    if (bench->runs[COLUMN_VMD] &&
        (!measure_exits_of(bench, COLUMN_VMD, command_line, serial, error) ||
         !read_ticks(bench, COLUMN_VMD, serial, error)))
        return false;
    if (bench->runs[COLUMN_QEMU] &&
        (!measure_exits_of(bench, COLUMN_QEMU, command_line, serial, error) ||
         !read_ticks(bench, COLUMN_QEMU, serial, error)))
        return false;
    return !bench->runs[COLUMN_FLOOR] ||
           (measure_exits_floor(bench, command_line, serial, error) &&
            read_ticks(bench, COLUMN_FLOOR, serial, error));
}
