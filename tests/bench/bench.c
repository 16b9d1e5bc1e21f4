/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make bench: vmd against the distribution's QEMU and against floors that
 * nothing can go below, all in the same run.  README in this folder.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    DEFAULT_RUNS = 21,
    LOG_TAIL = 2000,            /* bytes */
};

typedef struct {
    const char *name;
    bool (*measure)(Bench *bench, GError **error);
    int max_rounds;             /* 0: as many as were asked for */
} Measurement;

/* Of what takes half a minute each time. */
enum { LONG_ROUNDS = 5 };

static const Measurement measurements[] = {
    { "greeting", measure_greeting, 0 },
    { "shutdown", measure_shutdown, 0 },
    { "built", measure_built, 0 },
    { "protocol", measure_protocol, 0 },
    { "tree", measure_tree, 0 },
    { "exits", measure_exits, 0 },
    { "block", measure_block, 0 },
    { "net", measure_net, 0 },
    { "pc", measure_pc, 0 },
    { "cpu", measure_cpu, LONG_ROUNDS },
    { "linux", measure_linux, LONG_ROUNDS },
    { "smp", measure_smp, LONG_ROUNDS },
    { "ide", measure_ide, LONG_ROUNDS },
    { "screen", measure_screen, LONG_ROUNDS },
    { "vnc", measure_vnc, LONG_ROUNDS },
};

typedef struct {
    char *vmd, *qemu, *floor, *echo, *libraries, *guest, *exit_guest, *programs, *linux_folder, *accel;
    char *only, *json;
    int runs;
    gboolean check;
} Options;

static bool is_measurement(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(measurements); i++) {
        if (g_str_equal(measurements[i].name, name))
            return true;
    }
    return false;
}

static bool parse_options(Options *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "vmd", 0, 0, G_OPTION_ARG_FILENAME, &options->vmd, "The daemon", "PATH" },
        { "qemu", 0, 0, G_OPTION_ARG_FILENAME, &options->qemu, "qemu-system-x86_64", "PATH" },
        { "floor", 0, 0, G_OPTION_ARG_FILENAME, &options->floor, "bench-floor", "PATH" },
        { "echo", 0, 0, G_OPTION_ARG_FILENAME, &options->echo, "bench-echo", "PATH" },
        { "libraries", 0, 0, G_OPTION_ARG_FILENAME, &options->libraries, "bench-libraries",
          "PATH" },
        { "guest", 0, 0, G_OPTION_ARG_FILENAME, &options->guest, "guest.elf", "PATH" },
        { "exit-guest", 0, 0, G_OPTION_ARG_FILENAME, &options->exit_guest, "exit-at-once.elf",
          "PATH" },
        { "programs", 0, 0, G_OPTION_ARG_FILENAME, &options->programs,
          "Folder of the timed programs", "PATH" },
        { "linux", 0, 0, G_OPTION_ARG_FILENAME, &options->linux_folder,
          "Folder that docs/examples/debian --fetch filled", "PATH" },
        { "accel", 0, 0, G_OPTION_ARG_STRING, &options->accel,
          "What runs guests, but for cpu and linux: kvm (the default) or tcg", "NAME" },
        { "runs", 0, 0, G_OPTION_ARG_INT, &options->runs, "Rounds", "N" },
        { "only", 0, 0, G_OPTION_ARG_STRING, &options->only,
          "One of greeting, shutdown, built, protocol, tree, exits, block, net, pc, cpu, linux, smp,"
          " ide, screen, vnc",
          "NAME" },
        { "json", 0, 0, G_OPTION_ARG_FILENAME, &options->json, "Where the figures go", "PATH" },
        { "check", 0, 0, G_OPTION_ARG_NONE, &options->check, "Fail if a target is missed", NULL },
        { NULL }
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, error))
        return false;
    if (options->runs < 1 || !options->floor || !options->echo || !options->libraries ||
        !options->guest || !options->exit_guest) {
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "--floor, --echo, --libraries, --guest and --exit-guest are needed, "
                            "and at least one run");
        return false;
    }
    if (options->accel && !bench_accel(options->accel)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--accel: there is no accelerator '%s'", options->accel);
        return false;
    }
    if (options->only && !is_measurement(options->only)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--only: there is no measurement '%s'", options->only);
        return false;
    }
    return true;
}

static void options_clear(Options *options)
{
    g_free(options->vmd);
    g_free(options->qemu);
    g_free(options->floor);
    g_free(options->echo);
    g_free(options->libraries);
    g_free(options->guest);
    g_free(options->exit_guest);
    g_free(options->programs);
    g_free(options->linux_folder);
    g_free(options->accel);
    g_free(options->only);
    g_free(options->json);
}

/* The path if it can be executed; otherwise says so and returns NULL. */
static const char *usable_program(const char *path, const char *what)
{
    if (path && g_access(path, X_OK) == 0)
        return path;
    printf("no %s: its columns are left out\n", what);
    return NULL;
}

static bool usable_kvm(void)
{
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        printf("/dev/kvm cannot be opened: figures of running guests are left out\n");
        return false;
    }
    close(fd);
    return true;
}

