#!/bin/sh
# Makes what is missing in secrets/, readable by you only; what is there stays.
#
#   ./make-secrets.sh        needs python with salespipe's packages: PYTHON=../.venv/bin/python
set -eu
umask 077
cd "$(dirname "$0")"
python=${PYTHON:-../.venv/bin/python}

random() {
    "$python" -c 'import secrets; print(secrets.token_hex(24), end="")'
}

mkdir -p secrets/tokens
for name in postgres_password grafana_password; do
    [ -s "secrets/$name" ] || random >"secrets/$name"
done

if [ ! -s secrets/s3.env ]; then
    key=$(random)
    secret=$(random)
    {
        echo "ROOT_ACCESS_KEY=$key"
        echo "ROOT_SECRET_KEY=$secret"
        echo "AWS_ACCESS_KEY_ID=$key"
        echo "AWS_SECRET_ACCESS_KEY=$secret"
    } >secrets/s3.env
fi

# the server keeps the hash, Prometheus the token
if [ ! -s secrets/metrics_token ]; then
    PYTHONPATH=..:../src "$python" -m serving.tokens prometheus metrics \
        --file secrets/tokens/tokens.json | tr -d '\n' >secrets/metrics_token
fi

echo "A token for an app: python -m serving.tokens NAME MODEL … --file deploy/secrets/tokens/tokens.json"
