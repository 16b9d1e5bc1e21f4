/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyboard layouts, see vnc-keymap.h.
 *
 * xkb's key codes are Linux's plus 8, and those up to 88 are scan codes of set 1.
 */
#include "config.h"
#include "hw/vnc/vnc-keymap.h"

#include <string.h>
#include <xkbcommon/xkbcommon.h>

#include "hw/input/keycodes.h"
#include "qmp/error.h"
#include "qmp/library.h"

#define XKB_FUNCTIONS(F, L) \
    F(L, struct xkb_context *, xkb_context_new, (enum xkb_context_flags flags), (flags)) \
    F(L, void, xkb_context_unref, (struct xkb_context *context), (context)) \
    F(L, void, xkb_context_set_log_fn, \
      (struct xkb_context *context, \
       void (*log_fn)(struct xkb_context *context, enum xkb_log_level level, \
                      const char *format, va_list args)), (context, log_fn)) \
    F(L, struct xkb_keymap *, xkb_keymap_new_from_names, \
      (struct xkb_context *context, const struct xkb_rule_names *names, \
       enum xkb_keymap_compile_flags flags), (context, names, flags)) \
    F(L, void, xkb_keymap_unref, (struct xkb_keymap *keymap), (keymap)) \
    F(L, xkb_keycode_t, xkb_keymap_max_keycode, (struct xkb_keymap *keymap), (keymap)) \
    F(L, xkb_mod_index_t, xkb_keymap_mod_get_index, \
      (struct xkb_keymap *keymap, const char *name), (keymap, name)) \
    F(L, struct xkb_state *, xkb_state_new, (struct xkb_keymap *keymap), (keymap)) \
    F(L, void, xkb_state_unref, (struct xkb_state *state), (state)) \
    F(L, enum xkb_state_component, xkb_state_update_mask, \
      (struct xkb_state *state, xkb_mod_mask_t depressed, xkb_mod_mask_t latched, \
       xkb_mod_mask_t locked, xkb_layout_index_t depressed_layout, \
       xkb_layout_index_t latched_layout, xkb_layout_index_t locked_layout), \
      (state, depressed, latched, locked, depressed_layout, latched_layout, locked_layout)) \
    F(L, xkb_keysym_t, xkb_state_key_get_one_sym, \
      (struct xkb_state *state, xkb_keycode_t key), (state, key)) \
    F(L, xkb_keysym_t, xkb_keysym_to_lower, (xkb_keysym_t keysym), (keysym)) \
    F(L, xkb_keysym_t, xkb_keysym_to_upper, (xkb_keysym_t keysym), (keysym)) \
    F(L, xkb_keysym_t, xkb_utf32_to_keysym, (uint32_t character), (character))

LIBRARY_DEFINE(library, XKBCOMMON_SONAME, "libxkbcommon0", "layouts of keyboards", XKB_FUNCTIONS)

/* Of Linux's codes that are scan codes, this one is an AltGr that no keyboard has. */
enum { XKB_OFFSET = 8, SCAN_CODES = 0x58, NO_KEY = 0x54 };

struct VncKeymap {
    GHashTable *keys;           /* keysym -> VncKey */
};

