#!/usr/bin/env bash
# Finds the program for gate.sh: TOOL where it is given, else lora-tool on the PATH, else one built from the repository
# that this script lies in. Its path goes to the step output `tool`.
set -euo pipefail

if [[ -n ${TOOL:-} ]]; then
  tool=$TOOL
elif tool=$(command -v lora-tool); then
  :
else
  repository=$(cd "$(dirname "$0")/../../.." && pwd)
  if ! command -v swift >/dev/null; then
    echo "::error title=lora-gate::no lora-tool on the PATH and no Swift toolchain to build it; set the input 'tool'"
    exit 2
  fi
  if ! dpkg -s libssl-dev libyaml-dev libzstd-dev >/dev/null 2>&1; then
    sudo apt-get update -q
    sudo apt-get install -y -q libssl-dev libyaml-dev libzstd-dev
  fi
  "$repository/.ci/release" program
  tool=$repository/.build/dist/lora-tool
fi
"$tool" --version >/dev/null || { echo "::error title=lora-gate::cannot run the program"; exit 2; }
echo "tool=$tool" >>"${GITHUB_OUTPUT:-/dev/stdout}"
