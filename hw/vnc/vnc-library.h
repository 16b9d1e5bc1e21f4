/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvncserver, which is loaded with the first VNC server (qmp/library.h).
 */
#ifndef HW_VNC_VNC_LIBRARY_H
#define HW_VNC_VNC_LIBRARY_H

#include <glib.h>
#include <stdbool.h>
#include <rfb/rfb.h>
#include <rfb/rfbregion.h>

/* Any thread; it reads files.  Fails with not-supported. */
bool vnc_library_load(GError **error);

#endif
