/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Credentials of TLS servers, see tls-creds.h.
 */
#include "config.h"
#include "hw/tls/tls-creds.h"

#include <errno.h>
#include <unistd.h>

#include "hw/backends/secret.h"
#include "qmp/error.h"
#include "qom/qapi-objects-secret.h"
#include "qom/qapi-objects-tls.h"

struct TlsCreds {
    Object object;
    gnutls_certificate_credentials_t certificates;      /* from prepare to release */
    gnutls_priority_t priority;
};

gnutls_certificate_credentials_t tls_creds_certificates(const TlsCreds *creds)
{
    return creds->certificates;
}

gnutls_priority_t tls_creds_priority(const TlsCreds *creds)
{
    return creds->priority;
}

bool tls_creds_verifies(const TlsCreds *creds)
{
    return tls_creds_props(creds)->verify_peer;
}

/* ---- tls-creds ---- */

static bool creds_prepare(Object *obj, GError **error)
{
    TlsCreds *s = to_tls_creds(obj);
    const char *priority = tls_creds_props(s)->priority;

    if (!gnutls_library_load(error)) {
        return false;
    }
    if (gnutls_priority_init(&s->priority, priority, NULL) < 0) {
        qmp_error_set_at(error, "priority", ERROR_REASON_INVALID_VALUE,
                         "'%s' is not a list of algorithms that GnuTLS knows", priority);
        return false;
    }
    return true;
}

static void creds_release(Object *obj)
{
    g_clear_pointer(&to_tls_creds(obj)->priority, gnutls_priority_deinit);
}

const TypeInfo tls_creds_type = {
    .schema = &qmp_class_tls_creds,
    .size = sizeof(TlsCreds),
    .object = &(const ObjectOps){
        .prepare = creds_prepare,
        .release = creds_release,
    },
};

/* ---- tls-creds-x509 ---- */

static char *path_of(const TlsCreds *s, const char *name)
{
    return g_build_filename(tls_creds_props(s)->dir, name, NULL);
}

/* A file that cannot be used; always false. */
static bool refuse(const char *path, const char *what, GError **error)
{
    if (access(path, R_OK) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_FILE_NOT_USABLE, errno, "cannot read '%s'", path);
    } else {
        qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "'%s' has no %s", path, what);
    }
    return qmp_error_blame(error, "dir");
}

static bool load_authority(TlsCreds *s, GError **error)
{
    g_autofree char *path = path_of(s, "ca-cert.pem"), *revoked = path_of(s, "ca-crl.pem");

    if (gnutls_certificate_set_x509_trust_file(s->certificates, path, GNUTLS_X509_FMT_PEM) <= 0) {
        return refuse(path, "certificate of an authority", error);
    }
    if (access(revoked, F_OK) == 0 &&
        gnutls_certificate_set_x509_crl_file(s->certificates, revoked, GNUTLS_X509_FMT_PEM) < 0) {
        return refuse(revoked, "list of revoked certificates", error);
    }
    return true;
}

/* The password of the key, for g_free(), or NULL. */
static char *key_password(const TlsCreds *s)
{
    const TlsCredsX509Props *props = tls_creds_x509_props(s);
    const GByteArray *secret = props->passwordid.target
                               ? secret_bytes(to_secret(props->passwordid.target)) : NULL;

    return secret ? g_strndup((const char *)secret->data, secret->len) : NULL;
}

static bool load_certificate(TlsCreds *s, GError **error)
{
    g_autofree char *certificate = path_of(s, "server-cert.pem");
    g_autofree char *key = path_of(s, "server-key.pem");
    g_autofree char *password = key_password(s);

    if (gnutls_certificate_set_x509_key_file2(s->certificates, certificate, key,
                                              GNUTLS_X509_FMT_PEM, password, 0) >= 0) {
        return true;
    }
    return access(certificate, R_OK) < 0
           ? refuse(certificate, "certificate", error)
           : refuse(key, "key of the certificate in 'server-cert.pem', or another password", error);
}

static void x509_release(Object *obj)
{
    g_clear_pointer(&to_tls_creds(obj)->certificates, gnutls_certificate_free_credentials);
}

static bool x509_prepare(Object *obj, GError **error)
{
    TlsCreds *s = to_tls_creds(obj);

    if (gnutls_certificate_allocate_credentials(&s->certificates) < 0) {
        qmp_error_set(error, ERROR_REASON_NO_MEMORY, "there is no memory for certificates");
        return false;
    }
    if (!load_authority(s, error) || !load_certificate(s, error)) {
        x509_release(obj);
        return false;
    }
    return true;
}

const TypeInfo tls_creds_x509_type = {
    .schema = &qmp_class_tls_creds_x509,
    .object = &(const ObjectOps){
        .prepare = x509_prepare,
        .release = x509_release,
    },
};
