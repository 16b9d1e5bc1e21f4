#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every #include "..." of the tree against tests/style/layers; then the check
# itself against a tree with planted violations.
top=${G_TEST_SRCDIR:-.}
cd "$top" || exit 99
table=$PWD/tests/style/layers

# Prints FILE:LINE for each include that the table does not allow.
violations()
{
    find qmp qom systemd cpu kvm tcg qtest hw client daemon tests -name '*.[ch]' -type f 2>/dev/null | sort |
    xargs grep -Hn '^[ 	]*#[ 	]*include[ 	]*"' /dev/null |
    awk -v table="$table" '
    BEGIN {
        while ((getline line < table) > 0) {
            sub(/#.*/, "", line)
            if (split(line, part, " = ") == 2) { means[part[1]] = expand(part[2]); continue }
            if (split(line, part, ":") == 2) { allow[part[1]] = expand(part[2]); known[part[1]] = 1 }
        }
    }
    function expand(list,   n, i, item, out) {
        n = split(list, item, " ")
        for (i = 1; i <= n; i++) out = out " " (item[i] in means ? means[item[i]] : item[i])
        return out
    }
    function glob(p) { gsub(/\./, "\\.", p); gsub(/\*/, ".*", p); return "^" p "$" }
    function row(file,   dir) {
        dir = file
        while (sub(/\/[^\/]*$/, "", dir)) if (dir in known) return dir
        return dir
    }
    {
        split($0, loc, ":"); file = loc[1]; from = row(file)
        dir = file; sub(/\/[^\/]*$/, "", dir)
        header = $0; sub(/^[^"]*"/, "", header); sub(/".*/, "", header)
        if (header == "config.h") next
        todir = header; if (!sub(/\/[^\/]*$/, "", todir)) todir = "."
        if (todir == dir || todir == from) next
        ok = 0; n = split(allow[from], pat, " ")
        for (i = 1; i <= n; i++)
            if (todir == pat[i] || index(todir, pat[i] "/") == 1 ||
                (pat[i] ~ /[.*]/ && header ~ glob(pat[i]))) ok = 1
        if (!ok) print file ":" loc[2] ": " from " may not include \"" header "\""
    }'
}

echo 1..5
violations > "${TMPDIR:-/tmp}/layers.$$"
if [ -s "${TMPDIR:-/tmp}/layers.$$" ]; then
    sed 's/^/# /' "${TMPDIR:-/tmp}/layers.$$"
    echo "not ok 1 - includes follow tests/style/layers"
else
    echo "ok 1 - includes follow tests/style/layers"
fi
rm -f "${TMPDIR:-/tmp}/layers.$$"

# Each planted include must be found, and nothing else.
planted=$(mktemp -d) || exit 99
trap 'rm -rf "$planted"' EXIT
mkdir -p "$planted/qmp" "$planted/kvm" "$planted/hw/char" "$planted/hw/core" && cd "$planted" || exit 99
echo '#include "qom/object.h"' > qmp/up.c
echo '#include "hw/memory/memory.h"' > kvm/sideways.c
printf '#include "hw/core/irq.h"\n#include "hw/rtc/mc146818.h"\n' > hw/char/device.c
printf '#include "hw/memory/memory.h"\n#include "qmp/bytes.h"\n' > hw/core/up.c
n=2
for expect in 'qmp/up.c:1: qmp may' 'kvm/sideways.c:1: kvm may' 'hw/core/up.c:1: hw/core may' \
              'hw/char/device.c:2: hw/char may'; do
    if [ "$(violations | grep -c "^$expect")" = 1 ] && [ "$(violations | wc -l)" = 4 ]; then
        echo "ok $n - finds the planted $expect not"
    else
        echo "not ok $n - misses the planted $expect not"
    fi
    n=$((n + 1))
done
