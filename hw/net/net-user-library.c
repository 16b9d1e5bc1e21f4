/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libslirp, loaded with the first user network (qmp/library.h).
 */
#include "config.h"
#include "hw/net/net-user.h"

#include "qmp/library.h"

#define SLIRP_FUNCTIONS(F, L) \
    F(L, Slirp *, slirp_new, (const SlirpConfig *cfg, const SlirpCb *callbacks, void *opaque), \
      (cfg, callbacks, opaque)) \
    F(L, void, slirp_cleanup, (Slirp *slirp), (slirp)) \
    F(L, void, slirp_pollfds_fill, \
      (Slirp *slirp, uint32_t *timeout, SlirpAddPollCb add_poll, void *opaque), \
      (slirp, timeout, add_poll, opaque)) \
    F(L, void, slirp_pollfds_poll, \
      (Slirp *slirp, int select_error, SlirpGetREventsCb get_revents, void *opaque), \
      (slirp, select_error, get_revents, opaque)) \
    F(L, void, slirp_input, (Slirp *slirp, const uint8_t *pkt, int pkt_len), \
      (slirp, pkt, pkt_len)) \
    F(L, int, slirp_add_hostfwd, \
      (Slirp *slirp, int is_udp, struct in_addr host_addr, int host_port, \
       struct in_addr guest_addr, int guest_port), \
      (slirp, is_udp, host_addr, host_port, guest_addr, guest_port)) \
    F(L, int, slirp_add_guestfwd, \
      (Slirp *slirp, SlirpWriteCb write_cb, void *opaque, struct in_addr *guest_addr, \
       int guest_port), \
      (slirp, write_cb, opaque, guest_addr, guest_port)) \
    F(L, size_t, slirp_socket_can_recv, \
      (Slirp *slirp, struct in_addr guest_addr, int guest_port), \
      (slirp, guest_addr, guest_port)) \
    F(L, void, slirp_socket_recv, \
      (Slirp *slirp, struct in_addr guest_addr, int guest_port, const uint8_t *buf, int size), \
      (slirp, guest_addr, guest_port, buf, size))

LIBRARY_DEFINE(library, SLIRP_SONAME, "libslirp0", "user networks", SLIRP_FUNCTIONS)

bool user_library_load(GError **error)
{
    return library_load(&library, error);
}