/* Where which guests can run. */
static void find_columns(Bench *bench, const char *accel)
{
    const BenchAccel *tcg = bench_accel("tcg");
    bool kvm;

    bench->accel = bench_accel(accel ? accel : "kvm");
    kvm = bench->accel != tcg && usable_kvm();
    bench->vmd_tcg = bench->vmd && bench_vmd_has(bench, tcg);
    if (bench->vmd && !bench->vmd_tcg)
        printf("vmd has no accelerator 'tcg': its column is left out where that is timed\n");
    bench->runs[COLUMN_VMD] = bench->accel == tcg ? bench->vmd_tcg : bench->vmd && kvm;
    bench->runs[COLUMN_QEMU] = bench->qemu && (bench->accel == tcg || kvm);
    bench->runs[COLUMN_FLOOR] = kvm;
}

static const char *usable_folder(const char *path, const char *file, const char *what)
{
    g_autofree char *name = path ? g_build_filename(path, file, NULL) : NULL;

    if (name && g_access(name, R_OK) == 0)
        return path;
    printf("%s\n", what);
    return NULL;
}

static bool bench_init(Bench *bench, Options *options, GError **error)
{
    if (!options->qemu)
        options->qemu = g_find_program_in_path("qemu-system-x86_64");
    bench->vmd = usable_program(options->vmd, "vmd");
    bench->qemu =
        usable_program(options->qemu, "qemu-system-x86_64 (Debian package qemu-system-x86)");
    bench->floor = options->floor;
    bench->echo = options->echo;
    bench->libraries = options->libraries;
    bench->guest = options->guest;
    bench->exit_guest = options->exit_guest;
    bench->programs = usable_folder(options->programs, "empty.elf",
                                    "no timed programs: part cpu is left out");
    bench->linux_folder =
        usable_folder(options->linux_folder, "linux", "no kernel of Debian (docs/examples/debian "
                      "--fetch): part linux is left out");
    bench->ns_per_tick = clock_ns_per_tick();
    bench->directory = g_dir_make_tmp("vmd-bench-XXXXXX", error);
    if (!bench->directory)
        return false;
    find_columns(bench, options->accel);
    return true;
}

static void bench_clear(Bench *bench)
{
    if (bench->directory) {
        static const char *const names[] = { "serial", BENCH_ROM, BENCH_OUTPUT, SERVER_LOG };

        for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
            g_autofree char *path = g_build_filename(bench->directory, names[i], NULL);

            g_unlink(path);
        }
        g_rmdir(bench->directory);
    }
    g_free(bench->directory);
    for (guint id = 0; id < N_FIGURES; id++) {
        for (guint c = 0; c < N_COLUMNS; c++)
            series_clear(&bench->series[id][c]);
    }
}

/* A measurement that fails is given up; the others go on. */
static bool run_rounds(Bench *bench, const Options *options)
{
    bool given_up[G_N_ELEMENTS(measurements)] = { false };
    bool all = true;

    for (int round = 0; round < options->runs; round++) {
        for (guint i = 0; i < G_N_ELEMENTS(measurements); i++) {
            g_autoptr(GError) error = NULL;

            if (given_up[i] || (options->only && !g_str_equal(options->only, measurements[i].name)))
                continue;
            if (measurements[i].max_rounds && round >= measurements[i].max_rounds)
                continue;
            if (!measurements[i].measure(bench, &error)) {
                fprintf(stderr, "\nbench: %s, round %d: %s\n", measurements[i].name, round + 1,
                        error->message);
                given_up[i] = true;
                all = false;
            }
        }
        fprintf(stderr, "\rround %d of %d", round + 1, options->runs);
    }
    fprintf(stderr, "\n");
    return all;
}

/* After a failure: the end of what the processes said. */
static void print_log(const Bench *bench)
{
    g_autofree char *path = g_build_filename(bench->directory, SERVER_LOG, NULL);
    g_autofree char *text = NULL;
    gsize length;

    if (g_file_get_contents(path, &text, &length, NULL))
        fprintf(stderr, "bench: the log ends:\n%s",
                text + (length > LOG_TAIL ? length - LOG_TAIL : 0));
}

static bool all_targets_met(const Bench *bench)
{
    for (guint id = 0; id < N_FIGURES; id++) {
        const bool *met = bench_target_met(bench, id);

        if (met && !*met)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    Options options = { .runs = DEFAULT_RUNS };
    Bench bench = { NULL };
    g_autoptr(GError) error = NULL;
    bool good;

    good = parse_options(&options, &argc, &argv, &error) && bench_init(&bench, &options, &error);
    if (good) {
        good = run_rounds(&bench, &options);
        if (!good)
            print_log(&bench);
        report_table(&bench, stdout);
        report_spread(&bench, stdout);
        if (options.json && !report_json(&bench, options.json, &error))
            good = false;
    }
    if (error)
        fprintf(stderr, "bench: %s\n", error->message);
    if (options.check && !all_targets_met(&bench))
        good = false;
    bench_clear(&bench);
    options_clear(&options);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
