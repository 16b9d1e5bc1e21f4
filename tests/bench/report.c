/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table on standard output and the JSON file.
 */
#include "config.h"
#include "tests/bench/bench.h"

#include <math.h>
#include <string.h>
#include <sys/utsname.h>

static const char *const column_names[N_COLUMNS] = { "vmd", "qemu", "floor" };

/* Three significant digits, or "-" for no samples. */
static const char *format_value(char *buffer, gsize size, double value)
{
    if (isnan(value))
        g_strlcpy(buffer, "-", size);
    else
        g_snprintf(buffer, (gulong)size, "%.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
    return buffer;
}

static const char *met_text(const bool *met)
{
    return !met ? "-" : *met ? "yes" : "NO";
}

static bool was_measured(const Bench *bench, FigureId id)
{
    for (guint c = 0; c < N_COLUMNS; c++) {
        if (series_length(&bench->series[id][c]) > 0)
            return true;
    }
    return false;
}

static void report_row(const Bench *bench, FigureId id, FILE *to)
{
    const FigureInfo *info = &bench_figures[id];
    double median[N_COLUMNS];
    char text[N_COLUMNS + 2][24];

    for (guint c = 0; c < N_COLUMNS; c++) {
        median[c] = series_median(&bench->series[id][c]);
        format_value(text[c], sizeof(text[c]), median[c]);
    }
    format_value(text[3], sizeof(text[3]), median[COLUMN_QEMU] / median[COLUMN_VMD]);
    format_value(text[4], sizeof(text[4]), median[COLUMN_VMD] / median[COLUMN_FLOOR]);
    fprintf(to, "%-48s %5s %9s %9s %9s %9s %9s  %-28s %s\n", info->what, info->unit, text[0],
            text[1], text[2], text[3], text[4], info->target_text ? info->target_text : "",
            met_text(bench_target_met(bench, id)));
}

void report_table(const Bench *bench, FILE *to)
{
    fprintf(to, "%-48s %5s %9s %9s %9s %9s %9s  %-28s %s\n", "what (medians)", "unit", "vmd",
            "qemu", "floor", "qemu/vmd", "vmd/floor", "target", "met");
    for (guint id = 0; id < N_FIGURES; id++) {
        if (was_measured(bench, id))
            report_row(bench, id, to);
    }
}

void report_spread(const Bench *bench, FILE *to)
{
    for (guint id = FIGURE_CPU_QUICKSORT; id <= FIGURE_CPU_MEAN; id++) {
        const Series *vmd = &bench->series[id][COLUMN_VMD];
        const Series *qemu = &bench->series[id][COLUMN_QEMU];
        guint n = MIN(series_length(vmd), series_length(qemu));
        g_auto(Series) ratios = { NULL };

        for (guint i = 0; i < n; i++)
            series_add(&ratios, g_array_index(qemu->samples, double, i) /
                                    g_array_index(vmd->samples, double, i));
        if (n)
            fprintf(to, "qemu/vmd by rounds, %s: %.2f to %.2f\n",
                    bench_figures[id].what + strspn(bench_figures[id].what, " "),
                    series_quantile(&ratios, 0), series_quantile(&ratios, 1));
    }
}

/* JSON has no NAN and no locale. */
static void append_number(GString *text, double value)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    if (isnan(value))
        g_string_append(text, "null");
    else
        g_string_append(text, g_ascii_formatd(buffer, sizeof(buffer), "%.6g", value));
}

static void append_series(GString *text, const char *name, const Series *series)
{
    g_string_append_printf(text, ", \"%s\": ", name);
    if (series_length(series) == 0) {
        g_string_append(text, "null");
        return;
    }
    g_string_append_printf(text, "{\"n\": %u, \"median\": ", series_length(series));
    append_number(text, series_median(series));
    g_string_append(text, ", \"min\": ");
    append_number(text, series_quantile(series, 0));
    g_string_append(text, ", \"p25\": ");
    append_number(text, series_quantile(series, 0.25));
    g_string_append(text, ", \"p75\": ");
    append_number(text, series_quantile(series, 0.75));
    g_string_append(text, ", \"max\": ");
    append_number(text, series_quantile(series, 1));
    g_string_append_c(text, '}');
}

static void append_figure(GString *text, const Bench *bench, FigureId id)
{
    const FigureInfo *info = &bench_figures[id];
    const bool *met = bench_target_met(bench, id);

    g_string_append_printf(text, "  {\"what\": \"%s\", \"unit\": \"%s\"",
                           info->what + strspn(info->what, " "), info->unit);
    for (guint c = 0; c < N_COLUMNS; c++)
        append_series(text, column_names[c], &bench->series[id][c]);
    g_string_append(text, ", \"ratio\": ");
    append_number(text, series_median(&bench->series[id][COLUMN_QEMU]) /
                            series_median(&bench->series[id][COLUMN_VMD]));
    g_string_append(text, ", \"floor-ratio\": ");
    append_number(text, series_median(&bench->series[id][COLUMN_VMD]) /
                            series_median(&bench->series[id][COLUMN_FLOOR]));
    if (info->target_text)
        g_string_append_printf(text, ", \"target\": \"%s\"", info->target_text);
    else
        g_string_append(text, ", \"target\": null");
    g_string_append_printf(text, ", \"met\": %s}", !met ? "null" : *met ? "true" : "false");
}

bool report_json(const Bench *bench, const char *path, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct utsname host;

    uname(&host);
    g_string_append_printf(text, "{\"host\": {\"kernel\": \"%s\", \"cpus\": %u},\n"
                           " \"figures\": [\n", host.release, g_get_num_processors());
    for (guint id = 0; id < N_FIGURES; id++) {
        if (id > 0)
            g_string_append(text, ",\n");
        append_figure(text, bench, id);
    }
    g_string_append(text, "\n]}\n");
    return g_file_set_contents(path, text->str, (gssize)text->len, error);
}
