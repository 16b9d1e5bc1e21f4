/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvncserver, see vnc-library.h.
 */
#include "config.h"
#include "hw/vnc/vnc-library.h"

#include "qmp/library.h"

#define VNC_FUNCTIONS(F) \
    F(rfbScreenInfoPtr, rfbGetScreen, \
      (int *argc, char **argv, int width, int height, int bits, int samples, int bytes), \
      (argc, argv, width, height, bits, samples, bytes)) \
    F(void, rfbScreenCleanup, (rfbScreenInfoPtr screen), (screen)) \
    F(rfbClientPtr, rfbNewClient, (rfbScreenInfoPtr screen, rfbSocket sock), (screen, sock)) \
    F(void, rfbClientConnectionGone, (rfbClientPtr cl), (cl)) \
    F(void, rfbProcessClientMessage, (rfbClientPtr cl), (cl)) \
    F(rfbBool, rfbUpdateClient, (rfbClientPtr cl), (cl)) \
    F(int, rfbWriteExact, (rfbClientPtr cl, const char *buf, int len), (cl, buf, len)) \
    F(void, rfbLogEnable, (int enabled), (enabled)) \
    F(void, rfbEncryptBytes, (unsigned char *bytes, char *passwd), (bytes, passwd)) \
    F(sraRegion *, sraRgnCreateRect, (int x1, int y1, int x2, int y2), (x1, y1, x2, y2)) \
    F(void, sraRgnDestroy, (sraRegion *rgn), (rgn)) \
    F(void, sraRgnOr, (sraRegion *dst, const sraRegion *src), (dst, src)) \
    F(void, sraRgnMakeEmpty, (sraRegion *rgn), (rgn)) \
    F(rfbBool, sraRgnEmpty, (const sraRegion *rgn), (rgn))

LIBRARY_DEFINE(library, VNCSERVER_SONAME, "libvncserver1", "VNC servers", VNC_FUNCTIONS)

/* Its messages are about its functions, and come from many threads. */
bool vnc_library_load(GError **error)
{
    if (!library_load(&library, error)) {
        return false;
    }
    rfbLogEnable(0);
    return true;
}
