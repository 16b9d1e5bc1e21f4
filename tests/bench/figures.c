/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figures, their targets, and whether they are met.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <math.h>

/* As fast as QEMU: medians of what is bound by the host's memory differ by a few
 * percent from run to run. */
#define AS_FAST 0.95
/* What the caches of a larger process cost is no growth. */
#define NO_GROWTH 1.2
/* Each of the timed programs. */
#define PROGRAM_TARGET "1.2 times faster", { .min_speedup = 1.2 }

const FigureInfo bench_figures[N_FIGURES] = {
    [FIGURE_GREETING] = { "process start to QMP greeting (floor: libraries)", "ms",
                          "10 times faster, 2 floors",
                          { .min_speedup = 10, .max_floor_ratio = 2 } },
    [FIGURE_SHUTDOWN] = { "process start to SHUTDOWN, guest ends at once", "ms",
                          "floor + 1/4 of QEMU's rest", { .max_share = 0.25 } },
    [FIGURE_SHUTDOWN_BARE] = { "  floor without interrupt controllers", "ms", NULL, { 0 } },
    [FIGURE_DIRTY_GREETING] = { "Private_Dirty at the greeting", "KiB", "a fifth, at most 400",
                                { .min_speedup = 5, .max_value = 400 } },
    [FIGURE_DIRTY_BUILT] = { "Private_Dirty, 64 MiB microvm built", "KiB", "a fifth",
                             { .min_speedup = 5 } },
    [FIGURE_STATUS] = { "query-status round trip (floor: epoll echo)", "us",
                        "3 times faster, 1.3 floors",
                        { .min_speedup = 3, .max_floor_ratio = 1.3 } },
    [FIGURE_PIPELINE] = { "10,000 query-status pipelined", "ms", "5 times faster",
                          { .min_speedup = 5 } },
    [FIGURE_SCHEMA] = { "query-qmp-schema", "ms", "20 times faster", { .min_speedup = 20 } },
    [FIGURE_ADD_FIRST] = { "object-add, first 50 of 1,000", "us", NULL, { 0 } },
    [FIGURE_ADD_LAST] = { "object-add, last 50 of 1,000", "us", NULL, { 0 } },
    [FIGURE_ADD_GROWTH] = { "  last against first", "times", "at most 2", { .max_value = 2 } },
    [FIGURE_TREE_LIST] = { "qom-list pipelined, tree of 10,000 objects", "us", NULL, { 0 } },
    [FIGURE_TREE_LIST_GROWTH] = { "  against a tree of ten", "times", "no growth",
                                  { .max_value = NO_GROWTH } },
    [FIGURE_TREE_GET] = { "qom-get pipelined, tree of 10,000 objects", "us", NULL, { 0 } },
    [FIGURE_TREE_GET_GROWTH] = { "  against a tree of ten", "times", "no growth",
                                 { .max_value = NO_GROWTH } },
    [FIGURE_PIO_NOTHING] = { "port exit, nothing there (0x80)", "ns", "1.1 floors",
                             { .max_floor_ratio = 1.1 } },
    [FIGURE_PIO_UART] = { "port exit, UART scratch register (0x3ff)", "ns", "1.1 floors",
                          { .max_floor_ratio = 1.1 } },
    [FIGURE_MMIO] = { "MMIO exit (0xfea00000)", "ns", "1.1 floors", { .max_floor_ratio = 1.1 } },
    [FIGURE_BLK_RANDOM_NULL] = { "4 KiB random reads, null-co", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_BLK_RANDOM_NULL_IO] = { "4 KiB random reads, null-co, iothread", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_BLK_RANDOM_FILE] = { "4 KiB random reads, tmpfs file", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_BLK_RANDOM_FILE_IO] = { "4 KiB random reads, tmpfs file, iothread", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_BLK_SEQUENTIAL_NULL] = { "1 MiB sequential reads, null-co", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_BLK_SEQUENTIAL_NULL_IO] = { "1 MiB sequential reads, null-co, iothread", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_BLK_SEQUENTIAL_FILE] = { "1 MiB sequential reads, tmpfs file", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_BLK_SEQUENTIAL_FILE_IO] = { "1 MiB sequential reads, tmpfs file, iothread", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_SCSI_RANDOM_NULL] = { "4 KiB random reads, virtio-scsi, null-co", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_SCSI_RANDOM_FILE] = { "4 KiB random reads, virtio-scsi, tmpfs file", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_SCSI_SEQUENTIAL_NULL] = { "1 MiB sequential reads, virtio-scsi, null-co", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_SCSI_SEQUENTIAL_FILE] = { "1 MiB sequential reads, virtio-scsi, tmpfs file", "us", "as fast",
                                        { .min_speedup = AS_FAST } },
    [FIGURE_QCOW2_FULL_READ] = { "4 KiB random reads, full qcow2", "us", "as fast",
                                 { .min_speedup = AS_FAST } },
    [FIGURE_QCOW2_FULL_READ_1M] = { "1 MiB sequential reads, full qcow2", "us", "as fast",
                                    { .min_speedup = AS_FAST } },
    [FIGURE_QCOW2_FULL_WRITE] = { "4 KiB random writes, full qcow2", "us", "as fast",
                                  { .min_speedup = AS_FAST } },
    [FIGURE_QCOW2_FULL_WRITE_1M] = { "1 MiB sequential writes, full qcow2", "us", "as fast",
                                     { .min_speedup = AS_FAST } },
    [FIGURE_QCOW2_FRESH_WRITE] = { "4 KiB random writes, fresh qcow2", "us", "as fast",
                                   { .min_speedup = AS_FAST } },
    [FIGURE_QCOW2_FRESH_WRITE_1M] = { "1 MiB sequential writes, fresh qcow2", "us", "as fast",
                                      { .min_speedup = AS_FAST } },
    [FIGURE_QCOW2_BACKED_READ] = { "4 KiB random reads, backed qcow2", "us", "as fast",
                                   { .min_speedup = AS_FAST } },
    [FIGURE_QCOW2_BACKED_READ_1M] = { "1 MiB sequential reads, backed qcow2", "us", "as fast",
                                      { .min_speedup = AS_FAST } },
    [FIGURE_QCOW2_BACKED_WRITE] = { "4 KiB random writes, backed qcow2", "us", "as fast",
                                    { .min_speedup = AS_FAST } },
    [FIGURE_QCOW2_BACKED_WRITE_1M] = { "1 MiB sequential writes, backed qcow2", "us", "as fast",
                                       { .min_speedup = AS_FAST } },
    [FIGURE_NET_SMALL] = { "60 byte frame out and back by a socket", "us", "as fast",
                           { .min_speedup = AS_FAST } },
    [FIGURE_NET_LARGE] = { "1514 byte frame out and back by a socket", "us", "as fast",
                           { .min_speedup = AS_FAST } },
    [FIGURE_PC_FIRST] = { "process start to SHUTDOWN, pc without firmware", "ms",
                          "floor + 1/4 of QEMU's rest", { .max_share = 0.25 } },
    [FIGURE_PC_FIRMWARE] = { "process start to SeaBIOS's first debug byte, pc", "ms",
                             "floor + 1/4 of QEMU's rest", { .max_share = 0.25 } },
    [FIGURE_PC_DIRTY] = { "Private_Dirty, 64 MiB pc and 4 bridges built", "KiB", "a fifth",
                          { .min_speedup = 5 } },
    [FIGURE_PC_DEVICES] = { "device_add of 100 virtio-rng-pci, stopped pc", "ms",
                            "8 times faster", { .min_speedup = 8 } },
    [FIGURE_PC_BUILD] = { "build of these 100 (QEMU: device_add)", "ms", "10 times faster",
                          { .min_speedup = 10 } },
    [FIGURE_PC_DIRTY_DEVICES] = { "Private_Dirty with these", "KiB", "a fifth",
                                  { .min_speedup = 5 } },
    [FIGURE_PC_QTREE] = { "info qtree of these, human-monitor-command", "ms", "at most 50",
                          { .max_value = 50 } },
    [FIGURE_CPU_QUICKSORT] = { "CPU time by tcg: quicksort (floor: native)", "s", PROGRAM_TARGET },
    [FIGURE_CPU_HASH] = { "  crc, fnv, hash table", "s", PROGRAM_TARGET },
    [FIGURE_CPU_STRINGS] = { "  memcpy, strlen, strcmp in C", "s", PROGRAM_TARGET },
    [FIGURE_CPU_CHASE] = { "  pointers through 4 MiB", "s", PROGRAM_TARGET },
    [FIGURE_CPU_INTERPRETER] = { "  switch interpreter", "s", PROGRAM_TARGET },
    [FIGURE_CPU_FLOATS] = { "  SSE2 and AVX", "s", PROGRAM_TARGET },
    [FIGURE_CPU_CALLS] = { "  recursion", "s", PROGRAM_TARGET },
    [FIGURE_CPU_OBJECTS] = { "  tree, lists, function pointers", "s", PROGRAM_TARGET },
    [FIGURE_CPU_REPMOV] = { "  rep movsb, rep stosq", "s", PROGRAM_TARGET },
    [FIGURE_CPU_MEAN] = { "  geometric mean of the nine", "s", "3.5 times faster, 2.5 floors",
                          { .min_speedup = 3.5, .max_floor_ratio = 2.5 } },
    [FIGURE_LINUX_PC] = { "start to a shell's echo, Debian on pc, tcg", "s",
                          "half the time", { .min_speedup = 2 } },
    [FIGURE_LINUX_PC_CPU] = { "  CPU time", "s", "half the time", { .min_speedup = 2 } },
    [FIGURE_LINUX_MICROVM] = { "start to a shell's echo, Debian on microvm, tcg", "s",
                               "half the time", { .min_speedup = 2 } },
    [FIGURE_LINUX_MICROVM_CPU] = { "  CPU time", "s", "half the time", { .min_speedup = 2 } },
    [FIGURE_LINUX_TWO] = { "start to a shell's echo, Debian on pc with 2 CPUs, tcg", "s",
                           "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_LINUX_EIGHT] = { "  with 8 CPUs", "s", NULL, { 0 } },
    [FIGURE_LINUX_EIGHT_RATIO] = { "  8 CPUs over 1", "", "twice the time",
                                   { .max_value = 2 } },
    [FIGURE_SMP_PAIR] = { "2 CPUs, twice the work, over 1, tcg (floor: native)", "",
                          "1.15 times the time", { .max_value = 1.15 } },
    [FIGURE_IDE_PIO_SMALL] = { "4 KiB read from an IDE disk, PIO, Debian by tcg", "us", "as fast",
                               { .min_speedup = AS_FAST } },
    [FIGURE_IDE_PIO_LARGE] = { "  1 MiB", "us", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_IDE_SMALL] = { "4 KiB read from an IDE disk, DMA, Debian by tcg", "us", "as fast",
                           { .min_speedup = AS_FAST } },
    [FIGURE_IDE_LARGE] = { "  1 MiB", "us", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_SATA_SMALL] = { "4 KiB read from a SATA disk, Debian by tcg", "us", "as fast",
                            { .min_speedup = AS_FAST } },
    [FIGURE_SATA_LARGE] = { "  1 MiB", "us", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_DUMP_PPM] = { "screendump, 1024x768, PPM", "ms", "as fast",
                          { .min_speedup = AS_FAST } },
    [FIGURE_DUMP_PNG] = { "  PNG", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_DUMP_4K_PPM] = { "screendump, 3840x2160, PPM", "ms", "as fast",
                             { .min_speedup = AS_FAST } },
    [FIGURE_DUMP_4K_PNG] = { "  PNG", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_SCROLL] = { "4000 scrolls of 80x25, moved, tcg, CPU time", "s", "as fast",
                        { .min_speedup = AS_FAST } },
    [FIGURE_VNC_RAW] = { "a new screen by VNC, 1024x768, raw", "ms", "as fast",
                         { .min_speedup = AS_FAST } },
    [FIGURE_VNC_RAW_CPU] = { "  CPU time", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_VNC_TIGHT] = { "  tight", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_VNC_TIGHT_CPU] = { "  CPU time", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_VNC_ZRLE] = { "  ZRLE", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_VNC_ZRLE_CPU] = { "  CPU time", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_VNC_4K_RAW] = { "a new screen by VNC, 3840x2160, raw", "ms", "as fast",
                            { .min_speedup = AS_FAST } },
    [FIGURE_VNC_4K_RAW_CPU] = { "  CPU time", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_VNC_4K_TIGHT] = { "  tight", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_VNC_4K_TIGHT_CPU] = { "  CPU time", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_VNC_4K_ZRLE] = { "  ZRLE", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_VNC_4K_ZRLE_CPU] = { "  CPU time", "ms", "as fast", { .min_speedup = AS_FAST } },
    [FIGURE_VNC_IDLE] = { "wake-ups with a viewer of a still screen", "1/s", "as few",
                          { .min_speedup = AS_FAST } },
    [FIGURE_VNC_IDLE_CPU] = { "  CPU time", "ms/s", "as little", { .min_speedup = AS_FAST } },
    [FIGURE_VNC_UNWATCHED] = { "  without a viewer", "1/s", "none", { .max_value = 0.01 } },
};

const bool *bench_target_met(const Bench *bench, FigureId id)
{
    static const bool yes = true, no = false;
    const Target *target = &bench_figures[id].target;
    double vmd = series_median(&bench->series[id][COLUMN_VMD]);
    double qemu = series_median(&bench->series[id][COLUMN_QEMU]);
    double floor = series_median(&bench->series[id][COLUMN_FLOOR]);
    bool met = true;

    if (!bench_figures[id].target_text || isnan(vmd))
        return NULL;
    if ((target->min_speedup || target->max_share) && isnan(qemu))
        return NULL;
    if ((target->max_floor_ratio || target->max_share) && isnan(floor))
        return NULL;
    if (target->min_speedup)
        met &= qemu >= target->min_speedup * vmd;
    if (target->max_floor_ratio)
        met &= vmd <= target->max_floor_ratio * floor;
    if (target->max_share)
        met &= vmd <= floor + target->max_share * (qemu - floor);
    if (target->max_value)
        met &= vmd <= target->max_value;
    return met ? &yes : &no;
}
