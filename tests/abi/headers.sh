#!/bin/sh
# headers.sh: does every public header compile, alone, in both languages, without a warning?
#
# usage: headers.sh [CC [CXX]]
#
# Also in the modes that a program may choose, and for the file usage.c.

set -eu

cc=${1:-cc}
cxx=${2:-c++}
here=$(cd "$(dirname "$0")" && pwd)
include=$(cd "$here/../../include" && pwd)
warnings="-Wall -Wextra -Wshadow -Wpointer-arith -Wwrite-strings -Wformat=2 -Wundef -Werror"
names="curl curlver easy header mprintf multi options stdcheaders system typecheck-gcc urlapi
       websockets"
failed=0

# compile LANGUAGE FLAGS... < source
compile() {
  language=$1
  shift
  if [ "$language" = c ]; then
    compiler="$cc -std=c99 -D_GNU_SOURCE -Wstrict-prototypes"
  else
    compiler="$cxx -std=c++11"
  fi
  # shellcheck disable=SC2086
  $compiler -x "$language" $warnings -I"$include" "$@" -fsyntax-only -
}

for language in c c++; do
  for name in $names; do
    # Twice, and with something behind, which an open comment or bracket would swallow.
    if ! printf '#include <curl/%s.h>\n#include <curl/%s.h>\nextern int behind;\n' \
      "$name" "$name" | compile "$language" -pedantic; then
      echo "curl/$name.h does not compile as $language"
      failed=1
    fi
  done
  for mode in CURL_STRICTER CURL_NO_OLDIES CURL_DISABLE_DEPRECATION BUILDING_LIBCURL \
    CURL_NO_FMT_CHECKS CURL_ALLOW_OLD_MULTI_SOCKET; do
    if ! printf '#include <curl/curl.h>\n#include <curl/mprintf.h>\nextern int behind;\n' |
      compile "$language" -pedantic "-D$mode"; then
      echo "curl/curl.h does not compile as $language with $mode"
      failed=1
    fi
  done
  if ! compile "$language" < "$here/usage.c"; then
    echo "usage.c does not compile as $language"
    failed=1
  fi
done

# A deprecated name must make the compiler warn, and must not when the program says so.
old='#include <curl/curl.h>
int use(CURL *easy);
int use(CURL *easy) { return (int)curl_easy_setopt(easy, CURLOPT_PUT, 1L); }'
if printf '%s\n' "$old" | compile c 2>/dev/null; then
  echo "a deprecated option does not make the compiler warn"
  failed=1
fi
if ! printf '%s\n' "$old" | compile c -DCURL_DISABLE_DEPRECATION; then
  echo "CURL_DISABLE_DEPRECATION does not work"
  failed=1
fi

[ "$failed" -eq 0 ] && echo "all headers compile"
exit "$failed"
