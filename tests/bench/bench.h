/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is measured, on what, and what comes of it.
 *
 * Each figure has a series of samples for each column.  A measurement takes one
 * sample of its figures in every column; bench.c calls all measurements in
 * rounds, so that the columns are interleaved and share the machine's moods.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "tests/bench/series.h"
#include "tests/bench/server.h"

typedef enum {
    COLUMN_VMD,
    COLUMN_QEMU,
    COLUMN_FLOOR,
    N_COLUMNS,
} Column;

typedef enum {
    FIGURE_GREETING,
    FIGURE_SHUTDOWN,
    FIGURE_SHUTDOWN_BARE,
    FIGURE_DIRTY_GREETING,
    FIGURE_DIRTY_BUILT,
    FIGURE_STATUS,
    FIGURE_PIPELINE,
    FIGURE_SCHEMA,
    FIGURE_ADD_FIRST,
    FIGURE_ADD_LAST,
    FIGURE_ADD_GROWTH,
    FIGURE_TREE_LIST,
    FIGURE_TREE_LIST_GROWTH,
    FIGURE_TREE_GET,
    FIGURE_TREE_GET_GROWTH,
    FIGURE_PIO_NOTHING,
    FIGURE_PIO_UART,
    FIGURE_MMIO,
    FIGURE_BLK_RANDOM_NULL,
    FIGURE_BLK_RANDOM_NULL_IO,
    FIGURE_BLK_RANDOM_FILE,
    FIGURE_BLK_RANDOM_FILE_IO,
    FIGURE_BLK_SEQUENTIAL_NULL,
    FIGURE_BLK_SEQUENTIAL_NULL_IO,
    FIGURE_BLK_SEQUENTIAL_FILE,
    FIGURE_BLK_SEQUENTIAL_FILE_IO,
    FIGURE_NET_SMALL,
    FIGURE_NET_LARGE,
    FIGURE_PC_FIRST,
    FIGURE_PC_FIRMWARE,
    FIGURE_PC_DIRTY,
    FIGURE_PC_DEVICES,
    FIGURE_PC_BUILD,
    FIGURE_PC_DIRTY_DEVICES,
    N_FIGURES,
} FigureId;

/* What a figure must reach; zero members demand nothing. */
typedef struct {
    double min_speedup;         /* QEMU's median divided by vmd's */
    double max_floor_ratio;     /* vmd's median divided by the floor's */
    double max_share;           /* of QEMU's distance from the floor, above the floor */
    double max_value;           /* vmd's own median */
} Target;

typedef struct {
    const char *what;
    const char *unit;
    const char *target_text;    /* NULL: shown for information */
    Target target;
} FigureInfo;

extern const FigureInfo bench_figures[N_FIGURES];

typedef struct {
    const char *vmd;            /* paths; NULL: no such program, no such column */
    const char *qemu;
    const char *floor;
    const char *echo;
    const char *guest;
    const char *exit_guest;
    char *directory;            /* for sockets and serial output */
    bool kvm;                   /* /dev/kvm can be used */
    double ns_per_tick;
    Series series[N_FIGURES][N_COLUMNS];
} Bench;

/* Files in bench->directory, besides the log and the serial port's. */
#define BENCH_FIFO "fifo"
#define BENCH_ROM "rom"

/* The measurements; false: *error says what went wrong in which column. */
bool measure_greeting(Bench *bench, GError **error);
bool measure_shutdown(Bench *bench, GError **error);
bool measure_built(Bench *bench, GError **error);
bool measure_protocol(Bench *bench, GError **error);
bool measure_tree(Bench *bench, GError **error);
bool measure_exits(Bench *bench, GError **error);
bool measure_block(Bench *bench, GError **error);
bool measure_net(Bench *bench, GError **error);
bool measure_pc(Bench *bench, GError **error);

/* Starts vmd or QEMU without a machine, and reads the greeting; NULL on error. */
Server *bench_start_empty(const Bench *bench, Column column, GError **error);

/* Requests that build the microvm on an empty vmd, qmp_capabilities included,
 * cont not; serial is the file for the UART's output, NULL: no UART. */
char *bench_microvm_requests(const char *kernel, const char *append, const char *serial);

/* Starts vmd, or QEMU with the machine (stopped) on its command line; nothing is
 * sent or read yet.  NULL on error. */
Server *bench_start_microvm(const Bench *bench, Column column, const char *kernel,
                            const char *append, const char *serial, GError **error);

/* NULL if the figure has no target or lacks a column for it; else whether it is
 * met. */
const bool *bench_target_met(const Bench *bench, FigureId id);

void report_table(const Bench *bench, FILE *to);
bool report_json(const Bench *bench, const char *path, GError **error);

#endif
