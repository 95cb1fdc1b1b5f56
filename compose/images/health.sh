#!/bin/bash
# Whether $HEALTH_URL answers 2xx. In bash alone, because it runs every second: a Node process would cost fifty times as much.
[[ $HEALTH_URL =~ ^http://([^:/]+):([0-9]+)(/.*)?$ ]] || { echo "HEALTH_URL is no http://host:port/path: $HEALTH_URL"; exit 1; }
host=${BASH_REMATCH[1]} port=${BASH_REMATCH[2]} path=${BASH_REMATCH[3]:-/}
exec 3<>"/dev/tcp/$host/$port" || exit 1
printf 'GET %s HTTP/1.0\r\nHost: %s:%s\r\nConnection: close\r\n\r\n' "$path" "$host" "$port" >&3
read -r -t 1 status <&3 || { echo "$HEALTH_URL did not answer within 1 s"; exit 1; }
[[ $status == HTTP/1.?\ 2* ]] || { echo "$HEALTH_URL answered $status"; exit 1; }
