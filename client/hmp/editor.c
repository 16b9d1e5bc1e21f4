/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See editor.h.  Keys are those of QEMU's monitor and of Emacs; escape sequences are ECMA-48's.
 */
#include "config.h"
#include "client/hmp/editor.h"

#include <string.h>

enum {
    CTRL_A = 1, CTRL_B, CTRL_C, CTRL_D, CTRL_E, CTRL_F,
    BACKSPACE = 8, TAB = 9, NEWLINE = 10, CTRL_K = 11, RETURN = 13, CTRL_N, CTRL_P = 16,
    CTRL_U = 21, CTRL_W = 23, ESCAPE = 27, DELETE = 127,
    LISTED_MAX = 200,           /* candidates that are shown */
    COLUMNS = 80,
};

typedef enum { PLAIN, AFTER_ESCAPE, AFTER_BRACKET } State;

struct HmpEditor {
    HmpMonitor *monitor;
    const char *prompt;
    GString *text;
    gsize cursor;
    State state;
    int parameter;              /* of an escape sequence */
    const GList *recalled;      /* the line of the history that is shown, or NULL */
    bool after_return;          /* a line feed that follows belongs to it */
};

HmpEditor *hmp_editor_new(HmpMonitor *monitor, const char *prompt)
{
    HmpEditor *editor = g_new0(HmpEditor, 1);

    editor->monitor = monitor;
    editor->prompt = prompt;
    editor->text = g_string_new(NULL);
    return editor;
}

void hmp_editor_free(HmpEditor *editor)
{
    if (editor) {
        g_string_free(editor->text, TRUE);
        g_free(editor);
    }
}

void hmp_editor_begin(HmpEditor *editor, GString *out)
{
    g_string_truncate(editor->text, 0);
    editor->cursor = 0;
    editor->recalled = NULL;
    g_string_append(out, editor->prompt);
}

const char *hmp_editor_text(const HmpEditor *editor)
{
    return editor->text->str;
}

char *hmp_editor_before_cursor(const HmpEditor *editor)
{
    return g_strndup(editor->text->str, editor->cursor);
}

/* ---- What the terminal shows ---- */

/* Characters of UTF-8 in bytes [from, to). */
static gsize width(const HmpEditor *editor, gsize from, gsize to)
{
    gsize n = 0;

    for (gsize i = from; i < to; i++) {
        n += ((guint8)editor->text->str[i] & 0xc0) != 0x80;
    }
    return n;
}

static void move(GString *out, gsize n, char direction)
{
    if (n) {
        g_string_append_printf(out, "\033[%" G_GSIZE_FORMAT "%c", n, direction);
    }
}

/* Draws from byte `from` on, where the terminal's cursor is, and puts it back to the cursor. */
static void draw_rest(const HmpEditor *editor, gsize from, GString *out)
{
    g_string_append(out, editor->text->str + from);
    g_string_append(out, "\033[K");
    move(out, width(editor, editor->cursor, editor->text->len), 'D');
}

static gsize before(const HmpEditor *editor, gsize at)
{
    while (at && ((guint8)editor->text->str[--at] & 0xc0) == 0x80) {
    }
    return at;
}

static gsize after(const HmpEditor *editor, gsize at)
{
    while (at < editor->text->len && ((guint8)editor->text->str[++at] & 0xc0) == 0x80) {
    }
    return at;
}

static void go_to(HmpEditor *editor, gsize to, GString *out)
{
    if (to < editor->cursor) {
        move(out, width(editor, to, editor->cursor), 'D');
    } else {
        move(out, width(editor, editor->cursor, to), 'C');
    }
    editor->cursor = to;
}

/* ---- Changes ---- */

static void insert(HmpEditor *editor, const char *text, gsize length, GString *out)
{
    gsize from = editor->cursor;

    if (editor->text->len + length > HMP_LINE_MAX) {
        g_string_append_c(out, '\a');
        return;
    }
    g_string_insert_len(editor->text, from, text, length);
    editor->cursor += length;
    if (editor->cursor == editor->text->len) {
        g_string_append_len(out, text, length);
    } else {
        draw_rest(editor, from, out);
    }
}

/* Erases from one byte to another; the cursor is at the first then. */
static void erase(HmpEditor *editor, gsize from, gsize to, GString *out)
{
    go_to(editor, from, out);
    g_string_erase(editor->text, from, to - from);
    draw_rest(editor, from, out);
}

static void replace(HmpEditor *editor, const char *text, GString *out)
{
    go_to(editor, 0, out);
    g_string_assign(editor->text, text);
    editor->cursor = editor->text->len;
    draw_rest(editor, 0, out);
}

static void recall(HmpEditor *editor, bool older, GString *out)
{
    const GList *to = !editor->recalled ? older ? editor->monitor->history.tail : NULL
                      : older ? editor->recalled->prev : editor->recalled->next;

    if (to || !older) {
        editor->recalled = to;
        replace(editor, to ? to->data : "", out);
    }
}

static gsize word_start(const HmpEditor *editor)
{
    gsize at = editor->cursor;

    while (at && g_ascii_isspace(editor->text->str[at - 1])) {
        at--;
    }
    while (at && !g_ascii_isspace(editor->text->str[at - 1])) {
        at--;
    }
    return at;
}

/* ---- Keys ---- */

