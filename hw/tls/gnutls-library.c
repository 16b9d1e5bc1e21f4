/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GnuTLS, see gnutls-library.h.
 */
#include "config.h"
#include "hw/tls/gnutls-library.h"

#include "qmp/library.h"

#define GNUTLS_FUNCTIONS(F, L) \
    F(L, int, gnutls_certificate_allocate_credentials, (gnutls_certificate_credentials_t *res), \
      (res)) \
    F(L, void, gnutls_certificate_free_credentials, (gnutls_certificate_credentials_t sc), (sc)) \
    F(L, int, gnutls_certificate_set_x509_trust_file, \
      (gnutls_certificate_credentials_t cred, const char *cafile, gnutls_x509_crt_fmt_t type), \
      (cred, cafile, type)) \
    F(L, int, gnutls_certificate_set_x509_crl_file, \
      (gnutls_certificate_credentials_t res, const char *crlfile, gnutls_x509_crt_fmt_t type), \
      (res, crlfile, type)) \
    F(L, int, gnutls_certificate_set_x509_key_file2, \
      (gnutls_certificate_credentials_t res, const char *certfile, const char *keyfile, \
       gnutls_x509_crt_fmt_t type, const char *pass, unsigned int flags), \
      (res, certfile, keyfile, type, pass, flags)) \
    F(L, int, gnutls_priority_init, \
      (gnutls_priority_t *priority_cache, const char *priorities, const char **err_pos), \
      (priority_cache, priorities, err_pos)) \
    F(L, void, gnutls_priority_deinit, (gnutls_priority_t priority_cache), (priority_cache)) \
    F(L, int, gnutls_priority_set, (gnutls_session_t session, gnutls_priority_t priority), \
      (session, priority)) \
    F(L, int, gnutls_init, (gnutls_session_t *session, unsigned int flags), (session, flags)) \
    F(L, void, gnutls_deinit, (gnutls_session_t session), (session)) \
    F(L, int, gnutls_credentials_set, \
      (gnutls_session_t session, gnutls_credentials_type_t type, void *cred), \
      (session, type, cred)) \
    F(L, void, gnutls_certificate_server_set_request, \
      (gnutls_session_t session, gnutls_certificate_request_t req), (session, req)) \
    F(L, void, gnutls_transport_set_int2, (gnutls_session_t session, int recv_fd, int send_fd), \
      (session, recv_fd, send_fd)) \
    F(L, int, gnutls_handshake, (gnutls_session_t session), (session)) \
    F(L, int, gnutls_certificate_verify_peers2, (gnutls_session_t session, unsigned int *status), \
      (session, status)) \
    F(L, const gnutls_datum_t *, gnutls_certificate_get_peers, \
      (gnutls_session_t session, unsigned int *list_size), (session, list_size)) \
    F(L, int, gnutls_x509_crt_init, (gnutls_x509_crt_t *cert), (cert)) \
    F(L, void, gnutls_x509_crt_deinit, (gnutls_x509_crt_t cert), (cert)) \
    F(L, int, gnutls_x509_crt_import, \
      (gnutls_x509_crt_t cert, const gnutls_datum_t *data, gnutls_x509_crt_fmt_t format), \
      (cert, data, format)) \
    F(L, int, gnutls_x509_crt_get_dn, (gnutls_x509_crt_t cert, char *buf, size_t *buf_size), \
      (cert, buf, buf_size)) \
    F(L, ssize_t, gnutls_record_recv, (gnutls_session_t session, void *data, size_t data_size), \
      (session, data, data_size)) \
    F(L, ssize_t, gnutls_record_send, \
      (gnutls_session_t session, const void *data, size_t data_size), \
      (session, data, data_size)) \
    F(L, size_t, gnutls_record_check_pending, (gnutls_session_t session), (session)) \
    F(L, int, gnutls_record_get_direction, (gnutls_session_t session), (session)) \
    F(L, int, gnutls_cipher_init, \
      (gnutls_cipher_hd_t *handle, gnutls_cipher_algorithm_t cipher, const gnutls_datum_t *key, \
       const gnutls_datum_t *iv), (handle, cipher, key, iv)) \
    F(L, int, gnutls_cipher_decrypt, \
      (const gnutls_cipher_hd_t handle, void *ctext, size_t ctext_len), \
      (handle, ctext, ctext_len)) \
    F(L, void, gnutls_cipher_deinit, (gnutls_cipher_hd_t handle), (handle))

LIBRARY_DEFINE(library, GNUTLS_SONAME, "libgnutls30", "encrypted connections", GNUTLS_FUNCTIONS)

bool gnutls_library_load(GError **error)
{
    return library_load(&library, error);
}
