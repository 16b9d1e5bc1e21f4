/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libwebsockets, see lws-library.h.
 */
#include "config.h"
#include "client/lws-library.h"

#include "qmp/library.h"

#define LWS_FUNCTIONS(F, L) \
    F(L, struct lws_context *, lws_create_context, \
      (const struct lws_context_creation_info *info), (info)) \
    F(L, void, lws_context_destroy, (struct lws_context *context), (context)) \
    F(L, int, lws_service, (struct lws_context *context, int timeout), (context, timeout)) \
    F(L, void, lws_set_log_level, \
      (int level, void (*log_emit)(int level, const char *line)), (level, log_emit)) \
    F(L, struct lws_vhost *, lws_get_vhost_by_name, \
      (struct lws_context *context, const char *name), (context, name)) \
    F(L, int, lws_get_vhost_listen_port, (struct lws_vhost *vhost), (vhost)) \
    F(L, struct lws *, lws_adopt_descriptor_vhost, \
      (struct lws_vhost *vh, lws_adoption_type type, lws_sock_file_fd_type fd, \
       const char *protocol, struct lws *parent), (vh, type, fd, protocol, parent)) \
    F(L, int, lws_hdr_copy, \
      (struct lws *wsi, char *dest, int len, enum lws_token_indexes h), (wsi, dest, len, h)) \
    F(L, int, lws_serve_http_file, \
      (struct lws *wsi, const char *file, const char *content_type, const char *other_headers, \
       int other_headers_len), (wsi, file, content_type, other_headers, other_headers_len)) \
    F(L, int, lws_http_transaction_completed, (struct lws *wsi), (wsi)) \
    F(L, int, lws_write, \
      (struct lws *wsi, unsigned char *buf, size_t len, enum lws_write_protocol protocol), \
      (wsi, buf, len, protocol)) \
    F(L, int, lws_callback_on_writable, (struct lws *wsi), (wsi)) \
    F(L, int, lws_rx_flow_control, (struct lws *wsi, int enable), (wsi, enable)) \
    F(L, void, lws_set_timeout, (struct lws *wsi, enum pending_timeout reason, int secs), \
      (wsi, reason, secs)) \
    F(L, void *, lws_get_opaque_user_data, (const struct lws *wsi), (wsi)) \
    F(L, void, lws_set_opaque_user_data, (struct lws *wsi, void *data), (wsi, data)) \
    F(L, void *, lws_context_user, (struct lws_context *context), (context)) \
    F(L, struct lws_context *, lws_get_context, (const struct lws *wsi), (wsi))

LIBRARY_DEFINE(library, WEBSOCKETS_SONAME, "libwebsockets17", "browsers", LWS_FUNCTIONS)

/* Its messages are about itself. */
bool lws_library_load(GError **error)
{
    if (!library_load(&library, error)) {
        return false;
    }
    lws_set_log_level(0, NULL);
    return true;
}
