/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classes `tls-creds` and `tls-creds-x509`: what a server shows to its clients.
 */
#ifndef HW_TLS_TLS_CREDS_H
#define HW_TLS_TLS_CREDS_H

#include "hw/tls/gnutls-library.h"
#include "qom/object.h"

typedef struct TlsCreds TlsCreds;

/* While the object is prepared; constant, so any thread.  The priority is that of `priority`, or
 * GnuTLS's own. */
gnutls_certificate_credentials_t tls_creds_certificates(const TlsCreds *creds);
gnutls_priority_t tls_creds_priority(const TlsCreds *creds);
/* Whether clients must have a certificate.  From complete on. */
bool tls_creds_verifies(const TlsCreds *creds);

extern const TypeInfo tls_creds_type, tls_creds_x509_type;

#endif
