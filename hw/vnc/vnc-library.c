/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvncserver, see vnc-library.h.
 */
#include "config.h"
#include "hw/vnc/vnc-library.h"

#include "qmp/library.h"

#define VNC_FUNCTIONS(F, L) \
    F(L, rfbScreenInfoPtr, rfbGetScreen, \
      (int *argc, char **argv, int width, int height, int bits, int samples, int bytes), \
      (argc, argv, width, height, bits, samples, bytes)) \
    F(L, void, rfbScreenCleanup, (rfbScreenInfoPtr screen), (screen)) \
    F(L, rfbClientPtr, rfbNewClient, (rfbScreenInfoPtr screen, rfbSocket sock), (screen, sock)) \
    F(L, void, rfbClientConnectionGone, (rfbClientPtr cl), (cl)) \
    F(L, void, rfbProcessClientMessage, (rfbClientPtr cl), (cl)) \
    F(L, rfbBool, rfbUpdateClient, (rfbClientPtr cl), (cl)) \
    F(L, int, rfbWriteExact, (rfbClientPtr cl, const char *buf, int len), (cl, buf, len)) \
    F(L, void, rfbLogEnable, (int enabled), (enabled)) \
    F(L, void, rfbEncryptBytes, (unsigned char *bytes, char *passwd), (bytes, passwd)) \
    F(L, sraRegion *, sraRgnCreateRect, (int x1, int y1, int x2, int y2), (x1, y1, x2, y2)) \
    F(L, void, sraRgnDestroy, (sraRegion *rgn), (rgn)) \
    F(L, void, sraRgnOr, (sraRegion *dst, const sraRegion *src), (dst, src)) \
    F(L, void, sraRgnMakeEmpty, (sraRegion *rgn), (rgn)) \
    F(L, rfbBool, sraRgnEmpty, (const sraRegion *rgn), (rgn))

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
