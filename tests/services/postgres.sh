#!/usr/bin/env bash
# A PostgreSQL cluster for tests: made by initdb in a folder of its own, on loopback only, with fsync as in production.
#
#   postgres.sh start DIR    start it with its data in DIR (made when missing); prints the line to `eval`
#   postgres.sh stop DIR     stop what `start DIR` started, by its process id
#
# TILIK_TEST_POSTGRES_BIN names the folder of initdb and postgres; else PATH and /usr/lib/postgresql are searched.
# PostgreSQL refuses to run as root: then it runs as the user postgres, or as nobody.
set -euo pipefail

find_bin() {
    local candidate
    for candidate in "${TILIK_TEST_POSTGRES_BIN:-}" \
        "$(dirname "$(readlink -f "$(command -v initdb || echo /none/initdb)")")" \
        $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) /usr/pgsql-*/bin; do
        if [ -x "$candidate/initdb" ] && [ -x "$candidate/postgres" ]; then
            echo "$candidate"
            return
        fi
    done
    echo "no PostgreSQL server found (initdb, postgres): install postgresql" >&2
    return 1
}

# Who runs the server: nobody in particular, unless we are root.
server_user() {
    if [ "$(id -u)" != 0 ]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# Runs a command as the server's user, in this process: so that `&` gives the server's own id.
as_server() {
    if [ "$(id -u)" = 0 ]; then
        exec setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups -- "$@"
    fi
    exec "$@"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# True when the process in $1/pid is alive and is the server that runs on $1.
is_ours() {
    [ -f "$1/pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$(cat "$1/pid")/cmdline" | grep -qF -- "$1/data"
}

start() {
    local dir bin user port password
    mkdir -p "$1"
    dir=$(cd "$1" && pwd)
    if is_ours "$dir"; then
        cat "$dir/env"
        return
    fi
    bin=$(find_bin)
    user=$(server_user)
    port=$(free_port)
    if [ ! -f "$dir/data/PG_VERSION" ]; then
        password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
        (umask 077 && echo "$password" >"$dir/password")
        mkdir -p "$dir/data"
        if [ "$(id -u)" = 0 ]; then
            chown "$user" "$dir" "$dir/data" "$dir/password"
        fi
        (cd "$dir" && as_server "$bin/initdb" -D "$dir/data" -U tilik --pwfile "$dir/password" \
            --auth scram-sha-256 --encoding UTF8 --locale C) >"$dir/log" 2>&1 || {
            tail -20 "$dir/log" >&2
            return 1
        }
    fi
    password=$(cat "$dir/password")
    (cd "$dir" && as_server setsid "$bin/postgres" -D "$dir/data" -p "$port" -h 127.0.0.1 -k "" \
        -c fsync=on -c synchronous_commit=on -c max_connections=200) >>"$dir/log" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    for _ in $(seq 300); do
        # The last line of postmaster.pid says when connections are welcome; psql may not be installed.
        if [ "$(sed -n '1p;8s/ *$//p' "$dir/data/postmaster.pid" 2>/dev/null)" = "$(cat "$dir/pid")"$'\nready' ]; then
            (
                umask 077
                echo "export TILIK_TEST_DATABASE_URL=postgres://tilik:$password@127.0.0.1:$port/postgres" >"$dir/env"
            )
            cat "$dir/env"
            return
        fi
        [ -d "/proc/$(cat "$dir/pid")" ] || break
        sleep 0.1
    done
    echo "PostgreSQL did not become ready:" >&2
    tail -20 "$dir/log" >&2
    stop "$dir"
    return 1
}

stop() {
    local dir pid
    dir=$(cd "$1" 2>/dev/null && pwd) || return 0
    if is_ours "$dir"; then
        pid=$(cat "$dir/pid")
        # SIGINT: disconnect everyone, then a clean shutdown.
        kill -INT "$pid"
        for _ in $(seq 300); do
            is_ours "$dir" || break
            sleep 0.1
        done
        if is_ours "$dir"; then
            kill -QUIT "$pid"
        fi
    fi
    rm -f "$dir/pid" "$dir/env"
}

case "${1:-}:$#" in
start:2) start "$2" ;;
stop:2) stop "$2" ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
