# SPDX-License-Identifier: GPL-2.0-or-later
# For the style tests, which read it: one line of TAP a rule.
n=0

# report NAME WHAT: WHAT is empty if all is well.
report()
{
    n=$((n + 1))
    if [ -z "$2" ]; then
        echo "ok $n - $1"
    else
        echo "$2" | sed 's/^/# /'
        echo "not ok $n - $1"
    fi
}
