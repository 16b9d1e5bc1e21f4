/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build lists: requests that are sent to the daemon as one `build`, which succeeds or
 * fails as a whole, and finding the request that an error is about.
 */
#ifndef CLIENT_BUILD_LIST_H
#define CLIENT_BUILD_LIST_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* The maximum length of a `build`. */
#define BUILD_LIST_MAX 10000

/* Whether `build` takes a request: by its command, and only if it has no member that is valid only
 * in a separate request. */
bool build_list_takes(const json_t *request);

/* The `build` request for requests with these texts. */
char *build_list_text(const char *const *texts, guint n);

/*
 * Removes "requests[3]: " from the message of build's error, and appends the rest of the path if
 * the message does not have it.  Returns 3, or -1 if no request is to blame.
 */
int build_list_locate(GError *error);

#endif
