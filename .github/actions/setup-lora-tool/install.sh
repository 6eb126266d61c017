#!/usr/bin/env bash
# Downloads the archive of a release, verifies it and puts the program on the PATH.
#
# Settings come from the environment: VERSION, RELEASES (where the releases lie), SHA256 (of the archive) or, without it,
# REPOSITORY and GH_TOKEN, with which gh looks up who built the archive. INSTALL is the folder that the program goes to.
set -euo pipefail

fail() { echo "::error title=setup-lora-tool::$1"; exit 2; }

[[ ${VERSION:-} =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "the input 'version' is '${VERSION:-}', expected one such as 0.1.0"
case $(uname -sm) in
  "Linux x86_64" | "Linux aarch64") ;;
  *) fail "there is no program for $(uname -sm)" ;;
esac
name=lora-tool-$VERSION-linux-$(uname -m)
place=${INSTALL:-${RUNNER_TEMP:-/tmp}/lora-tool-$VERSION}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

download() { # FILE
  curl --fail --silent --show-error --location --retry 3 --max-time 300 --max-filesize 200000000 \
    --output "$work/$1" "$RELEASES/v$VERSION/$1" || fail "cannot download $RELEASES/v$VERSION/$1"
}

download "$name.tar.gz"
found=$(sha256sum "$work/$name.tar.gz" | cut -d ' ' -f 1)
if [[ -n ${SHA256:-} ]]; then
  expected=${SHA256,,}
else
  download SHA256SUMS
  expected=$(awk -v file="$name.tar.gz" '$2 == file || $2 == "*" file { print $1 }' "$work/SHA256SUMS")
fi
[[ $found == "$expected" ]] || fail "$name.tar.gz has the SHA-256 $found, expected ${expected:-one in SHA256SUMS}"
if [[ -z ${SHA256:-} ]]; then
  # The sums lie beside the archive, so they cannot vouch for it; the signed provenance can.
  gh attestation verify "$work/$name.tar.gz" --repo "$REPOSITORY" >/dev/null ||
    fail "$name.tar.gz has no valid provenance of $REPOSITORY; set the input 'sha256' where it cannot be looked up"
fi

mkdir -p "$place"
tar --extract --gzip --file "$work/$name.tar.gz" --directory "$place" --no-same-owner lora-tool
"$place/lora-tool" --version >/dev/null || fail "the program does not start on this machine"
echo "$place" >>"${GITHUB_PATH:-/dev/null}"
echo "tool=$place/lora-tool" >>"${GITHUB_OUTPUT:-/dev/stdout}"
