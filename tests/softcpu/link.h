/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of the qtest protocol for a processor: ports, memory, time, and the
 * level of one interrupt line.
 *
 * The machine's time stands still but for what its processor says has passed:
 * link_pass() adds to that, and it is sent with the next access, so that a device
 * is asked at the moment at which the guest asks it.
 *
 * There is nobody to return an error to: what goes wrong ends the program by
 * link_die().  The end of the connection is the end of the machine, status 0.
 */
#ifndef TESTS_SOFTCPU_LINK_H
#define TESTS_SOFTCPU_LINK_H

#include <glib.h>
#include <stdbool.h>

typedef struct Link Link;

/* Observes output 0 of the object. */
Link *link_open(const char *path, const char *interrupt_of);

void link_die(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

/* Sizes are 1, 2 and 4. */
guint32 link_in(Link *link, guint16 port, guint size);
void link_out(Link *link, guint16 port, guint32 value, guint size);
guint32 link_read(Link *link, guint32 addr, guint size);
void link_write(Link *link, guint32 addr, guint32 value, guint size);
/* So many bytes at once. */
GBytes *link_fetch(Link *link, guint32 addr, gsize size);

void link_pass(Link *link, guint64 ns);
/* Tells the machine, which may change the line. */
void link_tell_time(Link *link);
/* Takes what the machine says by itself within so many ms. */
void link_wait(Link *link, int ms);

bool link_interrupt(const Link *link);

#endif
