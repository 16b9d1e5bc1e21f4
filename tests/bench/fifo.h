/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FIFO that a machine's chardev writes to, so that output is noticed when it arrives.
 */
#ifndef BENCH_FIFO_H
#define BENCH_FIFO_H

#include <glib.h>
#include <stdbool.h>

/* Recreates it at path: its reading end, which does not block; -1 on error. */
int fifo_open(const char *path, GError **error);

/* Reads up to text, or waits for any byte if text is NULL, for at most ms; writers may
 * come later. */
bool fifo_wait(int fd, const char *text, int ms, GError **error);

#endif
