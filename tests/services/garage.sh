#!/usr/bin/env bash
# An independent S3 server for tests: Garage, installed once, run in a folder of its own, on loopback only.
#
#   garage.sh install        build it into the cache (minutes; nothing to do when it is there)
#   garage.sh start DIR      start it with its data in DIR (made when missing); prints the lines to `eval`
#   garage.sh stop DIR       stop what `start DIR` started, by its process id
#
# Garage is under the AGPL: it runs as a process of its own and is never linked.
set -euo pipefail

version=2.5.0
root=${TILIK_TEST_GARAGE_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/tilik-tests/garage}
garage=$root/bin/garage

install_garage() {
    if [ -x "$garage" ] && [[ "$("$garage" --version)" == *"$version"* ]]; then
        return
    fi
    echo "building Garage $version into $root (a few minutes, once)" >&2
    env -u CARGO_TARGET_DIR -u RUSTFLAGS CARGO_PROFILE_DEV_DEBUG=0 nice -n 10 cargo install garage --version "$version" --locked --debug --force \
        --no-default-features --features bundled-libs,sqlite --root "$root" >&2
}

# Prints $1 different ports that nobody listens on.
free_ports() {
    python3 - "$1" <<'PY'
import socket, sys
held = []
for _ in range(int(sys.argv[1])):
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    held.append(s)
print(*(s.getsockname()[1] for s in held))
PY
}

random_hex() {
    od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'
}

# True when the process in $1/pid is alive and is the server that runs on $1.
is_ours() {
    [ -f "$1/pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$(cat "$1/pid")/cmdline" | grep -qF -- "$1/garage.toml"
}

start() {
    mkdir -p "$1"
    local dir rpc s3 admin key secret
    dir=$(cd "$1" && pwd)
    if is_ours "$dir"; then
        cat "$dir/env"
        return
    fi
    install_garage
    read -r rpc s3 admin < <(free_ports 3)
    key=GK$(random_hex 12)
    secret=$(random_hex 32)
    (
        umask 077
        cat >"$dir/garage.toml" <<TOML
metadata_dir = "$dir/meta"
data_dir = "$dir/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:$rpc"
rpc_public_addr = "127.0.0.1:$rpc"
rpc_secret = "$(random_hex 32)"
[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:$s3"
root_domain = ".s3.localhost"
[admin]
api_bind_addr = "127.0.0.1:$admin"
TOML
    )
    GARAGE_DEFAULT_ACCESS_KEY=$key GARAGE_DEFAULT_SECRET_KEY=$secret GARAGE_DEFAULT_BUCKET=tilik-test \
        setsid "$garage" -c "$dir/garage.toml" server --single-node --default-bucket \
        >"$dir/log" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    for _ in $(seq 300); do
        if "$garage" -c "$dir/garage.toml" key allow --create-bucket "$key" >/dev/null 2>&1; then
            (
                umask 077
                cat >"$dir/env" <<ENV
export TILIK_TEST_S3_ENDPOINT=http://127.0.0.1:$s3
export TILIK_TEST_S3_REGION=garage
export TILIK_TEST_S3_BUCKET=tilik-test
export TILIK_TEST_S3_ACCESS_KEY=$key
export TILIK_TEST_S3_SECRET_KEY=$secret
ENV
            )
            cat "$dir/env"
            return
        fi
        is_ours "$dir" || break
        sleep 0.1
    done
    echo "Garage did not become ready:" >&2
    tail -20 "$dir/log" >&2
    stop "$dir"
    return 1
}

stop() {
    local dir pid
    dir=$(cd "$1" 2>/dev/null && pwd) || return 0
    if is_ours "$dir"; then
        pid=$(cat "$dir/pid")
        kill "$pid"
        for _ in $(seq 100); do
            is_ours "$dir" || break
            sleep 0.1
        done
        if is_ours "$dir"; then
            kill -9 "$pid"
        fi
    fi
    rm -f "$dir/pid" "$dir/env"
}

case "${1:-}:$#" in
install:1) install_garage ;;
start:2) start "$2" ;;
stop:2) stop "$2" ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
