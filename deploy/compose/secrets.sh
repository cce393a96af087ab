#!/bin/sh
# Makes the secrets that compose.yaml reads, a file each; those that are there stay.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
make() { [ -s "secrets/$1" ] || printf '%s' "$2" > "secrets/$1"; }
make cluster-secret "$(openssl rand -hex 32)"
make web-token "$(openssl rand -hex 32)"
make postgres-password "$(openssl rand -hex 32)"
make postgres-address "postgresql://kpush:$(cat secrets/postgres-password)@postgres/kpush"
# In a container another user reads them, by a mount that keeps their rights; the folder keeps everybody else out.
chmod 0644 secrets/*
