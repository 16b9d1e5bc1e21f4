/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of a terminal, see screen-keys.h.
 */
#include "config.h"
#include "client/screen-keys.h"

#include <string.h>

#include "client/curses-library.h"

/* Keys with a sign on them: without and with Shift. */
static const struct {
    char plain, shifted;
    const char *name;
} signs[] = {
    { '0', ')', "0" }, { '1', '!', "1" }, { '2', '@', "2" }, { '3', '#', "3" },
    { '4', '$', "4" }, { '5', '%', "5" }, { '6', '^', "6" }, { '7', '&', "7" },
    { '8', '*', "8" }, { '9', '(', "9" }, { '-', '_', "minus" }, { '=', '+', "equal" },
    { '[', '{', "bracket_left" }, { ']', '}', "bracket_right" }, { ';', ':', "semicolon" },
    { '\'', '"', "apostrophe" }, { '`', '~', "grave_accent" }, { '\\', '|', "backslash" },
    { ',', '<', "comma" }, { '.', '>', "dot" }, { '/', '?', "slash" }, { ' ', ' ', "spc" },
};

static const char *const letters[] = {
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
    "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z",
};

/* Keys that send a control character of their own. */
static const struct {
    char character;
    const char *name;
} controls[] = {
    { '\t', "tab" }, { '\r', "ret" }, { '\n', "ret" }, { '\b', "backspace" },
    { 0x7f, "backspace" }, { 0x1b, "esc" },
};

/* Control characters beyond the letters, by the sign with which they are typed. */
static const struct {
    char character, sign;
} control_signs[] = {
    { 0x00, ' ' }, { 0x1c, '\\' }, { 0x1d, ']' }, { 0x1e, '6' }, { 0x1f, '-' },
};

static const struct {
    int number;
    bool shift;
    const char *name;
} numbers[] = {
    { KEY_UP, false, "up" }, { KEY_DOWN, false, "down" },
    { KEY_LEFT, false, "left" }, { KEY_RIGHT, false, "right" },
    { KEY_SLEFT, true, "left" }, { KEY_SRIGHT, true, "right" },
    { KEY_SR, true, "up" }, { KEY_SF, true, "down" },
    { KEY_HOME, false, "home" }, { KEY_END, false, "end" },
    { KEY_SHOME, true, "home" }, { KEY_SEND, true, "end" },
    { KEY_PPAGE, false, "pgup" }, { KEY_NPAGE, false, "pgdn" },
    { KEY_IC, false, "insert" }, { KEY_DC, false, "delete" }, { KEY_SDC, true, "delete" },
    { KEY_BACKSPACE, false, "backspace" }, { KEY_ENTER, false, "kp_enter" },
    { KEY_BTAB, true, "tab" }, { KEY_B2, false, "kp_5" },
};

static const char *const functions[] = {
    "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12",
};

static bool combine(ScreenKeys *ret, bool ctrl, bool alt, bool shift, const char *name)
{
    guint n = 0;

    if (ctrl) {
        ret->names[n++] = "ctrl";
    }
    if (alt) {
        ret->names[n++] = "alt";
    }
    if (shift) {
        ret->names[n++] = "shift";
    }
    ret->names[n++] = name;
    ret->names[n] = NULL;
    return true;
}

static bool find_sign(char c, const char **ret_name, bool *ret_shift)
{
    for (gsize i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (c == signs[i].plain || c == signs[i].shifted) {
            *ret_name = signs[i].name;
            *ret_shift = c != signs[i].plain;
            return true;
        }
    }
    return false;
}

static bool keys_of_control(char c, bool alt, ScreenKeys *ret)
{
    const char *name;
    bool shift;

    for (gsize i = 0; i < G_N_ELEMENTS(controls); i++) {
        if (c == controls[i].character) {
            return combine(ret, false, alt, false, controls[i].name);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(control_signs); i++) {
        if (c == control_signs[i].character && find_sign(control_signs[i].sign, &name, &shift)) {
            return combine(ret, true, alt, shift, name);
        }
    }
    return combine(ret, true, alt, false, letters[c - 1]);
}

bool screen_keys_of_character(gunichar c, bool alt, ScreenKeys *ret)
{
    const char *name;
    bool shift;

    if (c < 0x20 || c == 0x7f) {
        return keys_of_control(c, alt, ret);
    }
    if (c < 0x80 && g_ascii_isalpha(c)) {
        return combine(ret, false, alt, g_ascii_isupper(c), letters[g_ascii_tolower(c) - 'a']);
    }
    return c < 0x80 && find_sign(c, &name, &shift) && combine(ret, false, alt, shift, name);
}

bool screen_keys_of_number(int number, bool alt, ScreenKeys *ret)
{
    int f = number - KEY_F(1), n = G_N_ELEMENTS(functions);

    /* Terminals that follow xterm number those with Shift on, and those with Ctrl again. */
    if (f >= 0 && f < 3 * n) {
        return combine(ret, f / n == 2, alt, f / n == 1, functions[f % n]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (number == numbers[i].number) {
            return combine(ret, false, alt, numbers[i].shift, numbers[i].name);
        }
    }
    return false;
}
