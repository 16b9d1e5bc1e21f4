#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# timed-driver.sh DRIVER ARGUMENTS...: runs a test driver of Automake's and adds to the
# results that it wrote how long the test took, for slowest-tests.py.
start=$(date +%s%N)
"$@"
status=$?
while [ $# -gt 1 ]; do
    if [ "$1" = --trs-file ]; then
        echo ":milliseconds: $((($(date +%s%N) - start) / 1000000))" >>"$2"
        break
    fi
    shift
done
exit $status
