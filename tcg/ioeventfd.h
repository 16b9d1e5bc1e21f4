/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ioeventfds: guest writes to a port or address that only signal a descriptor,
 * without the machine lock.
 */
#ifndef TCG_IOEVENTFD_H
#define TCG_IOEVENTFD_H

#include "tcg/tcg-accel.h"

TcgIoeventfds *tcg_ioeventfds_new(void);
void tcg_ioeventfds_free(TcgIoeventfds *ioeventfds);    /* accepts NULL */

/* Called for each write of the guest, before AccelHost.pio or mmio: true if a descriptor
 * was signalled, which completes the write.  data is little endian.  Heavy, any thread,
 * no lock. */
bool tcg_ioeventfd_hit(TcgAccel *tcg, bool pio, guint64 address, const void *data, guint size);

#endif
