#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs test-jsonrpc.js with the library that `npm ci` has put beside the build's
# copy of package.json, or beside this script.
here=$(dirname "$0")
modules=
for folder in "${G_TEST_BUILDDIR:-.}/tests/jsonrpc" "$here"; do
    if [ -d "$folder/node_modules/json-rpc-2.0" ]; then
        modules=$(cd "$folder/node_modules" && pwd)
        break
    fi
done
if ! command -v node >/dev/null 2>&1; then
    echo "1..0 # SKIP node is not installed"
elif [ -z "$modules" ]; then
    echo "1..0 # SKIP the npm package json-rpc-2.0 is not installed: run npm ci in tests/jsonrpc"
else
    NODE_PATH=$modules exec node "$here/test-jsonrpc.js"
fi
