#!/usr/bin/env bash
# A PostgreSQL cluster for tests: made by initdb in a folder of its own, on loopback only, with fsync as in production
# unless TILIK_TEST_POSTGRES_FSYNC=off. The password goes over loopback as it is: an unoptimized client takes seconds to
# derive the keys of SCRAM, for every connection.
#
#   postgres.sh start DIR    start it with its data in DIR (made when missing); prints the line to `eval`
#   postgres.sh stop DIR     stop what `start DIR` started, by its process id
#
# TILIK_TEST_POSTGRES_BIN names the folder of initdb and postgres; else PATH and /usr/lib/postgresql are searched.
# PostgreSQL refuses to run as root: then it runs as the user postgres, or as nobody. Where that user may not enter DIR, the
# cluster lies in a temporary folder beside it, which DIR/where names and `stop` removes.
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

# Where the cluster that belongs to folder $1 lies.
home_of() {
    cat "$1/where" 2>/dev/null || echo "$1"
}

# True when the process in $1/pid is alive and is the server that runs on the cluster of $1.
is_ours() {
    [ -f "$1/pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$(cat "$1/pid")/cmdline" | grep -qF -- "$(home_of "$1")/data"
}

start() {
    local dir home bin user port password
    mkdir -p "$1"
    dir=$(cd "$1" && pwd)
    if is_ours "$dir"; then
        cat "$dir/env"
        return
    fi
    bin=$(find_bin)
    user=$(server_user)
    port=$(free_port)
    home=$(home_of "$dir")
    if [ ! -d "$home/data" ]; then
        home=$dir
        if [ "$(id -u)" = 0 ]; then
            chown "$user" "$dir"
            if ! (as_server test -w "$dir") 2>/dev/null; then
                home=$(mktemp -d "/tmp/tilik-postgres.XXXXXX")
                chown "$user" "$home"
                echo "$home" >"$dir/where"
            fi
        fi
        password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
        (umask 077 && echo "$password" >"$home/password")
        if [ "$(id -u)" = 0 ]; then
            chown "$user" "$home/password"
        fi
        (cd "$home" && as_server "$bin/initdb" -D "$home/data" -U tilik --pwfile "$home/password" \
            --auth password --encoding UTF8 --locale C) >"$dir/log" 2>&1 || {
            tail -20 "$dir/log" >&2
            stop "$dir"
            return 1
        }
    fi
    password=$(cat "$home/password")
    (cd "$home" && as_server setsid "$bin/postgres" -D "$home/data" -p "$port" -h 127.0.0.1 -k "" \
        -c fsync="${TILIK_TEST_POSTGRES_FSYNC:-on}" -c synchronous_commit=on -c max_connections=500) >>"$dir/log" 2>&1 </dev/null &
    echo $! >"$dir/pid"
    for _ in $(seq 300); do
        # The last line of postmaster.pid says when connections are welcome; psql may not be installed.
        if [ "$(sed -n '1p;8s/ *$//p' "$home/data/postmaster.pid" 2>/dev/null)" = "$(cat "$dir/pid")"$'\nready' ]; then
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
    if [ -f "$dir/where" ]; then
        rm -rf "$(cat "$dir/where")" "$dir/where"
    fi
    rm -f "$dir/pid" "$dir/env"
}

case "${1:-}:$#" in
start:2) start "$2" ;;
stop:2) stop "$2" ;;
*)
    sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
