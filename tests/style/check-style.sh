#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Greps that keep habits: what may stand only in one place, and what nowhere.
top=${G_TEST_SRCDIR:-.}
cd "$top" || exit 99
sources=$(find qmp qom systemd cpu kvm tcg qtest hw client daemon -name '*.[ch]' -type f | sort)
. tests/style/report.sh

# only NAME PATTERN ALLOWED: PATTERN stands in files that match ALLOWED only.
only()
{
    report "$1" "$(grep -nE "$2" $sources | grep -vE "^($3)")"
}

only "event_base_new is called for the main loop and for iothreads only" \
    '\<event_base_new(_with_config)?\(' 'daemon/assembly\.c:|hw/aio/iothread\.c:'
only "/dev/kvm is named in kvm/, and where vmctl looks whether it is there" \
    '"/dev/kvm' 'kvm/|client/host-check\.c:'
only "json_t is seen in qmp/ and client/ only" '\<json_[a-z_]+ *\(|\<json_t\>' 'qmp/|client/'
only "sd_ functions are called in systemd/ only" '\<sd_[a-z_]+ *\(' 'systemd/'
only "no exit, abort or assert beside main and the client" \
    '\<(exit|_exit|abort|assert|g_assert[a-z_]*|g_error) *\(' 'client/|daemon/main\.c:|qom/checks\.c:'
only "no unbounded or locale-bound string functions" \
    '\<(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|strtok|alloca) *\(' 'NOTHING'
only "who needs types of the schema includes the headers of their files, not of all" \
    '#include "qmp/qapi-types\.h"' 'NOTHING'
only "no sleep and no polling" '\<(sleep|usleep|nanosleep|g_usleep) *\(' 'NOTHING'
only "jansson's errors are seen in qmp/json.c only" '\<json_error_t\>' 'qmp/json\.c:'
report "jansson's words are not passed on" "$(grep -nE '(\.|->)(text|source)\>' qmp/json.c)"
glib='dir_open|file_(get|set)_contents(_full)?|file_(open_tmp|read_link)|mapped_file_new|spawn_[a-z_]+'
glib="$glib|shell_[a-z_]+|thread_try_new|thread_pool_[a-z_]+|ascii_string_to_[a-z]+|unix_[a-z_]+"
glib="$glib|convert|locale_[a-z0-9_]+|key_file_[a-z_]+|regex_[a-z_]+|io_channel_[a-z_]+|mkdtemp"
report "GLib's words are not passed on: its functions get no error of a caller's" "$(
    awk -v call="g_($glib) *\\\\(.*[ ,]&?error\\\\)" '{ text = text " " $0 }
        /[;{}]/ { if (text ~ call) print FILENAME ":" FNR ":" text; text = "" }' $sources)"
report "each file says its licence in the first line" "$(
    awk 'FNR == 1 && !/SPDX-License-Identifier: GPL-2.0-or-later/ { print FILENAME }' $sources)"
report "no tabs and no trailing space" "$(grep -nE '	| +$' $sources)"
report "no line over 100 columns" "$(awk 'length($0) > 100 { print FILENAME ":" FNR ": " length($0) " columns" }' $sources)"
report "each .c includes config.h" "$(
    grep -L '^#include "config.h"' $(echo "$sources" | grep '\.c$'))"
report "no file over 800 lines" "$(wc -l $sources | awk '$2 != "total" && $1 > 800 { print $2 ": " $1 " lines" }')"
report "no word that something is left to do" "$(grep -nwE 'TODO|FIXME|XXX|HACK' $sources)"
# English: wording that a native engineer does not write.  Text is everything that people read:
# code and its comments, the schema, pages, manuals, tests.
texts=$(find qmp qom systemd cpu kvm tcg qtest hw client daemon docs tests README.md CHANGELOG.md \
    CONTRIBUTING.md SECURITY.md -type f -not -path '*/corpus/*' -not -path 'tests/style/*' \
    -not -name '*.pyc' | sort)
# no_words WHY PATTERN: PATTERN stands nowhere.
no_words()
{
    report "English: $1" "$(echo "$texts" | xargs grep -nIE "$2")"
}

no_words "a backend and a frontend are one word" '\<([Bb]ack|[Ff]ront)[ -]ends?\>'
no_words "forever is one word" '\<for ever\>'
no_words "inside and outside take no 'of'" '\<(in|out)side of\>'
no_words "again, or a verb with re-, not 'anew'" '\<anew\>'
no_words "again, not 'afresh'" '\<afresh\>'
no_words "'at most', not 'at the most'" '\<at the most\>'
no_words "'available', not 'to be had'" '\<to be had\>'
no_words "'the only place that', not 'the one place that'" '\<the one place that\>'
no_words "something is checked or read again, not 'looked at again'" '\<looked at again\>'
no_words "a default is 'by default', not 'unless told otherwise'" '\<unless told otherwise\>'
no_words "'wrong', not 'amiss'" '\<amiss\>'
no_words "'does not have', not 'has not got'" '\<(has|have) not (got|any)\>'
no_words "a vCPU 'cannot continue', not 'cannot go on'" '\<(cannot|could not) go on\>'
no_words "no 'which there is none of'" 'which there (is|are) none\>'
no_words "nothing 'cannot be told': it is unknown, or has no message" '\<cannot be told\>'
no_words "nothing is 'nobody else's'" "\\<nobody else's\\>"
no_words "'is not a', not 'is no', but after 'there'" \
    '[^e] is no (power of two|multiple of|socket|ring buffer|regular file|device in use|value of)\>'
no_words "'the thread that', 'the caller', not 'for who' and 'to who'" '\<(for|to|of|by|from) who\>'
no_words "a sentence does not begin with 'Who' and a verb: say 'a thread that', 'a client that'" \
    '(^|[.:;] +|/\*+ *|^ *[*#] +)Who (asks|begins|carries|changes|comes|drives|finds|gives|has no|looks|maps|names|needs|opens|pops|reads|stops|tests|tries|wants|writes)\>'
if ctags --version 2>/dev/null | grep -q Universal; then
    report "no function over 80 lines" "$(ctags -x --kinds-C=f --_xformat='%F %N %n %e' $sources |
        awk 'NF == 4 && $4 - $3 + 1 > 80 { print $1 ":" $3 ": " $2 ": " $4 - $3 + 1 " lines" }')"
else
    n=$((n + 1)); echo "ok $n - no function over 80 lines # SKIP universal-ctags is not installed"
fi
echo "1..$n"
