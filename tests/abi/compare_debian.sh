#!/bin/sh
# compare_debian.sh: do Sluice's headers say the same as another libcurl's?
#
# usage: compare_debian.sh [CC [OTHER]]
#
# OTHER is the folder that has the other curl/curl.h, /usr/include/... when not given. What both
# headers know is compared, fact by fact, except for the facts listed below, which changed
# between libcurl 7.88 and 8.22. Exit status 77 (skipped) when there are no other headers, or
# they are not those of a libcurl from 7.87 to 7.88: then the list is not right.

set -eu

cc=${1:-cc}
here=$(cd "$(dirname "$0")" && pwd)
ours=$(cd "$here/../../include" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ $# -gt 1 ]; then
  other=$2
else
  # Where the compiler itself finds one.
  other=$(echo '#include <curl/curl.h>' | "$cc" -M -x c - 2>/dev/null |
    tr ' ' '\n' | sed -n 's,/curl/curl\.h$,,p' | head -n 1) || true
fi
if [ -z "${other:-}" ] || [ ! -f "$other/curl/curlver.h" ]; then
  echo "skipped: no other libcurl's headers"
  exit 77
fi
if ! grep -Eq '^#define LIBCURL_VERSION_NUM +0x0(757|758)' "$other/curl/curlver.h"; then
  echo "skipped: the headers in $other are not of libcurl 7.87 or 7.88"
  exit 77
fi

# The words that the other headers have; a fact about a name not among them is left out.
printf '#include <curl/curl.h>\n#include <curl/mprintf.h>\n' > "$work/all.c"
{
  "$cc" -I"$other" -DCURL_DISABLE_TYPECHECK -E -P "$work/all.c"
  "$cc" -I"$other" -DCURL_DISABLE_TYPECHECK -E -dM "$work/all.c"
} | tr -cs 'A-Za-z0-9_' '\n' | sort -u > "$work/words"

# A row goes with its first name (of a type) or second (of a prototype), a member with both.
awk -v words="$work/words" '
  BEGIN { while ((getline word < words) > 0) known[word] = 1; keep = 1 }
  /^(ENUM|MACRO|OPTION|INFO|SIZE|MEMBER|FUNCTION|CALLBACK)\(/ {
    row = $0
    sub(/^[A-Z]+\(/, "", row)
    split(row, part, ", *")
    sub(/^struct /, "", part[1])
    sub(/\)$/, "", part[1])
    keep = /^(FUNCTION|CALLBACK)/ ? known[part[2]] : known[part[1]]
    if (/^MEMBER/ && !known[part[2]]) keep = 0
    if (keep) print
    next
  }
  /^ / { if (keep) print; next }
  { print }
' "$here/facts.h" > "$work/facts.h"

for side in ours other; do
  eval folder=\$$side
  "$cc" -std=c11 -D_GNU_SOURCE -DCURL_DISABLE_TYPECHECK -DFACTS="\"$work/facts.h\"" \
    -I"$folder" "$here/facts_test.c" -o "$work/$side"
  "$work/$side" --dump | sort > "$work/$side.txt"
done

# Changed since 7.88: ranges grew, a struct grew at its end, prototypes got const.
sort > "$work/changed" << 'LIST'
CURLAUTH_ANY
CURLAUTH_ANYSAFE
CURLINFO_LASTONE
CURLOPT_CLOSEPOLICY
CURLOPT_WRITEINFO
CURLPROTO_ALL
CURLSSH_AUTH_ANY
CURLSSH_AUTH_DEFAULT
CURLVERSION_NOW
LIBCURL_VERSION_MAJOR
LIBCURL_VERSION_MINOR
LIBCURL_VERSION_NUM
LIBCURL_VERSION_PATCH
curl_url_dup
curl_url_get
curl_ws_meta
curl_ws_recv
struct curl_version_info_data.
LIST

# Neither more nor less than those.
rows=$(wc -l < "$work/ours.txt")
if [ "$rows" -lt 1000 ]; then
  echo "only $rows facts to compare"
  exit 1
fi
diff "$work/ours.txt" "$work/other.txt" > "$work/diff" || true
sed -n 's/^< \(struct [^ ]*\|[^ ]*\).*/\1/p' "$work/diff" | sort > "$work/differ"
if ! diff "$work/changed" "$work/differ"; then
  echo "these changed unexpectedly (>), or did not change (<); ours (<) and $other (>):"
  cat "$work/diff"
  exit 1
fi
changed=$(wc -l < "$work/changed")
echo "$((rows - changed)) facts are the same in $other, $changed changed as expected"
