#!/usr/bin/env bash
# Install from Debian's packages what the real tests need and this machine lacks, then run them.
#   servers.sh COMMAND [ARG ...]
set -euo pipefail

missing=()
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
command -v chromium >/dev/null || missing+=(chromium)
command -v unshare >/dev/null || missing+=(util-linux)

if ((${#missing[@]})); then
    as_root=()
    ((EUID == 0)) || as_root=(sudo)
    echo "Installing from Debian's packages: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    # the package's own cluster is not wanted: the tests start one of their own
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
exec "$@"
