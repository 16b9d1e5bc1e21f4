/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks, their statistics, and jobs on them.  Formats are QEMU's.
 */
#include "config.h"

#include "client/hmp/functions.h"

/* A drive's own name, or that of the device that it belongs to, or of its node. */
static const char *drive_name(const json_t *info)
{
    const char *name = hmp_str(info, "device");

    return *name ? name : *hmp_str(info, "qdev") ? hmp_str(info, "qdev")
                                                 : hmp_str(info, "node-name");
}

static void print_limits(HmpLine *line, const json_t *inserted)
{
    static const char names[][16] = {
        "bps", "bps_rd", "bps_wr", "bps_max", "bps_rd_max", "bps_wr_max",
        "iops", "iops_rd", "iops_wr", "iops_max", "iops_rd_max", "iops_wr_max", "iops_size",
    };
    bool any = false;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        any |= hmp_int(inserted, names[i]) != 0;
    }
    if (!any) {
        return;
    }
    hmp_print(line, "    I/O throttling:   ");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        hmp_print(line, " %s=%" G_GINT64_FORMAT, names[i], hmp_int(inserted, names[i]));
    }
    hmp_print(line, " group=%s\n", hmp_str(inserted, "group"));
}

static void print_image(HmpLine *line, const json_t *image)
{
    hmp_print(line, "\nimage: ");
    hmp_print_text(line, hmp_str(image, "filename"));
    hmp_print(line, "\nfile format: %s\nvirtual size: %" G_GINT64_FORMAT " bytes\n",
              hmp_str(image, "format"), hmp_int(image, "virtual-size"));
    if (json_object_get(image, "actual-size")) {
        hmp_print(line, "disk size: %" G_GINT64_FORMAT " bytes\n", hmp_int(image, "actual-size"));
    }
}

static void print_inserted(HmpLine *line, const json_t *inserted, bool verbose)
{
    const json_t *cache = json_object_get(inserted, "cache");

    if (json_object_get(inserted, "backing_file")) {
        hmp_print(line, "    Backing file:     ");
        hmp_print_text(line, hmp_str(inserted, "backing_file"));
        hmp_print(line, " (chain depth: %d)\n", (int)hmp_int(inserted, "backing_file_depth"));
    }
    if (!g_str_equal(hmp_str(inserted, "detect_zeroes"), "off")) {
        hmp_print(line, "    Detect zeroes:    %s\n", hmp_str(inserted, "detect_zeroes"));
    }
    hmp_print(line, "    Cache mode:       %s%s%s\n",
              hmp_bool(cache, "writeback") ? "writeback" : "writethrough",
              hmp_bool(cache, "direct") ? ", direct" : "",
              hmp_bool(cache, "no-flush") ? ", ignore flushes" : "");
    print_limits(line, inserted);
    if (verbose) {
        print_image(line, json_object_get(inserted, "image"));
    }
}

static void print_head(HmpLine *line, const char *name, const json_t *inserted)
{
    const char *node = hmp_str(inserted, "node-name");

    g_string_append(line->out, name);
    if (!inserted) {
        hmp_print(line, ": [not inserted]\n");
        return;
    }
    if (*node && !g_str_equal(node, name)) {
        hmp_print(line, " (%s)", node);
    }
    hmp_print(line, ": ");
    hmp_print_text(line, hmp_str(inserted, "file"));
    hmp_print(line, " (%s%s%s)\n", hmp_str(inserted, "drv"),
              hmp_bool(inserted, "ro") ? ", read-only" : "",
              hmp_bool(inserted, "encrypted") ? ", encrypted" : "");
}

static void print_drive(HmpLine *line, const json_t *info)
{
    const json_t *inserted = json_object_get(info, "inserted");
    const char *status = hmp_str(info, "io-status");

    print_head(line, drive_name(info), inserted);
    if (*hmp_str(info, "qdev")) {
        hmp_print(line, "    Attached to:      %s\n", hmp_str(info, "qdev"));
    }
    if (*status && !g_str_equal(status, "ok")) {
        hmp_print(line, "    I/O status:       %s\n", status);
    }
    if (hmp_bool(info, "removable")) {
        hmp_print(line, "    Removable device: %slocked, tray %s\n",
                  hmp_bool(info, "locked") ? "" : "not ",
                  hmp_bool(info, "tray_open") ? "open" : "closed");
    }
    if (inserted) {
        print_inserted(line, inserted, hmp_given(line, "v"));
    }
}

/* Prints those that the line asks for. */
static void print_wanted(HmpLine *line, const json_t *reply, bool nodes)
{
    const char *wanted = hmp_word(line, "device");
    const json_t *info;
    bool any = false;
    gsize i;

    json_array_foreach(reply, i, info) {
        const char *name = nodes ? hmp_str(info, "node-name") : drive_name(info);

        if (wanted && !g_str_equal(wanted, name) && !g_str_equal(wanted, hmp_str(info, "qdev"))) {
            continue;
        }
        hmp_print(line, "%s", any ? "\n" : "");
        any = true;
        if (nodes) {
            print_head(line, name, info);
            print_inserted(line, info, hmp_given(line, "v"));
        } else {
            print_drive(line, info);
        }
    }
    if (wanted && !any) {
        hmp_fail(line, "Device '%s' not found", wanted);
    }
}

static void on_block(HmpLine *line, const json_t *reply)
{
    print_wanted(line, reply, false);
}

static void on_nodes(HmpLine *line, const json_t *reply)
{
    print_wanted(line, reply, true);
}

void hmp_info_block(HmpLine *line)
{
    if (hmp_given(line, "n")) {
        hmp_ask(line, "query-named-block-nodes", NULL, on_nodes);
    } else {
        hmp_ask(line, "query-block", NULL, on_block);
    }
}

/* ---- Statistics ---- */

static void print_stats(HmpLine *line, const json_t *stats)
{
    static const char names[][24] = {
        "rd_bytes", "wr_bytes", "rd_operations", "wr_operations", "flush_operations",
        "wr_total_time_ns", "rd_total_time_ns", "flush_total_time_ns", "rd_merged", "wr_merged",
        "idle_time_ns",
    };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (json_object_get(stats, names[i])) {
            hmp_print(line, " %s=%" G_GINT64_FORMAT, names[i], hmp_int(stats, names[i]));
        }
    }
    hmp_print(line, "\n");
}

static void on_stats(HmpLine *line, const json_t *reply)
{
    const json_t *entry;
    gsize i;

    json_array_foreach(reply, i, entry) {
        hmp_print(line, "%s:", drive_name(entry));
        print_stats(line, json_object_get(entry, "stats"));
    }
}

void hmp_info_blockstats(HmpLine *line)
{
    hmp_ask(line, "query-blockstats", NULL, on_stats);
}

static void on_jobs(HmpLine *line, const json_t *reply)
{
    const json_t *job;
    gsize i;

    if (!json_array_size(reply)) {
        hmp_print(line, "No active jobs\n");
    }
    json_array_foreach(reply, i, job) {
        hmp_print(line, "Type %s, device %s: Completed %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                  ", %s%s%s\n", hmp_str(job, "type"), hmp_str(job, "id"),
                  hmp_int(job, "current-progress"), hmp_int(job, "total-progress"),
                  hmp_str(job, "status"), json_object_get(job, "error") ? ": " : "",
                  hmp_str(job, "error"));
    }
}

void hmp_info_block_jobs(HmpLine *line)
{
    hmp_ask(line, "query-jobs", NULL, on_jobs);
}
