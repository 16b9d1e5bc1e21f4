/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completion of QEMU's options, by the table of options and the schema.
 */
#ifndef CLIENT_COMPLETE_QEMU_H
#define CLIENT_COMPLETE_QEMU_H

/* Called with each whole word that may come. */
typedef void CompleteOffer(const char *word, const char *begin);

/* Offers words that begin with begin, the last one; before: the word before it, or NULL. */
void complete_qemu(const char *before, const char *begin, CompleteOffer *offer);

#endif
