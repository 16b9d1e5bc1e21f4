/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the words of a command line to items, and from items to requests: the phases.
 */
#include "config.h"
#include "client/translate/drive-unit.h"
#include "client/translate/plan.h"

#include <stdlib.h>
#include <string.h>

#include "client/translate/typed.h"
#include "qmp/json.h"
#include "qmp/nearest.h"
#include "qmp/text.h"

/* ---- Items ---- */

static void item_free(void *data)
{
    Item *item = data;

    g_free(item->origin);
    g_free(item->text);
    qmp_options_free(item->options);
    json_decref(item->json);
    g_free(item);
}

static int compare_row(const void *name, const void *row)
{
    return strcmp(name, ((const OptionRow *)row)->name);
}

/* NULL if there is none. */
static const OptionRow *find_option(const char *name)
{
    return bsearch(name, option_rows, n_option_rows, sizeof(option_rows[0]), compare_row);
}

const char *translate_option_group(const char *option)
{
    const OptionRow *row = find_option(option);

    return row ? option_group(row) : NULL;
}

const OptionRow *option_find_group(const char *group)
{
    for (guint i = 0; i < n_option_rows; i++) {
        if (g_strcmp0(option_group(&option_rows[i]), group) == 0) {
            return &option_rows[i];
        }
    }
    return NULL;
}

void translate_foreach_option(bool (*f)(const char *name, const char *argument, const char *fate,
                                        void *data), void *data)
{
    for (guint i = 0; i < n_option_rows; i++) {
        const OptionRow *row = &option_rows[i];

        if (!f(row->name, option_argument(row), option_fate(row), data)) {
            return;
        }
    }
}

/* The item that an option is merged into, or NULL. */
static Item *find_merged(const Plan *plan, const OptionRow *row)
{
    for (guint i = 0; row->flags & OPTION_MERGE && i < plan->items->len; i++) {
        Item *item = plan->items->pdata[i];

        if (item->row->handle == row->handle) {     /* -M is -machine */
            return item;
        }
    }
    return NULL;
}

static bool merge(Item *item, const char *text, const char *origin, GError **error)
{
    g_autofree char *before = item->origin;

    item->origin = g_strconcat(before, " ", origin, NULL);
    return qmp_options_add_text(item->options, text, option_implied(item->row), error);
}

bool item_json_to_options(Item *item, GError **error)
{
    item->options = plan_options();
    if (!typed_to_options(item->json, item->options, error)) {
        return false;
    }
    json_decref(item->json);
    item->json = NULL;
    return true;
}

static bool parse_json(Item *item, GError **error)
{
    item->json = qmp_json_parse(item->text, strlen(item->text), error);
    if (!item->json || !(item->row->flags & OPTION_MERGE)) {
        return item->json != NULL;
    }
    /* A group to which other options of the same name are added. */
    return item_json_to_options(item, error);
}

/* How the keys of an argument are parsed. */
static guint options_flags(const Item *item)
{
    bool named = g_str_has_prefix(item->text, "driver=");
    const char *text = item->text + (named ? strlen("driver=") : 0);
    g_autofree char *word = g_strndup(text, strcspn(text, ","));

    if (item->row->handle == option_device) {
        return device_options_flags(word);
    }
    return item->row->flags & OPTION_FLAT ? QMP_OPTIONS_FLAT : 0;
}

static bool parse_argument(Item *item, GError **error)
{
    guint flags = item->row->flags;

    if (flags & OPTION_JSON && item->text[0] == '{') {
        return parse_json(item, error);
    }
    if (flags & OPTION_KEYED) {
        item->options = qmp_options_parse(item->text, option_implied(item->row),
                                          options_flags(item), error);
        return item->options != NULL;
    }
    return true;
}

/* Adds an option as text. */
static bool add_item(Plan *plan, const OptionRow *row, const char *text, const char *origin,
                          GError **error)
{
    Item *item = find_merged(plan, row);

    if (item && item->options && text[0] != '{') {
        return merge(item, text, origin, error);
    }
    item = g_new0(Item, 1);
    item->row = row;
    item->text = g_strdup(text);
    item->origin = g_strdup(origin);
    if (!parse_argument(item, error)) {
        item_free(item);
        return false;
    }
    g_ptr_array_add(plan->items, item);
    return true;
}

bool plan_add_group(Plan *plan, const OptionRow *row, QmpOptions *options, const char *origin,
                    GError **error)
{
    Item *item = find_merged(plan, row);

    if (item && item->options) {
        bool ok = plan_move_all(options, item->options, "", error);

        qmp_options_free(options);
        return ok;
    }
    item = g_new0(Item, 1);
    item->row = row;
    item->text = g_strdup("");
    item->origin = g_strdup(origin);
    item->options = options;
    g_ptr_array_add(plan->items, item);
    return true;
}

