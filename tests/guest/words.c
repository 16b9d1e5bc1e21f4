/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line, word by word.
 */
#include "tests/guest/words.h"

#include <stddef.h>

bool word_next(const char **text, char *ret_word)
{
    const char *c = *text;
    unsigned n = 0;

    while (*c == ' ')
        c++;
    if (*c == '\0')
        return false;
    for (; *c && *c != ' '; c++) {
        if (n < WORD_MAX - 1)
            ret_word[n++] = *c;
    }
    ret_word[n] = '\0';
    *text = c;
    return true;
}

const char *word_value(const char *word, const char *key)
{
    while (*key) {
        if (*word++ != *key++)
            return NULL;
    }
    return word;
}

bool word_equal(const char *a, const char *b)
{
    const char *rest = word_value(a, b);

    return rest && *rest == '\0';
}

/* The value of a digit, or 99. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 99;
}

static unsigned suffix_shift(char c)
{
    switch (c) {
    case 'K':
        return 10;
    case 'M':
        return 20;
    case 'G':
        return 30;
    default:
        return 0;
    }
}

bool word_number(const char **text, uint64_t *ret_number)
{
    const char *hexadecimal = word_value(*text, "0x");
    const char *c = hexadecimal ? hexadecimal : *text;
    unsigned base = hexadecimal ? 16 : 10, shift;
    uint64_t number = 0;

    if (digit_value(*c) >= base)
        return false;
    for (; digit_value(*c) < base; c++) {
        if (number > (UINT64_MAX - digit_value(*c)) / base)
            return false;
        number = number * base + digit_value(*c);
    }
    shift = suffix_shift(*c);
    if (shift) {
        if (number > UINT64_MAX >> shift)
            return false;
        c++;
    }
    *text = c;
    *ret_number = number << shift;
    return true;
}
