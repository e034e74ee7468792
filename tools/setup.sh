#!/bin/sh
# Makes .venv from the lock file with hashes, and installs the Debian packages that are missing
# where that is permitted; otherwise one line says what to install.
set -eu
cd "$(dirname "$0")/.."
lock=requirements-dev.lock
stamp=.venv/.ready
wanted=$(sha256sum <"$lock" | cut -d' ' -f1)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && exit 0

missing=""
need() { missing="$missing $1"; }
python=""
for candidate in python3 python3.13 python3.12 python3.11; do
  if command -v "$candidate" >/dev/null 2>&1 &&
    "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || need python3
if [ -z "$python" ] || ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then need python3-venv; fi
command -v git >/dev/null 2>&1 || need git
command -v ssh-keygen >/dev/null 2>&1 || need openssh-client
command -v openssl >/dev/null 2>&1 || need openssl
command -v pdfsig >/dev/null 2>&1 || need poppler-utils
ldconfig -p 2>/dev/null | grep -q libpango-1.0.so || need libpango-1.0-0
ldconfig -p 2>/dev/null | grep -q libpangoft2-1.0.so || need libpangoft2-1.0-0
ldconfig -p 2>/dev/null | grep -q libharfbuzz-subset.so || need libharfbuzz-subset0
[ -d /usr/share/fonts/truetype/dejavu ] || need fonts-dejavu-core

if [ -n "$missing" ]; then
  sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo -n"
  if command -v apt-get >/dev/null 2>&1 && { [ -z "$sudo" ] || sudo -n true 2>/dev/null; }; then
    echo "setup: installing Debian packages:$missing" >&2
    $sudo apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -yq --no-install-recommends $missing >/dev/null
  else
    echo "setup: please install these packages, then run again: sudo apt-get install$missing" >&2
    exit 2
  fi
  [ -n "$python" ] || python=python3
fi

echo "setup: making .venv with $("$python" --version)" >&2
"$python" -m venv --clear .venv
# The lock is whole: pip is not to look for anything else. Asked to, an older one takes the newest
# version of `package[extra]` for what is locked as `package`, and stops for its missing hash.
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock"
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
echo "$wanted" >"$stamp"