/* Keys by Linux's codes, beyond those that are scan codes (linux/input-event-codes.h). */
static const struct {
    guint8 code, key;
} more_keys[] = {
    { 89, Q_KEY_CODE_RO }, { 91, Q_KEY_CODE_HIRAGANA }, { 92, Q_KEY_CODE_HENKAN },
    { 93, Q_KEY_CODE_KATAKANAHIRAGANA }, { 94, Q_KEY_CODE_MUHENKAN },
    { 96, Q_KEY_CODE_KP_ENTER }, { 97, Q_KEY_CODE_CTRL_R }, { 98, Q_KEY_CODE_KP_DIVIDE },
    { 99, Q_KEY_CODE_PRINT }, { 100, Q_KEY_CODE_ALT_R }, { 102, Q_KEY_CODE_HOME },
    { 103, Q_KEY_CODE_UP }, { 104, Q_KEY_CODE_PGUP }, { 105, Q_KEY_CODE_LEFT },
    { 106, Q_KEY_CODE_RIGHT }, { 107, Q_KEY_CODE_END }, { 108, Q_KEY_CODE_DOWN },
    { 109, Q_KEY_CODE_PGDN }, { 110, Q_KEY_CODE_INSERT }, { 111, Q_KEY_CODE_DELETE },
    { 113, Q_KEY_CODE_AUDIOMUTE }, { 114, Q_KEY_CODE_VOLUMEDOWN },
    { 115, Q_KEY_CODE_VOLUMEUP }, { 116, Q_KEY_CODE_POWER }, { 117, Q_KEY_CODE_KP_EQUALS },
    { 119, Q_KEY_CODE_PAUSE }, { 121, Q_KEY_CODE_KP_COMMA }, { 122, Q_KEY_CODE_LANG1 },
    { 123, Q_KEY_CODE_LANG2 }, { 124, Q_KEY_CODE_YEN }, { 125, Q_KEY_CODE_META_L },
    { 126, Q_KEY_CODE_META_R }, { 127, Q_KEY_CODE_COMPOSE }, { 128, Q_KEY_CODE_STOP },
    { 129, Q_KEY_CODE_AGAIN }, { 130, Q_KEY_CODE_PROPS }, { 131, Q_KEY_CODE_UNDO },
    { 132, Q_KEY_CODE_FRONT }, { 133, Q_KEY_CODE_COPY }, { 134, Q_KEY_CODE_OPEN },
    { 135, Q_KEY_CODE_PASTE }, { 136, Q_KEY_CODE_FIND }, { 137, Q_KEY_CODE_CUT },
    { 138, Q_KEY_CODE_HELP }, { 139, Q_KEY_CODE_MENU }, { 140, Q_KEY_CODE_CALCULATOR },
    { 142, Q_KEY_CODE_SLEEP }, { 143, Q_KEY_CODE_WAKE }, { 155, Q_KEY_CODE_MAIL },
    { 156, Q_KEY_CODE_AC_BOOKMARKS }, { 157, Q_KEY_CODE_COMPUTER },
    { 158, Q_KEY_CODE_AC_BACK }, { 159, Q_KEY_CODE_AC_FORWARD },
    { 163, Q_KEY_CODE_AUDIONEXT }, { 164, Q_KEY_CODE_AUDIOPLAY },
    { 165, Q_KEY_CODE_AUDIOPREV }, { 166, Q_KEY_CODE_AUDIOSTOP },
    { 172, Q_KEY_CODE_AC_HOME }, { 173, Q_KEY_CODE_AC_REFRESH },
    { 226, Q_KEY_CODE_MEDIASELECT },
};

/* QEMU's names of layouts that X11 calls something else. */
static const struct {
    const char *name, *layout, *variant;
} qemu_names[] = {
    { "en-us", "us", "" }, { "en-gb", "gb", "" }, { "da", "dk", "" }, { "de-ch", "ch", "de" },
    { "et", "ee", "" }, { "fr-be", "be", "" }, { "fr-ca", "ca", "fr" }, { "fr-ch", "ch", "fr" },
    { "ja", "jp", "" }, { "nl-be", "be", "" }, { "pt-br", "br", "" }, { "sl", "si", "" },
    { "sv", "se", "" }, { "bepo", "fr", "bepo" }, { "cz", "cz", "" },
};

static guint key_of(xkb_keycode_t code)
{
    guint linux_code = code - XKB_OFFSET;

    if (linux_code <= SCAN_CODES && linux_code != NO_KEY) {
        return key_code_by_number(linux_code);
    }
    for (guint i = 0; i < G_N_ELEMENTS(more_keys); i++) {
        if (more_keys[i].code == linux_code) {
            return more_keys[i].key;
        }
    }
    return Q_KEY_CODE_UNMAPPED;
}

/* ---- Asking the library ---- */

/* Of two keys that make a character, the one that needs fewer modifiers counts, or the first. */
static void add(VncKeymap *map, xkb_keysym_t keysym, guint key, guint combination)
{
    gpointer name = GUINT_TO_POINTER(keysym);
    VncKey *known = g_hash_table_lookup(map->keys, name);

    if (!known) {
        known = g_new(VncKey, 1);
        *known = (VncKey){
            .key = key,
            .letter = xkb_keysym_to_lower(keysym) != xkb_keysym_to_upper(keysym),
        };
        g_hash_table_insert(map->keys, name, known);
    }
    if (known->key == key) {
        known->combinations |= 1 << combination;
    }
}

