#!/usr/bin/env bash
# Rebuild a Hugging Face Space's environment in a clean venv, and start the app once as it would.
#
#   scripts/check_space.sh [PYTHON]
#
# The Space installs requirements.txt, the Gradio of README's sdk_version, and `spaces`; the Debian
# packages of packages.txt must be on this machine. Takes minutes and 3 GB in a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3.11}
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT

sdk=$(sed -n 's/^sdk_version: *//p' README.md | head -1)
: "${sdk:=$(sed -n 's/^gradio==//p' requirements.txt)}"
echo "== gradio $sdk, $("$python" --version)"
for package in $(cat packages.txt); do
    dpkg --status "$package" > /dev/null 2>&1 || echo "note: $package is not installed here"
done

"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    -r requirements.txt "gradio==$sdk" spaces
"$folder/venv/bin/pip" check

# A Space sees the files of the repository and nothing else.
mkdir "$folder/app"
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' name; do
        [ ! -f "$name" ] || cp --parents "$name" "$folder/app/"
    done

port=${PORT:-7999}
cd "$folder/app"
env -i PATH="$folder/venv/bin:$PATH" HOME="$folder" GRADIO_SERVER_NAME=127.0.0.1 \
    GRADIO_SERVER_PORT="$port" SPACE_ID=check/evoke HF_HUB_OFFLINE=1 \
    python app.py > "$folder/log.txt" 2>&1 &
server=$!
for _ in $(seq 90); do
    if answer=$("$folder/venv/bin/python" -c "import urllib.request as u
print(u.urlopen('http://127.0.0.1:$port/health', timeout=5).read().decode())" 2> /dev/null); then
        echo "== the app answers: $answer"
        exit 0
    fi
    kill -0 "$server" 2> /dev/null || break
    sleep 2
done
echo "the app did not start:" >&2
tail -30 "$folder/log.txt" >&2
exit 1
