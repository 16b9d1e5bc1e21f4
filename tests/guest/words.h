/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line, word by word: the guest's instructions.
 */
#ifndef GUEST_WORDS_H
#define GUEST_WORDS_H

#include <stdbool.h>
#include <stdint.h>

enum { WORD_MAX = 256 };

/* Copies the next word, without spaces around it, to ret_word (WORD_MAX bytes,
 * longer words are cut) and moves *text behind it; false at the end. */
bool word_next(const char **text, char *ret_word);

/* If word starts with key, what follows it, otherwise NULL. */
const char *word_value(const char *word, const char *key);

bool word_equal(const char *a, const char *b);

/* Decimal or 0x hexadecimal, with K, M or G for its power of 1024.  Moves *text
 * behind it; false, and nothing moved, if there is none or it is too large. */
bool word_number(const char **text, uint64_t *ret_number);

#endif