/* ---- -set: one key of a group that was given before ---- */

static Item *find_group(const Plan *plan, const char *group, const char *id)
{
    for (guint i = 0; i < plan->items->len; i++) {
        Item *item = plan->items->pdata[i];

        if (item->options && g_strcmp0(option_group(item->row), group) == 0 &&
            g_strcmp0(qmp_options_get(item->options, "id"), id) == 0) {
            return item;
        }
    }
    return NULL;
}

static bool apply_set(Plan *plan, const char *text, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *left = g_strndup(text, equals ? (gsize)(equals - text) : 0);
    g_auto(GStrv) parts = g_strsplit(left, ".", 3);
    Item *item;

    if (g_strv_length(parts) != 3) {
        qmp_error_set(error, ERROR_REASON_SYNTAX, "must be GROUP.ID.KEY=VALUE");
        return false;
    }
    item = find_group(plan, parts[0], parts[1]);
    if (!item) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                      "no option before it makes a '%s' with the id '%s'", parts[0], parts[1]);
        return false;
    }
    return qmp_options_add(item->options, parts[2], equals + 1, 0, error);
}

/* ---- Words ---- */

static bool unknown_option(const char *word, GError **error)
{
    g_autofree char *quoted = qmp_text_quote(word);
    g_autofree char *hint = NULL;
    QmpNearest nearest;

    qmp_nearest_init(&nearest, word + strspn(word, "-"));
    for (guint i = 0; i < n_option_rows; i++) {
        qmp_nearest_add(&nearest, option_rows[i].name);
    }
    hint = qmp_nearest_hint(&nearest);
    qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "there is no option %s%s", quoted, hint);
    return false;
}

/* One option with its argument, which may be NULL. */
static bool take_option(Plan *plan, const OptionRow *row, const char *text, const char *origin,
                        GError **error)
{
    if (g_str_equal(row->name, "readconfig")) {
        return config_file_read(plan, text, error);
    }
    if (g_str_equal(row->name, "set")) {
        return apply_set(plan, text, error);
    }
    return add_item(plan, row, text ? text : "", origin, error);
}

static void word_problem(Plan *plan, const char *origin, guint number, GError *error)
{
    g_prefix_error(&error, "word %u: %s: ", number, origin);
    g_ptr_array_add(plan->out->problems, error);
}

/* Takes one option with its argument from args; returns the number of words. */
static int take_words(Plan *plan, int n_args, const char *const *args, guint number)
{
    const char *word = args[0];
    bool is_option = word[0] == '-' && word[1];
    const OptionRow *row = is_option ? find_option(word + (word[1] == '-' ? 2 : 1)) : NULL;
    bool takes = row && option_argument(row);
    const char *text = takes && n_args > 1 ? args[1] : NULL;
    g_autofree char *origin = text ? g_strconcat(word, " ", text, NULL) : g_strdup(word);
    g_autofree char *clean = qmp_text_clean(origin);
    GError *error = NULL;

    if (!is_option) {
        /* As in QEMU a word without option is the first disk. */
        row = find_option("hda");
        text = word;
    }
    if (!g_utf8_validate(origin, -1, NULL)) {
        qmp_error_set(&error, ERROR_REASON_SYNTAX, "is not UTF-8 text");
    } else if (!row) {
        unknown_option(word, &error);
    } else if (takes && !text) {
        qmp_error_set(&error, ERROR_REASON_SYNTAX, "needs an argument: %s", option_argument(row));
    } else if (take_option(plan, row, text, origin, &error)) {
        return takes ? 2 : 1;
    }
    word_problem(plan, clean, number, error);
    return takes && text ? 2 : 1;
}

/* ---- Phases ---- */

static bool (*const finishers[PHASE__MAX])(Plan *plan, GError **error) = {
    [PHASE_COLLECT] = finish_accel,
    [PHASE_OBJECT] = finish_machine,
    [PHASE_BOARD] = finish_board,
    [PHASE_DEVICE] = finish_devices,
    [PHASE_LATE] = finish_late,
};

static void run_handler(Plan *plan, Item *item)
{
    const Translation *out = plan->out;
    guint before = out->notes->len + out->starts->len;
    GError *error = NULL;

    plan->current = item;
    if (!item->row->handle(plan, item, &error)) {
        plan_problem(plan, item, error);
    } else if (item->row->phase == PHASE_COLLECT &&
               out->notes->len + out->starts->len == before) {
        plan_note(plan, "%s", option_fate(item->row));     /* part of a later request */
    }
}

