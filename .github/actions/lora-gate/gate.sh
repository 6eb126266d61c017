#!/usr/bin/env bash
# Runs `lora-tool validate` as a step of a workflow: annotations on standard output, a SARIF log, the readable report in
# the job's summary. The exit code is the program's: 0 passed, 1 something was found, 2 the check could not be made.
#
# Settings come from the environment: TOOL, ADAPTERS (one a line), BASE, ENGINE, MAX_LORA_RANK, SERVING_DTYPE, FAIL_ON,
# OPTIONS (one word a line), SARIF, JUNIT. Empty ones are left out.
set -euo pipefail

lines() { # the lines of $1 that are not empty, into the array named $2
  local -n into=$2
  local line
  into=()
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line%$'\r'}
    if [[ -n ${line//[[:space:]]/} ]]; then into+=("$line"); fi
  done <<<"$1"
}

lines "${ADAPTERS:-}" adapters
lines "${OPTIONS:-}" options
if ((${#adapters[@]} == 0)); then
  echo "::error title=lora-gate::the input 'adapters' is empty"
  exit 2
fi

sarif=${SARIF:-lora-gate.sarif}
text=$(mktemp)
trap 'rm -f "$text"' EXIT

arguments=(validate --format github --report "sarif=$sarif" --report "text=$text" --fail-on "${FAIL_ON:-error}")
if [[ -n ${BASE:-} ]]; then arguments+=(--base "$BASE"); fi
if [[ -n ${ENGINE:-} ]]; then arguments+=(--engine "$ENGINE"); fi
if [[ -n ${MAX_LORA_RANK:-} ]]; then arguments+=(--max-lora-rank "$MAX_LORA_RANK"); fi
if [[ -n ${SERVING_DTYPE:-} ]]; then arguments+=(--serving-dtype "$SERVING_DTYPE"); fi
if [[ -n ${JUNIT:-} ]]; then arguments+=(--report "junit=$JUNIT"); fi

code=0
"${TOOL:-lora-tool}" "${arguments[@]}" "${options[@]}" -- "${adapters[@]}" || code=$?

case $code in
  0) status=pass ;;
  1) status=fail ;;
  *) status=error ;;
esac
if [[ $status == error ]]; then
  echo "::error title=lora-gate::the check could not be made (exit code $code); the log says why"
fi
if [[ -n ${GITHUB_OUTPUT:-} ]]; then
  printf 'status=%s\nsarif=%s\n' "$status" "$sarif" >>"$GITHUB_OUTPUT"
fi
if [[ -n ${GITHUB_STEP_SUMMARY:-} && -s $text ]]; then
  # Four spaces make it a code block whatever stands in it; a summary holds at most a mebibyte.
  { printf '### LoRA gate: %s\n\n' "$status"; head -c 900000 "$text" | sed 's/^/    /'; printf '\n'; } \
    >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
