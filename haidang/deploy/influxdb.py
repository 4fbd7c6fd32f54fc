"""What the first start of InfluxDB 2.7 runs: buckets for the summaries, and a token for the cloud that may no more than
it must. The token of the setup may everything; it stays with InfluxDB."""

BUCKETS = {"bucket": "haidang", "five_minutes_bucket": "haidang_5m", "hours_bucket": "haidang_hours"}

# The bucket of the samples is made by InfluxDB itself.
_BUCKETS_SH = f"""\
#!/bin/sh
set -eu
influx bucket create --org haidang --name {BUCKETS["five_minutes_bucket"]} --retention 730d
influx bucket create --org haidang --name {BUCKETS["hours_bucket"]} --retention 0
"""
# InfluxDB chooses a token by itself, so this one goes to the cloud through a folder that both mount.
_TOKEN_SH = f"""\
#!/bin/sh
# A token that reads and writes the cloud's buckets and nothing else.
set -eu
umask 077
for bucket in {" ".join(BUCKETS.values())}; do
  id=$(influx bucket list --org haidang --name "$bucket" --hide-headers | cut -f 1)
  set -- "$@" --read-bucket "$id" --write-bucket "$id"
done
made=$(influx auth create --org haidang --user haidang --description cloud --json "$@")
token=$(printf '%s\\n' "$made" | sed -n 's/.*"token": *"\\([^"]*\\)".*/\\1/p')
test -n "$token"
printf '%s\\n' "$token" > "${{HAIDANG_FOR_CLOUD:?}}/token.new"
mv "$HAIDANG_FOR_CLOUD/token.new" "$HAIDANG_FOR_CLOUD/token"
"""
SCRIPTS = {"buckets.sh": _BUCKETS_SH, "token.sh": _TOKEN_SH}  # run in the order of their names
