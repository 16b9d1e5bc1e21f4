#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds go-qemu.go with Debian's package of the library, and runs it on a vmd of its own.
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${G_TEST_BUILDDIR:-.}" && pwd)
library=/usr/share/gocode

if ! command -v go >/dev/null 2>&1; then
    echo "1..0 # SKIP go is not installed (Debian: golang-go)"
    exit 0
elif [ ! -d $library/src/github.com/digitalocean/go-qemu ]; then
    echo "1..0 # SKIP go-qemu is not installed (Debian: golang-github-digitalocean-go-qemu-dev)"
    exit 0
fi
folder=$(mktemp -d)
trap 'kill $daemon 2>/dev/null; rm -rf "$folder"' EXIT
export GO111MODULE=off GOPATH=$library GOCACHE="$build/tests/clients/go-build" GOFLAGS= \
    CGO_ENABLED=0
if ! go build -o "$folder/go-qemu" "$here/go-qemu.go" >"$folder/log" 2>&1; then
    sed 's/^/# /' "$folder/log"
    echo "Bail out! go-qemu.go cannot be built"
    exit 0
fi
"$build/vmd" --socket "$folder/socket" 2>/dev/null &
daemon=$!
# The library waits forever if an event is not taken.
timeout 60 "$folder/go-qemu" "$folder/socket" || echo "Bail out! go-qemu did not end well"
