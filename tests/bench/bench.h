/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is measured, on which machines, and the results.
 *
 * Each figure has a series of samples for each column.  A measurement takes one
 * sample of its figures in every column; bench.c calls all measurements in
 * rounds, so that the columns are interleaved and the host's load affects all
 * of them alike.
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
    FIGURE_SCSI_RANDOM_NULL,
    FIGURE_SCSI_RANDOM_FILE,
    FIGURE_SCSI_SEQUENTIAL_NULL,
    FIGURE_SCSI_SEQUENTIAL_FILE,
    FIGURE_QCOW2_FULL_READ,
    FIGURE_QCOW2_FULL_READ_1M,
    FIGURE_QCOW2_FULL_WRITE,
    FIGURE_QCOW2_FULL_WRITE_1M,
    FIGURE_QCOW2_FRESH_WRITE,
    FIGURE_QCOW2_FRESH_WRITE_1M,
    FIGURE_QCOW2_BACKED_READ,
    FIGURE_QCOW2_BACKED_READ_1M,
    FIGURE_QCOW2_BACKED_WRITE,
    FIGURE_QCOW2_BACKED_WRITE_1M,
    FIGURE_NET_SMALL,
    FIGURE_NET_LARGE,
    FIGURE_PC_FIRST,
    FIGURE_PC_FIRMWARE,
    FIGURE_PC_DIRTY,
    FIGURE_PC_DEVICES,
    FIGURE_PC_BUILD,
    FIGURE_PC_DIRTY_DEVICES,
    FIGURE_PC_QTREE,
    FIGURE_CPU_QUICKSORT,       /* the timed programs, in the order of measure-cpu.c */
    FIGURE_CPU_HASH,
    FIGURE_CPU_STRINGS,
    FIGURE_CPU_CHASE,
    FIGURE_CPU_INTERPRETER,
    FIGURE_CPU_FLOATS,
    FIGURE_CPU_CALLS,
    FIGURE_CPU_OBJECTS,
    FIGURE_CPU_REPMOV,
    FIGURE_CPU_MEAN,
    FIGURE_LINUX_PC,
    FIGURE_LINUX_PC_CPU,
    FIGURE_LINUX_MICROVM,
    FIGURE_LINUX_MICROVM_CPU,
    FIGURE_LINUX_TWO,
    FIGURE_LINUX_EIGHT,
    FIGURE_LINUX_EIGHT_RATIO,
    FIGURE_SMP_PAIR,
    FIGURE_IDE_PIO_SMALL,
    FIGURE_IDE_PIO_LARGE,
    FIGURE_IDE_SMALL,
    FIGURE_IDE_LARGE,
    FIGURE_SATA_SMALL,
    FIGURE_SATA_LARGE,
    FIGURE_DUMP_PPM,
    FIGURE_DUMP_PNG,
    FIGURE_DUMP_4K_PPM,
    FIGURE_DUMP_4K_PNG,
    FIGURE_SCROLL,
    FIGURE_VNC_RAW,             /* time and CPU time in turns, in the order of measure-vnc.c */
    FIGURE_VNC_RAW_CPU,
    FIGURE_VNC_TIGHT,
    FIGURE_VNC_TIGHT_CPU,
    FIGURE_VNC_ZRLE,
    FIGURE_VNC_ZRLE_CPU,
    FIGURE_VNC_4K_RAW,
    FIGURE_VNC_4K_RAW_CPU,
    FIGURE_VNC_4K_TIGHT,
    FIGURE_VNC_4K_TIGHT_CPU,
    FIGURE_VNC_4K_ZRLE,
    FIGURE_VNC_4K_ZRLE_CPU,
    FIGURE_VNC_IDLE,
    FIGURE_VNC_IDLE_CPU,
    FIGURE_VNC_UNWATCHED,
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

/* What runs the guests' CPUs: the same in vmd and in QEMU. */
typedef struct {
    const char *name;           /* "kvm", "tcg" */
    const char *qemu_cpu;       /* for -cpu */
    const char *vmd_cpu;        /* device_add's driver and properties, as JSON members */
} BenchAccel;

/* By name, or NULL. */
const BenchAccel *bench_accel(const char *name);

typedef struct {
    const char *vmd;            /* paths; NULL: no such program, no such column */
    const char *qemu;
    const char *floor;
    const char *echo;
    const char *libraries;
    const char *guest;
    const char *exit_guest;
    const char *programs;       /* the folder of guests/'s images, NULL: not built */
    const char *linux_folder;   /* with `linux` and `initrd`, NULL: not there */
    char *directory;            /* for sockets and serial output */
    const BenchAccel *accel;    /* of the figures that do not name one */
    bool runs[N_COLUMNS];       /* it runs guests there */
    bool vmd_tcg;               /* vmd has a CPU in software */
    double ns_per_tick;
    Series series[N_FIGURES][N_COLUMNS];
} Bench;

/* Files in bench->directory, besides the log and the serial port's. */
#define BENCH_FIFO "fifo"
#define BENCH_ROM "rom"
#define BENCH_OUTPUT "output"

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
bool measure_cpu(Bench *bench, GError **error);
bool measure_linux(Bench *bench, GError **error);
bool measure_ide(Bench *bench, GError **error);
bool measure_screen(Bench *bench, GError **error);
bool measure_smp(Bench *bench, GError **error);
bool measure_vnc(Bench *bench, GError **error);

/* Starts vmd or QEMU without a machine, or the floor of that, and reads the greeting; NULL on
 * error. */
Server *bench_start_empty(const Bench *bench, Column column, GError **error);

/* Starts vmd or QEMU, on a CPU in software, with a PC of 32 MiB that has a VGA in slot 2 and runs a
 * program of guests/ by that name.  vnc: the path of its VNC server's socket, or NULL.  NULL on
 * error. */
Server *bench_start_screen(const Bench *bench, Column column, const char *name, const char *vnc,
                           GError **error);

/* Whether vmd has that accelerator, and can use it here. */
bool bench_vmd_has(const Bench *bench, const BenchAccel *accel);

/* Requests that build the microvm on an empty vmd, qmp_capabilities included,
 * cont not; serial is the file for the UART's output, NULL: no UART. */
char *bench_microvm_requests(const BenchAccel *accel, const char *kernel, const char *append,
                             const char *serial);

/* Starts vmd, or QEMU with the machine (stopped) on its command line; nothing is
 * sent or read yet.  NULL on error. */
Server *bench_start_microvm(const Bench *bench, Column column, const char *kernel,
                            const char *append, const char *serial, GError **error);

/* NULL if the figure has no target or lacks a column for it; else whether it is
 * met. */
const bool *bench_target_met(const Bench *bench, FigureId id);

/* How much QEMU's time over vmd's differs between rounds, for the timed programs. */
void report_spread(const Bench *bench, FILE *to);
void report_table(const Bench *bench, FILE *to);
bool report_json(const Bench *bench, const char *path, GError **error);

#endif
