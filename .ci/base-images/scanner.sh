#!/bin/sh
# Write what is in the folder that is named as BuildKit's protocol has it: docs/attestations/sbom-protocol.md there.
set -eu
name=$(basename "$BUILDKIT_SCAN_SOURCE")
found=$(SYFT_CHECK_FOR_APP_UPDATE=false syft scan --quiet --output spdx-json "dir:$BUILDKIT_SCAN_SOURCE")
printf '{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document", "predicate": %s}' \
    "$found" > "$BUILDKIT_SCAN_DESTINATION/$name.spdx.json"
