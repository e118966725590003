#!/bin/sh
# Back up the database, restore it, and take it to another version of PostgreSQL: README.md, "Keep the data safe".
# compose.production.yaml runs this in containers of its own, in the folder backups/; `recover` and `upgrade` are for
# the server.
set -eu

fail() {
    echo "$*" >&2
    exit 1
}

can_write() {
    [ -w . ] || fail "User $(id -u) cannot write to the folder backups/: sudo chown $(id -u) backups"
}

# Make sure that no other run is at work, and remove what an interrupted one left.
begin() {
    can_write
    umask 077
    exec 9> .lock
    flock --nonblock 9 || fail "Another backup or restore is at work: wait until it has ended."
    PGPASSWORD=$(cat /run/secrets/database_password)
    export PGPASSWORD
    rm -f .new
    find . -name '*.dump.sha256' | while read -r checksum; do
        [ -f "${checksum%.sha256}" ] || rm "$checksum"
    done
}

backups() {
    find . -name '20*Z.dump' -printf '%f\n' | sort
}

# Is there a backup that is not older than so many minutes?
fresh() {
    [ -n "$(find . -name '*.dump' -mmin "-$1")" ]
}

sql() {
    PGOPTIONS=--client-min-messages=warning psql --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$1" --command="$2"
}

# A backup gets its name when it is complete and was read back.
backup() {
    [ "$BACKUP_KEEP" -gt 0 ] || fail "BACKUP_KEEP is '$BACKUP_KEEP': say how many backups to keep, 1 or more."
    begin
    name=$(date --utc +%Y-%m-%dT%H%M%SZ).dump
    pg_dump --format=custom --file=.new
    pg_restore --file=/dev/null .new
    echo "$(sha256sum .new | cut --delimiter=' ' --fields=1)  $name" > "$name.sha256"
    sync "$name.sha256"
    mv .new "$name"
    sync .
    backups | head --lines="-$BACKUP_KEEP" | while read -r old; do
        rm -f "$old" "$old.sha256"
    done
    echo "backups/$name"
}

# The backup is restored beside the database, and replaces it when complete.
restore() {
    begin
    name=$(basename "${1:-}")
    [ "$name" != latest ] || name=$(backups | tail --lines=1)
    [ -f "$name" ] || fail "Say which backup to restore: latest, or one of these." "$(backups)"
    [ -r "$name" ] || fail "User $(id -u) cannot read backups/$name: sudo chown $(id -u) backups/*"
    [ -r "$name.sha256" ] || fail "backups/$name.sha256 is not there, or user $(id -u) cannot read it: copy that, too."
    checksum=$(cut --delimiter=' ' --fields=1 "$name.sha256")
    echo "$checksum  $name" | sha256sum --check --status || fail "backups/$name is damaged: its checksum differs. Take another one."
    users=$(sql postgres "SELECT count(*) FROM pg_stat_activity WHERE datname = 'app' AND backend_type = 'client backend'")
    [ "$users" = 0 ] || fail "The database is in use. Stop everything; a restore starts only the database again."
    sql postgres "DROP DATABASE IF EXISTS restored"
    sql postgres "CREATE DATABASE restored TEMPLATE template0"
    pg_restore --dbname=restored --single-transaction --exit-on-error "$name"
    sql restored "ANALYZE"
    sql postgres "DROP DATABASE IF EXISTS replaced"
    sql postgres "BEGIN; ALTER DATABASE app RENAME TO replaced; ALTER DATABASE restored RENAME TO app; COMMIT"
    echo "backups/$name is restored. The former database is kept as 'replaced', until the next restore."
}

schedule() {
    can_write
    while true; do
        fresh "$((BACKUP_HOURS * 60))" || sh "$0" backup || echo "No backup was made; the next try is in a minute." >&2
        sleep 60
    done
}

# If the backup cannot be restored, the project starts with the data that it has.
recover() {
    once_stopped "The project may be stopped; start it as usual."
    stop
    compose run --rm restore "${1:-latest}" || failed=true
    trap - EXIT
    compose up --detach --wait
    [ -z "${failed:-}" ]
}

# Each version has a folder of its own in the volume, so that the old one stays as it is.
upgrade() {
    echo "${1:-}" | grep --quiet '^[0-9][0-9]$' || fail "Say to which version: sh database.sh upgrade 19"
    once_stopped "It failed. All data is in the old version still; start that as usual."
    stop
    # With the old version's pg_dump: that of 18.6 dumps an option of 17.12's tables that 18.6 cannot restore.
    compose run --rm backup
    export POSTGRES_VERSION="$1"
    compose up --detach --wait db
    compose run --rm restore latest
    [ ! -f .env ] || sed -i '/^POSTGRES_VERSION=/d' .env
    printf '\nPOSTGRES_VERSION=%s\n' "$POSTGRES_VERSION" >> .env
    trap - EXIT
    compose up --detach --wait
}

# Say this if interrupted, and go on if the terminal is closed: otherwise the project would stay stopped.
once_stopped() {
    trap '' HUP
    trap 'exit 1' INT TERM
    # shellcheck disable=SC2064  # what is to be said is known now
    trap "echo '$1' >&2" EXIT
}

# Before 28.3, the engine still lists as running, for a moment, what it has just stopped (moby's issue 50133). Then,
# `compose run` would not start the database.
stop() {
    compose stop
    while [ -n "$(compose ps --quiet --orphans=false)" ]; do
        sleep 0.1
    done
}

compose() {
    docker compose --file compose.production.yaml "$@"
}

[ $# -gt 0 ] || fail "Say what to do: README.md shows how."
"$@"