static xkb_mod_mask_t modifier(struct xkb_keymap *keymap, const char *name)
{
    xkb_mod_index_t index = xkb_keymap_mod_get_index(keymap, name);

    return index < 32 ? 1u << index : 0;
}

static void fill(VncKeymap *map, struct xkb_keymap *keymap, struct xkb_state *state)
{
    xkb_keycode_t max = MIN(xkb_keymap_max_keycode(keymap), 255);
    xkb_mod_mask_t shift = modifier(keymap, XKB_MOD_NAME_SHIFT), altgr = modifier(keymap, "Mod5");

    for (guint combination = 0; combination < VNC_COMBINATIONS; combination++) {
        xkb_state_update_mask(state, (combination & VNC_SHIFT ? shift : 0) |
                              (combination & VNC_ALTGR ? altgr : 0), 0, 0, 0, 0, 0);
        for (xkb_keycode_t code = XKB_OFFSET + 1; code <= max; code++) {
            xkb_keysym_t keysym = xkb_state_key_get_one_sym(state, code);
            guint key = key_of(code);

            if (keysym != XKB_KEY_NoSymbol && key != Q_KEY_CODE_UNMAPPED) {
                add(map, keysym, key, combination);
            }
        }
    }
}

/* ---- Layouts ---- */

static void say_nothing(struct xkb_context *context, enum xkb_log_level level, const char *format,
                        va_list args)
{
}

/* "de(nodeadkeys)" in its parts, for g_free(); or one of QEMU's names. */
static void split(const char *layout, char **ret_layout, char **ret_variant)
{
    const char *open = strchr(layout, '(');
    gsize length = strlen(layout);

    for (guint i = 0; i < G_N_ELEMENTS(qemu_names); i++) {
        if (!strcmp(qemu_names[i].name, layout)) {
            *ret_layout = g_strdup(qemu_names[i].layout);
            *ret_variant = g_strdup(qemu_names[i].variant);
            return;
        }
    }
    if (open && layout[length - 1] == ')') {
        *ret_layout = g_strndup(layout, open - layout);
        *ret_variant = g_strndup(open + 1, length - 1 - (open + 1 - layout));
    } else {
        *ret_layout = g_strdup(layout);
        *ret_variant = g_strdup("");
    }
}

static struct xkb_keymap *compile(struct xkb_context *context, const char *layout)
{
    g_autofree char *name = NULL, *variant = NULL;
    struct xkb_rule_names names = { .rules = "evdev", .model = "pc105", .options = "" };

    split(layout, &name, &variant);
    names.layout = name;
    names.variant = variant;
    /* An empty name would be the library's default, which the environment sets. */
    return *name ? xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS) : NULL;
}

VncKeymap *vnc_keymap_new(const char *layout, GError **error)
{
    struct xkb_context *context;
    struct xkb_keymap *keymap;
    struct xkb_state *state;
    VncKeymap *map = NULL;

    if (!library_load(&library, error)) {
        return NULL;
    }
    context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
    if (context) {
        xkb_context_set_log_fn(context, say_nothing);
    }
    keymap = context ? compile(context, layout) : NULL;
    state = keymap ? xkb_state_new(keymap) : NULL;
    if (state) {
        map = g_new(VncKeymap, 1);
        map->keys = g_hash_table_new_full(NULL, NULL, NULL, g_free);
        fill(map, keymap, state);
        xkb_state_unref(state);
    } else {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "there is no keyboard layout '%s'",
                      layout);
    }
    if (keymap) {
        xkb_keymap_unref(keymap);
    }
    if (context) {
        xkb_context_unref(context);
    }
    return map;
}

void vnc_keymap_free(VncKeymap *map)
{
    if (map) {
        g_hash_table_unref(map->keys);
        g_free(map);
    }
}

/* A character may come by its Unicode, though it has an older number. */
const VncKey *vnc_keymap_find(const VncKeymap *map, guint32 keysym)
{
    const VncKey *key = g_hash_table_lookup(map->keys, GUINT_TO_POINTER(keysym));

    if (!key && (keysym & 0xff000000) == 0x01000000) {
        keysym = xkb_utf32_to_keysym(keysym & 0xffffff);
        key = g_hash_table_lookup(map->keys, GUINT_TO_POINTER(keysym));
    }
    return key;
}