static HmpEditorEvent control(HmpEditor *editor, char byte, GString *out)
{
    switch (byte) {
    case CTRL_A:
        go_to(editor, 0, out);
        break;
    case CTRL_B:
        go_to(editor, before(editor, editor->cursor), out);
        break;
    case CTRL_C:
        g_string_append(out, "^C\n");
        hmp_editor_begin(editor, out);
        break;
    case CTRL_D:
        if (!editor->text->len) {
            return HMP_EDITOR_END;
        }
        erase(editor, editor->cursor, after(editor, editor->cursor), out);
        break;
    case CTRL_E:
        go_to(editor, editor->text->len, out);
        break;
    case CTRL_F:
        go_to(editor, after(editor, editor->cursor), out);
        break;
    case BACKSPACE:
    case DELETE:
        erase(editor, before(editor, editor->cursor), editor->cursor, out);
        break;
    case TAB:
        return HMP_EDITOR_COMPLETE;
    case CTRL_K:
        erase(editor, editor->cursor, editor->text->len, out);
        break;
    case CTRL_N:
    case CTRL_P:
        recall(editor, byte == CTRL_P, out);
        break;
    case CTRL_U:
        erase(editor, 0, editor->cursor, out);
        break;
    case CTRL_W:
        erase(editor, word_start(editor), editor->cursor, out);
        break;
    case ESCAPE:
        editor->state = AFTER_ESCAPE;
        break;
    default:
        break;
    }
    return HMP_EDITOR_GOES_ON;
}

/* The last byte of an escape sequence. */
static void sequence(HmpEditor *editor, char byte, GString *out)
{
    static const struct { char byte; int parameter; char key; } keys[] = {
        { 'A', 0, CTRL_P }, { 'B', 0, CTRL_N }, { 'C', 0, CTRL_F }, { 'D', 0, CTRL_B },
        { 'H', 0, CTRL_A }, { 'F', 0, CTRL_E }, { '~', 1, CTRL_A }, { '~', 7, CTRL_A },
        { '~', 4, CTRL_E }, { '~', 8, CTRL_E },
    };

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (keys[i].byte == byte && keys[i].parameter == editor->parameter) {
            control(editor, keys[i].key, out);
        }
    }
    if (byte == '~' && editor->parameter == 3) {
        erase(editor, editor->cursor, after(editor, editor->cursor), out);
    }
}

static void escaped(HmpEditor *editor, char byte, GString *out)
{
    if (editor->state == AFTER_ESCAPE) {
        editor->state = byte == '[' || byte == 'O' ? AFTER_BRACKET : PLAIN;
        editor->parameter = 0;
    } else if (g_ascii_isdigit(byte)) {
        editor->parameter = (editor->parameter * 10 + byte - '0') % 1000;
    } else if (byte >= ' ' && byte < '@') {
        editor->parameter = 0;          /* another one follows; no key has two */
    } else {
        editor->state = PLAIN;
        sequence(editor, byte, out);
    }
}

HmpEditorEvent hmp_editor_feed(HmpEditor *editor, char byte, GString *out)
{
    bool after_return = editor->after_return;

    editor->after_return = byte == RETURN;
    if (byte == NEWLINE && after_return) {
        return HMP_EDITOR_GOES_ON;
    }
    if (editor->state != PLAIN) {
        escaped(editor, byte, out);
        return HMP_EDITOR_GOES_ON;
    }
    if (byte == RETURN || byte == NEWLINE) {
        g_string_append_c(out, '\n');
        hmp_monitor_remember(editor->monitor, editor->text->str);
        return HMP_EDITOR_LINE;
    }
    if ((guint8)byte >= ' ' && byte != DELETE) {
        insert(editor, &byte, 1, out);
        return HMP_EDITOR_GOES_ON;
    }
    return control(editor, byte, out);
}

/* ---- Completion ---- */

/* Bytes that all begin with. */
static gsize common(const GPtrArray *candidates)
{
    const char *first = candidates->pdata[0];
    gsize n = strlen(first);

    for (guint i = 1; i < candidates->len; i++) {
        const char *other = candidates->pdata[i];
        gsize same = 0;

        while (same < n && first[same] == other[same]) {
            same++;
        }
        n = same;
    }
    return n;
}

static void list(const GPtrArray *candidates, GString *out)
{
    guint shown = MIN(candidates->len, LISTED_MAX);
    gsize longest = 0, columns;

    for (guint i = 0; i < shown; i++) {
        longest = MAX(longest, strlen(candidates->pdata[i]));
    }
    columns = MAX(COLUMNS / (longest + 2), 1);
    for (guint i = 0; i < shown; i++) {
        bool last = i % columns == columns - 1 || i == shown - 1;

        g_string_append_printf(out, "%-*s%s", last ? 0 : (int)longest + 2,
                               (const char *)candidates->pdata[i], last ? "\n" : "");
    }
    if (shown < candidates->len) {
        g_string_append_printf(out, "... and %u more\n", candidates->len - shown);
    }
}

void hmp_editor_offer(HmpEditor *editor, const GPtrArray *candidates, gsize completed,
                      GString *out)
{
    const char *first = candidates->len ? candidates->pdata[0] : NULL;
    gsize n = first ? common(candidates) : 0;
    bool whole = candidates->len == 1;

    if (!first) {
        return;
    }
    if (n > completed || whole) {
        insert(editor, first + completed, n - MIN(n, completed), out);
    } else {
        gsize cursor = editor->cursor;

        g_string_append_c(out, '\n');
        list(candidates, out);
        g_string_append(out, editor->prompt);
        editor->cursor = cursor;
        draw_rest(editor, 0, out);
    }
    if (whole && first[n - 1] != '=' && first[n - 1] != ',') {
        insert(editor, " ", 1, out);
    }
}
