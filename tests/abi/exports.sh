#!/bin/sh
# exports.sh: does the shared library export what it should, and nothing else?
#
# usage: exports.sh LIBDIR [FILE [VERSION]]
#
# FILE is libcurl.so.4 and VERSION is CURL_OPENSSL_4 unless given (libcurl-gnutls.so.4 goes with
# CURL_GNUTLS_3). The file's SONAME has to be its name; with that version it has to export the
# functions of facts.h, exactly; with other versions, or none, only names of its own, which begin
# with "sluice_".

set -eu
LC_ALL=C
export LC_ALL

libdir=${1:?usage: exports.sh LIBDIR [FILE [VERSION]]}
file=${2:-libcurl.so.4}
version=${3:-CURL_OPENSSL_4}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

sed -n 's/^FUNCTION([^,]*, \([a-z_]*\),.*/\1/p' "$here/facts.h" | sort > "$work/wanted"
if [ "$(wc -l < "$work/wanted")" -ne 100 ]; then
  echo "facts.h does not have 100 functions"
  exit 1
fi

# "value kind name@@version"; a version itself is an absolute symbol and no name.
nm -D --defined-only --with-symbol-versions "$libdir/$file" |
  awk '$2 != "A" { print $2, $3 }' > "$work/symbols"

awk -v suffix="@@$version" 'index($2, suffix) == length($2) - length(suffix) + 1 {
  print substr($2, 1, length($2) - length(suffix)) }' "$work/symbols" | sort > "$work/exported"
if ! diff "$work/wanted" "$work/exported"; then
  echo "$file lacks functions with version $version (<), or has too many (>)"
  failed=1
fi

if awk '$1 != "T" && $1 != "W" && $1 != "i"' "$work/symbols" | grep .; then
  echo "these are not functions"
  failed=1
fi

if awk -v suffix="@@$version" '!index($2, suffix) { print $2 }' "$work/symbols" |
  grep -v '^sluice_'; then
  echo "these should not be exported"
  failed=1
fi

soname=$(readelf -d "$libdir/$file" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
if [ "$soname" != "$file" ]; then
  echo "the SONAME of $file is '$soname'"
  failed=1
fi

[ "$failed" -eq 0 ] && echo "$file exports $(wc -l < "$work/exported") functions as $version"
exit "$failed"
