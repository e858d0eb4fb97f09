#!/bin/sh
# Runs $WORKERD so that it never outlives the process that started it, not even one that SIGKILL ends.
#
# File descriptor 3 is a pipe whose other end that process holds and never writes to: it ends with the
# process. Miniflare reads from it which ports workerd got.

# Ctrl-C reaches all processes of a terminal; the one that started workerd decides what it means.
trap '' INT HUP
(
  trap '' TERM
  read -r _ <&3
  # Where workerd is gone already, its number may be another program's.
  case $(cat /proc/$$/comm 2>/dev/null || ps -o comm= -p $$) in
    *workerd) kill -9 $$ ;;
  esac
) </dev/null >/dev/null 2>&1 &
exec "$WORKERD" "$@"