static void run_phase(Plan *plan, Phase phase)
{
    GError *error = NULL;

    for (guint i = 0; i < plan->items->len; i++) {
        Item *item = plan->items->pdata[i];

        if (item->row->phase == phase) {
            run_handler(plan, item);
        }
    }
    plan->current = NULL;
    if (finishers[phase] && !finishers[phase](plan, &error)) {
        plan_problem(plan, plan->current, error);
    }
}

static void request_free(void *data)
{
    TranslatedRequest *request = data;

    json_decref(request->json);
    g_free(request->origin);
    g_free(request->why);
    g_free(request);
}

static void note_free(void *data)
{
    TranslationNote *note = data;

    g_free(note->origin);
    g_free(note->text);
    g_free(note->value);
    g_free(note);
}

static void overlay_free(gpointer data)
{
    TranslationOverlay *overlay = data;

    g_free(overlay->fd);
    g_free(overlay->filename);
    g_free(overlay);
}

static void bridge_free(gpointer data)
{
    TranslationBridge *bridge = data;

    g_free(bridge->origin);
    g_free(bridge->fd);
    g_free(bridge->bridge);
    g_free(bridge->helper);
    g_free(bridge);
}

static void fd_free(gpointer data)
{
    TranslationFd *fd = data;

    g_free(fd->number);
    json_decref(fd->request);
    g_free(fd);
}

static Translation *translation_new(void)
{
    Translation *out = g_new0(Translation, 1);

    out->requests = g_ptr_array_new_with_free_func(request_free);
    out->notes = g_ptr_array_new_with_free_func(note_free);
    out->starts = g_ptr_array_new_with_free_func(note_free);
    out->overlays = g_ptr_array_new_with_free_func(overlay_free);
    out->bridges = g_ptr_array_new_with_free_func(bridge_free);
    out->fds = g_ptr_array_new_with_free_func(fd_free);
    out->problems = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    return out;
}

void translation_free(Translation *translation)
{
    if (translation) {
        g_ptr_array_unref(translation->requests);
        g_ptr_array_unref(translation->notes);
        g_ptr_array_unref(translation->starts);
        g_ptr_array_unref(translation->overlays);
        g_ptr_array_unref(translation->bridges);
        g_ptr_array_unref(translation->fds);
        g_ptr_array_unref(translation->problems);
        g_free(translation);
    }
}

static void plan_init(Plan *plan)
{
    plan->out = translation_new();
    plan->items = g_ptr_array_new_with_free_func(item_free);
    plan->objects.linked = g_ptr_array_new();
    plan->disks.units = g_ptr_array_new_with_free_func(drive_unit_free);
    plan->monitors = g_ptr_array_new();
    plan->machine.options = plan_options();
    plan->accel.choices = accel_choices_new();
    plan->accel.machine_choices = accel_choices_new();
    plan->accel.options = plan_options();
    plan->memory.options = plan_options();
    plan->memory.steps = json_array();
    plan->memory.step_items = g_ptr_array_new();
    plan->action.options = plan_options();
    plan->machine.defaults = json_array();
    plan->cpu.n = plan->cpu.max = 1;
}

static void plan_clear(Plan *plan)
{
    g_ptr_array_unref(plan->objects.linked);
    g_ptr_array_unref(plan->disks.units);
    g_ptr_array_unref(plan->monitors);
    g_ptr_array_unref(plan->items);
    qmp_options_free(plan->machine.options);
    g_ptr_array_unref(plan->accel.choices);
    g_ptr_array_unref(plan->accel.machine_choices);
    qmp_options_free(plan->accel.options);
    qmp_options_free(plan->memory.options);
    json_decref(plan->memory.steps);
    g_ptr_array_unref(plan->memory.step_items);
    qmp_options_free(plan->action.options);
    json_decref(plan->machine.defaults);
}

/* Stops after a phase with problems: the next would only repeat them. */
static Translation *finish(Plan *plan)
{
    for (Phase phase = 0; !plan->out->problems->len && phase < PHASE__MAX; phase++) {
        run_phase(plan, phase);
    }
    plan_clear(plan);
    return plan->out;
}

Translation *translate_command_line(int n_args, const char *const *args)
{
    Plan plan = { 0 };

    plan_init(&plan);
    for (int i = 0; i < n_args; ) {
        i += take_words(&plan, n_args - i, args + i, i + 1);
    }
    return finish(&plan);
}

Translation *translate_config(const char *name, const char *text)
{
    Plan plan = { 0 };
    GError *error = NULL;

    plan_init(&plan);
    if (!config_file_parse(&plan, name, text, &error)) {
        g_ptr_array_add(plan.out->problems, error);
    }
    return finish(&plan);
}
