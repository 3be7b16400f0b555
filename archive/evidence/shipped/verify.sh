#!/bin/sh
# Checks an evidence package with openssl, sha256sum and the tools of any Unix. Nothing is sent anywhere.
#
#   sh verify.sh [root=HEX] [log=HEX] [tsa=HEX]... [checkpoint=FILE] [FOLDER]
#
# HEX are the fingerprints (SHA-256) that the archive published; take them from where it publishes them, never from this
# package. FILE is a checkpoint of the archive's log from someone else. FOLDER is the package; left out: where this is.
# Ends with 0 VERIFIED, 3 CONSISTENT (no fingerprints were given), 1 FAILED, 2 it could not be checked here.
# A copy of this file that came with the package proves nothing to you if you do not trust who sent it: read it, it is
# short; take it from elsewhere; or do the checks by hand as docs/how-to/for-opposing-experts.md describes them.

LC_ALL=C
TZ=UTC
export LC_ALL TZ
umask 077
roots= logs= tsas= outside= folder=
for word in "$@"; do
  case $word in
    root=*) roots="$roots ${word#root=}" ;;
    log=*) logs="$logs ${word#log=}" ;;
    tsa=*) tsas="$tsas ${word#tsa=}" ;;
    checkpoint=*) outside=${word#checkpoint=} ;;
    *) folder=$word ;;
  esac
done
case $outside in '' | /*) ;; *) outside=$(pwd)/$outside ;; esac
[ -n "$folder" ] || folder=$(dirname "$0")
cd "$folder" || exit 2
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM
# openssl would else trust the authorities of this computer besides the ones that are named.
mkdir "$tmp/none"
SSL_CERT_DIR=$tmp/none SSL_CERT_FILE=$tmp/none/none OPENSSL_CONF=/dev/null
export SSL_CERT_DIR SSL_CERT_FILE OPENSSL_CONF

command -v openssl >/dev/null && command -v gzip >/dev/null || { echo "openssl and gzip are needed"; exit 2; }
if command -v sha256sum >/dev/null; then sha() { sha256sum "$@"; } else sha() { shasum -a 256 "$@"; }; fi
digest() { sha | cut -c1-64; }
digest_of() { digest <"$1"; }

failed= number= check=
begin() { number=$1 check=$2 bad=; }
fault() { bad=1 failed=1; printf 'FAILED %s %s: %s\n' "$number" "$check" "$*" | tr -d '\000-\011\013-\037\177'; }
end() { [ -n "$bad" ] || printf 'ok     %s %s\n' "$number" "$check"; }
note() { printf 'NOTE   %s\n' "$*"; }

among() { case " $2 " in *" $1 "*) return 0 ;; esac; return 1; }
count() { grep -c '' || :; }
unhex() { # hexadecimal to bytes; printf knows octal everywhere
  printf %b "$(printf '%s\n' "$1" | awk '{ h = "0123456789abcdef"
    for (i = 1; i < length($0); i += 2)
      printf "\\0%03o", (index(h, substr($0, i, 1)) - 1) * 16 + index(h, substr($0, i + 1, 1)) - 1 }')"
}
hex_of_base64() { printf '%s\n' "$1" | openssl base64 -d -A 2>/dev/null | od -An -v -tx1 | tr -d ' \n'; }
epoch() { # YYYYMMDDHHMMSS to seconds since 1970, by the calendar of Howard Hinnant
  case $1 in ??????????????) ;; *) echo 0; return ;; esac
  y=${1%??????????} m=${1#????} m=1${m%????????} d=${1#??????} d=1${d%??????}
  H=${1#????????} H=1${H%????} M=${1#??????????} M=1${M%??} S=1${1#????????????}
  m=$((m - 100)) d=$((d - 100)) H=$((H - 100)) M=$((M - 100)) S=$((S - 100))
  if [ "$m" -le 2 ]; then y=$((y - 1)) m=$((m + 9)); else m=$((m - 3)); fi
  era=$((y / 400)) yoe=$((y % 400))
  doy=$(((153 * m + 2) / 5 + d - 1))
  echo $(((era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468) * 86400 + H * 3600 + M * 60 + S))
}
digits() { printf '%s\n' "$1" | sed -n 's/^\(....\)-\(..\)-\(..\)T\(..\):\(..\):\(..\)\(\.[0-9]*\)\{0,1\}Z$/\1\2\3\4\5\6/p'; }
spell() { printf '%s\n' "$1" | sed 's/^\(....\)\(..\)\(..\)\(..\)\(..\)\(..\)$/\1-\2-\3T\4:\5:\6Z/'; }
now=$(date +%s)

# --- 1 keys ---------------------------------------------------------------------------------------------
begin 1 "keys are the published ones"
split_pem() { # each certificate of $1 into a file $2.N
  awk -v to="$2" '/-BEGIN CERTIFICATE-/ { n++ } n { print > (to "." n) }' "$1"
}
fingerprint() { openssl x509 -in "$1" -outform DER 2>/dev/null >"$tmp/cert.der" && digest_of "$tmp/cert.der"; }
compare() { # file, fingerprint, published ones
  [ -z "$3" ] || among "$2" "$3" || fault "$1 has sha256 $2, which was not published"
}
[ -f trust/root.crt ] && split_pem trust/root.crt "$tmp/root"
[ -f "$tmp/root.1" ] && [ ! -f "$tmp/root.2" ] || fault "trust/root.crt is not one certificate"
touch "$tmp/root.1"
print=$(fingerprint "$tmp/root.1") || fault "trust/root.crt cannot be read"
compare trust/root.crt "$print" "$roots"
cat trust/log.vkey 2>/dev/null >"$tmp/vkeys"
[ ! -s "$tmp/vkeys" ] || [ -z "$(tail -c 1 "$tmp/vkeys" | tr -d '\n')" ] || fault "trust/log.vkey is cut off"
log_name=$(sed -n '1s/+.*//p' trust/log.vkey 2>/dev/null)
: >"$tmp/log-keys"
while IFS= read -r vkey; do # each becomes a file log.HINT, its public key as openssl reads it
  compare trust/log.vkey "$(printf %s "$vkey" | digest)" "$logs"
  key=$(hex_of_base64 "${vkey#*+*+}")
  right=$({ printf '%s\n' "$log_name"; unhex "$key"; } | digest | cut -c1-8)
  case $vkey:$key in "$log_name+$right+"*:01*) ;; *) key=none ;; esac
  [ ${#key} = 66 ] || { fault "trust/log.vkey holds what is no key of the log"; continue; }
  { printf %b '\0060\0052\0060\0005\0006\0003\0053\0145\0160\0003\0041\0000'; unhex "${key#01}"; } >"$tmp/log.$right"
  printf '%s\n' "$right" >>"$tmp/log-keys"
done <"$tmp/vkeys"
[ -n "$log_name" ] && [ -s "$tmp/log-keys" ] || fault "trust/log.vkey holds no key of a log"
: >"$tmp/prints"
for pem in trust/tsa-*.pem; do
  [ -f "$pem" ] || continue
  rm -f "$tmp"/tsa.*
  split_pem "$pem" "$tmp/tsa"
  for one in "$tmp"/tsa.*; do
    print=$(fingerprint "$one" 2>/dev/null) || { fault "$pem cannot be read"; continue; }
    compare "$pem" "$print" "$tsas"
    echo "$print $pem" >>"$tmp/prints"
  done
done
end

# --- 2 files ---------------------------------------------------------------------------------------------
begin 2 "the files are exactly those of the list"
list=PACKAGE.SHA256SUMS
is_list() { # a list as a seal writes it: sorted, no line twice, LF
  [ -f "$1" ] || return 1
  grep -E '^[0-9a-f]{64}  [A-Za-z0-9][A-Za-z0-9._/-]{0,250}$' "$1" | grep -v '  .*[.][.]' >"$tmp/good"
  cut -c67- "$1" >"$tmp/names"
  sort -u "$tmp/names" >"$tmp/sorted"
  cmp -s "$1" "$tmp/good" && cmp -s "$tmp/names" "$tmp/sorted"
}
find . ! -type d ! -type f >"$tmp/odd"
[ -s "$tmp/odd" ] && fault "a link, or no plain file: $(cat "$tmp/odd")"
if is_list "$list"; then
  find . ! -type d | sed 's,^\./,,' | grep -v -E "^$list(\.p7s|\.[a-z0-9-]{1,32}\.tst)?\$" | sort >"$tmp/there"
  cmp -s "$tmp/there" "$tmp/sorted" || fault "files differ: $(sort "$tmp/there" "$tmp/sorted" | uniq -u | tr '\n' ' ')"
  while read -r name; do [ ! -f "$name" ] || sha "$name"; done <"$tmp/sorted" >"$tmp/actual"
  cmp -s "$tmp/actual" "$list" || fault "changed: $(sort "$tmp/actual" "$list" | uniq -u | cut -c67- | sort -u | tr '\n' ' ')"
else
  fault "$list is missing, or not written as a list is"
fi
end

claim() { # a field of claim.json; nothing where it does not stand there exactly once
  [ "$(grep -c "^ \"$1\": " claim.json 2>/dev/null)" = 1 ] || return 0
  sed -n "s/^ \"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" claim.json
}
top() { # a field of run.json: its text, or null
  sed -n "s/^ \"$2\": \(.*[^,]\),\{0,1\}\$/\1/p" "seals/$1/provenance/run.json" 2>/dev/null | tr -d '"'
}
ls seals 2>/dev/null >"$tmp/seals"
for seal in $(cat "$tmp/seals"); do
  index=$(sed -n '2s/^index \([0-9]\{1,16\}\)$/\1/p' "seals/$seal/log.tlog-proof" 2>/dev/null)
  echo "${index:-0} $seal"
done | sort -n | cut -d' ' -f2 >"$tmp/in-order"

# --- 3 time stamps ---------------------------------------------------------------------------------------
begin 3 "two time authorities stamped every seal"
[ -z "$(cut -c1-64 "$tmp/prints" | sort | uniq -d)" ] || fault "two authorities have one root"
token() { # token, data, authority: the time goes into $stamp; says what is wrong
  stamp= roots_of=trust/tsa-$3.pem
  [ -f "$roots_of" ] || { fault "no root in trust/ for $1"; return 1; }
  rm -f "$tmp/tst"
  openssl cms -verify -noverify -inform DER -in "$1" -out "$tmp/tst" 2>/dev/null
  openssl asn1parse -inform DER -in "$tmp/tst" >"$tmp/tst.txt" 2>/dev/null
  stamp=$(sed -n 's/^.*GENERALIZEDTIME *:\([0-9]\{14\}\)\(\.[0-9]*\)\{0,1\}Z$/\1/p' "$tmp/tst.txt" | sed -n 1p)
  imprint=$(sed -n 's/^.*OCTET STRING *\[HEX DUMP\]:\([0-9A-F]*\)$/\1/p' "$tmp/tst.txt" | sed -n 1p | tr A-F a-f)
  seconds=$(epoch "$stamp")
  if ! openssl cms -verify -inform DER -in "$1" -CAfile "$roots_of" -purpose timestampsign -attime "$seconds" \
    -out /dev/null 2>/dev/null; then
    fault "$1 is not by that authority, or was damaged"
  elif ! openssl asn1parse -inform DER -in "$1" 2>/dev/null | grep -q ':id-smime-ct-TSTInfo'; then
    fault "$1 is no time stamp"
  elif [ "$imprint" != "$(digest_of "$2")" ] || ! grep -q ':sha256$' "$tmp/tst.txt"; then
    fault "$1 is over other bytes"
  elif [ "$seconds" -gt $((now + 60)) ]; then
    fault "$1 is dated in the future: $(spell "$stamp")"
  else
    openssl asn1parse -inform DER -in "$1" | grep -q 'NOT TRUSTED' && echo x >"$tmp/is-test"
    return 0
  fi
  stamp=
  return 1
}
earliest() { sort -n "$1" 2>/dev/null | sed -n 1p; }
for seal in $(cat "$tmp/in-order"); do
  at=seals/$seal
  for over in SHA256SUMS SHA256SUMS.p7s; do
    : >"$tmp/times.$seal.$over"
    : >"$tmp/prompt"
    for tst in "$at/$over".*.tst; do
      who=${tst#"$at/$over."} who=${who%.tst}
      case $who in '*' | p7s.*) continue ;; esac
      token "$tst" "$at/$over" "$who" || continue
      echo "$stamp" >>"$tmp/times.$seal.$over"
      late="\"kind\":\"stamp-owed\",\"subject\":\"$seal\",\"details\":{\"authority\":\"$who\",\"over\":\"$over\""
      if grep -q -F "$late" custody.jsonl; then
        note "$who stamped $over of $seal late, at $(spell "$stamp")"
      else
        epoch "$stamp" >>"$tmp/prompt"
      fi
    done
    [ "$(count <"$tmp/times.$seal.$over")" -ge 2 ] || fault "$at/$over has not the time stamps of two authorities"
    low=$(earliest "$tmp/prompt") high=$(sort -n "$tmp/prompt" | sed -n '$p')
    [ $((${high:-0} - ${low:-0})) -le 600 ] || fault "the authorities' times for $at/$over lie more than ten minutes apart"
  done
done
exported=$(epoch "$(digits "$(claim exported_at)")")
for tst in "$list".*.tst; do
  who=${tst#"$list".} who=${who%.tst}
  [ "$who" != '*' ] && token "$tst" "$list" "$who" || continue
  apart=$(($(epoch "$stamp") - exported))
  [ "${apart#-}" -le 600 ] || fault "$tst is not of the time of export"
done
end

# --- 4 signatures ------------------------------------------------------------------------------------------
begin 4 "the lists are signed under the archive's root"
signed() { # data, signature, seconds
  openssl cms -verify -binary -inform DER -in "$2" -content "$1" -CAfile trust/root.crt -purpose any -attime "$3" \
    -out /dev/null 2>/dev/null || fault "$1 is not signed by the archive"
}
[ -s "$tmp/seals" ] || fault "there is no seal"
for seal in $(cat "$tmp/in-order"); do
  for name in SHA256SUMS SHA256SUMS.p7s provenance/run.json log.tlog-proof; do
    [ -f "seals/$seal/$name" ] || fault "seals/$seal/$name is missing"
  done
  when=$(earliest "$tmp/times.$seal.SHA256SUMS.p7s")
  if [ -n "$when" ]; then when=$(epoch "$when"); else when=$now; fi
  signed "seals/$seal/SHA256SUMS" "seals/$seal/SHA256SUMS.p7s" "$when"
done
signed "$list" "$list.p7s" "$exported"
end

# --- 5 sealed ------------------------------------------------------------------------------------------------
begin 5 "every record and every file of provenance was sealed"
: >"$tmp/lines"
: >"$tmp/ids"
records=
for record in records/*; do
  [ -f "$record" ] || continue
  records="$records $record"
  name=$(printf '%s\n' "$record" | sed -n 's;^records/[0-9]\{3,6\}-\([a-z]*-[0-9a-f-]\{36\}\.warc\.gz\)$;records/\1;p')
  [ -n "$name" ] || { fault "$record is no name of a record"; continue; }
  echo "$(digest_of "$record")  $name" >>"$tmp/lines"
done
: >"$tmp/all"
for seal in $(cat "$tmp/in-order"); do
  at=seals/$seal
  is_list "$at/SHA256SUMS" || { fault "$at/SHA256SUMS is not written as a seal writes it"; continue; }
  cut -c67- "$tmp/lines" | grep -q -F -x -f "$tmp/names" || fault "$at is a seal of none of the records"
  cat "$at/SHA256SUMS" >>"$tmp/all"
  grep '  provenance/' "$at/SHA256SUMS" >"$tmp/stated"
  (cd "$at" && for name in provenance/*; do [ ! -f "$name" ] || sha "$name"; done) >"$tmp/actual"
  cmp -s "$tmp/stated" "$tmp/actual" || fault "$at: provenance is not what was sealed"
  for name in "$at"/*; do
    case ${name#"$at"/} in
      SHA256SUMS | SHA256SUMS.p7s | SHA256SUMS.*.tst | log.tlog-proof | provenance) ;;
      *) fault "$name is no part of a seal" ;;
    esac
  done
done
[ "$(top "$seal" run)" != '' ] || fault "no run.json can be read"
while read -r line; do grep -q -F -x "$line" "$tmp/all" || fault "not sealed: $line"; done <"$tmp/lines"
end

# --- 6 records -----------------------------------------------------------------------------------------------
begin 6 "the WARC file is whole and the claim is what its records say"
header() { gzip -dc "$1" 2>/dev/null | tr -d '\r' | sed '/^$/q'; }
block() { gzip -dc "$1" 2>/dev/null | head -c 1000000 | tr -d '\r' | sed '1,/^$/d'; }
of() { sed -n "s/^$2: //p" "$1" | sed -n 1p; }
if [ -z "$records" ]; then fault "there are no records"; fi
# shellcheck disable=SC2086  # the names were made by the shell and hold no blanks
cat $records /dev/null | cmp -s - evidence.warc.gz || fault "evidence.warc.gz is not the records, one by one"
main_id=$(claim record_id) metadata_id=$(claim metadata_id) page_id=$(claim page_id)
main= metadata= others=0 mine= pages=
: >"$tmp/have"
: >"$tmp/wanted"
: >"$tmp/theirs"
: >"$tmp/digests"
printf '%s\n' "$metadata_id" "$page_id" >"$tmp/needed"
for record in $records; do
  header "$record" >"$tmp/header"
  id=$(of "$tmp/header" WARC-Record-ID) type=$(of "$tmp/header" WARC-Type)
  printf '%s\n' "$id" >>"$tmp/have"
  of "$tmp/header" WARC-Warcinfo-ID >>"$tmp/needed"
  [ "$id" != "$main_id" ] || { main=$record main_type=$type; cp "$tmp/header" "$tmp/main"; }
  printf '%s %s\n' "$id" "$(of "$tmp/header" WARC-Payload-Digest)" >>"$tmp/digests"
  [ "$type" = metadata ] || continue
  block "$record" >"$tmp/block"
  of "$tmp/block" vigil-records | tr ' ' '\n' >>"$tmp/needed"
  sed -n 's/^tls-certificate: .* \([^ ]*\)$/\1/p' "$tmp/block" >>"$tmp/needed"
  sed -n 's/^vigil-original: .* \([^ ]*\) [^ ]*$/\1/p; s/^vigil-page: .* \([^ ]*\)$/\1/p
    s/^vigil-member: [^ ]* [^ ]* [^ ]* \([^ ]*\) .*$/\1/p' "$tmp/block" >>"$tmp/wanted"
  if [ "$id" = "$metadata_id" ]; then
    metadata=$record mine=$(of "$tmp/block" vigil-records) kind=$(of "$tmp/block" vigil-kind)
    run=$(of "$tmp/block" vigil-run)
  elif grep -q '^vigil-page: ' "$tmp/block"; then
    pages=$pages$id page_of=$(sed -n 's/^vigil-page: .* \([^ ]*\)$/\1/p' "$tmp/block" | sed -n 1p)
  else
    others=$((others + 1))
    of "$tmp/block" vigil-records | tr ' ' '\n' >>"$tmp/theirs"
  fi
done
cat "$tmp/wanted" >>"$tmp/needed"
sort "$tmp/have" >"$tmp/have.sorted"
sort -u "$tmp/needed" | sed '/^$/d' >"$tmp/needed.sorted"
cmp -s "$tmp/have.sorted" "$tmp/needed.sorted" ||
  fault "a record is missing or too much: $(sort "$tmp/have.sorted" "$tmp/needed.sorted" | uniq -u | tr '\n' ' ')"
[ -n "$metadata" ] || fault "the metadata record of the claim is missing"
printf '%s\n' "$mine" | tr ' ' '\n' >"$tmp/mine"
sort -u "$tmp/wanted" | grep -v -x -F -f "$tmp/mine" >"$tmp/captures"
[ "$others" = "$(count <"$tmp/captures")" ] || fault "there are $others more metadata records, which is not one for each capture"
while read -r id; do grep -q -x -F "$id" "$tmp/theirs" || fault "the capture of $id is not there whole"; done <"$tmp/captures"
[ "$pages" = "$page_id" ] || fault "the page record is not the one that the claim names"
if [ -n "$page_id" ] && ! among "$page_of" "$mine"; then
  digest=$(sed -n "s/^$page_of //p" "$tmp/digests" | sed -n 1p)
  own=$(sed -n "s/^$main_id //p" "$tmp/digests" | sed -n 1p)
  [ -n "$digest" ] && [ "$digest" = "$own" ] || fault "the page record is of another page"
fi
same() { # field, what the records say
  grep -q -x -F -e " \"$1\": \"$2\"," -e " \"$1\": \"$2\"" claim.json && [ "$(claim "$1")" = "$2" ] ||
    fault "claim.json: $1 is not $2, as the records say"
}
case $main_type in response | revisit) ;; *) [ "$kind" = failure ] && [ "$main" = "$metadata" ] || main= ;; esac
if [ -n "$main" ] && among "$main_id" "$mine"; then
  warcinfo_id=$(of "$tmp/main" WARC-Warcinfo-ID) route=site status=
  for record in $records; do
    header "$record" >"$tmp/header"
    [ "$(of "$tmp/header" WARC-Record-ID)" = "$warcinfo_id" ] || continue
    block "$record" >"$tmp/block"
    route=$(of "$tmp/block" vigil-route)
  done
  [ "$main_type" = metadata ] || status=$(block "$main" | sed -n '1{s/^[^ ]* \([^ ]*\).*$/\1/p;}')
  name=$(printf '%s\n' "$main" | sed 's,^records/[0-9]*-,records/,')
  seal=
  for one in $(cat "$tmp/in-order"); do
    grep -q "  $name\$" "seals/$one/SHA256SUMS" && seal=$one
  done
  proved=$(earliest "$tmp/times.$seal.SHA256SUMS")
  digest=$(of "$tmp/main" WARC-Payload-Digest)
  same format vigil-evidence-1
  same url "$(of "$tmp/main" WARC-Target-URI)"
  same captured_at "$(of "$tmp/main" WARC-Date)"
  same kind "$kind"
  same status "$status"
  same server_ip "$(of "$tmp/main" WARC-IP-Address)"
  same record_id "$(of "$tmp/main" WARC-Record-ID)"
  same metadata_id "$metadata_id"
  same page_id "$pages"
  same payload_sha256 "${digest#sha256:}"
  same run "$run"
  same route "${route:-site}"
  same seal "$seal"
  same proved_by "$(spell "$proved")"
  captured=$(epoch "$(digits "$(claim captured_at)")")
  [ "$captured" -le $(($(epoch "$proved") + 600)) ] || fault "captured after it was stamped"
else
  fault "the record of the claim is missing"
fi
names=' "format" "url" "captured_at" "kind" "status" "server_ip" "record_id" "metadata_id" "page_id" "payload_sha256" "run" "route" "seal" "proved_by" "asked_for" "as_of" "capture_before" "capture_after" "archive" "number" "exported_at" "case" "recipient" "purpose"'
[ " $(sed -n 's/^ \("[a-z_0-9]*"\): ".*",\{0,1\}$/\1/p' claim.json | tr '\n' ' ')" = "$names " ] &&
  [ "$(count <claim.json)" = 26 ] || fault "claim.json is not written as a package writes it"
for seal in $(cat "$tmp/in-order"); do
  run=$(top "$seal" run) part=$(top "$seal" part)
  [ "$(top "$seal" parts)" = 1 ] || run=$run.part$part
  [ "$seal" = "$run" ] || fault "seals/$seal has provenance of another run"
done
end

# --- 7 log --------------------------------------------------------------------------------------------------
begin 7 "each seal is in the archive's log"
node() { { printf %b '\0001'; unhex "$1$2"; } | digest; }
checkpoint() { # note in file $1: sets $size and $root once a log key's signature was found right
  size= root=
  sed '/^$/,$d' "$1" >"$tmp/text"
  [ "$(sed -n 1p "$tmp/text")" = "$log_name" ] && [ "$(count <"$tmp/text")" = 3 ] || return 1
  sed -n 's/^— //p' "$1" | awk -v name="$log_name" '$1 == name { print $2 }' >"$tmp/lines-of-note"
  signed=
  while [ -z "$signed" ] && read -r line; do
    raw=$(hex_of_base64 "$line")
    hint=${raw%"${raw#????????}"}
    [ ${#raw} = 136 ] && grep -q -x "$hint" "$tmp/log-keys" || continue
    unhex "${raw#????????}" >"$tmp/sig"
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$tmp/log.$hint" -rawin -in "$tmp/text" -sigfile "$tmp/sig" \
      >/dev/null 2>&1 && signed=1
  done <"$tmp/lines-of-note"
  [ -n "$signed" ] || return 1
  size=$(sed -n 2p "$tmp/text" | grep -E '^(0|[1-9][0-9]{0,15})$')
  root=$(hex_of_base64 "$(sed -n 3p "$tmp/text")")
  [ -n "$size" ] && [ ${#root} = 64 ]
}
included() { # leaf, index, size, root; hashes in base64, one a line, on stdin
  r=$1 fn=$2 sn=$(($3 - 1))
  [ "$fn" -le "$sn" ] || return 1
  while read -r line; do
    p=$(hex_of_base64 "$line")
    [ ${#p} = 64 ] && [ "$sn" -gt 0 ] || return 1
    if [ $((fn % 2)) = 1 ] || [ "$fn" = "$sn" ]; then
      r=$(node "$p" "$r")
      while [ $((fn % 2)) = 0 ] && [ "$fn" != 0 ]; do fn=$((fn / 2)) sn=$((sn / 2)); done
    else
      r=$(node "$r" "$p")
    fi
    fn=$((fn / 2)) sn=$((sn / 2))
  done
  [ "$sn" = 0 ] && [ "$r" = "$4" ]
}
root_of() { # of the first $1 leaves
  sed "$1q" log-leaves >"$tmp/level"
  [ "$1" != 0 ] || { printf '' | digest; return; }
  while [ "$(count <"$tmp/level")" -gt 1 ]; do
    while read -r left; do
      if read -r right; then node "$left" "$right"; else printf '%s\n' "$left"; fi
    done <"$tmp/level" >"$tmp/above"
    mv "$tmp/above" "$tmp/level"
  done
  cat "$tmp/level"
}
: >"$tmp/notes"
last=0
for seal in $(cat "$tmp/in-order"); do
  proof=seals/$seal/log.tlog-proof
  [ -f "$proof" ] || { fault "$proof is missing"; continue; }
  sed '1,/^$/d' "$proof" >"$tmp/note"
  digest_of "$tmp/note" >>"$tmp/notes"
  index=$(sed -n '2s/^index \([0-9]\{1,16\}\)$/\1/p' "$proof")
  leaf=$({ printf %b '\0000'; cat "seals/$seal/SHA256SUMS"; } | digest)
  if [ "$(sed -n 1p "$proof")" != "c2sp.org/tlog-proof@v1" ] || [ -z "$index" ]; then
    fault "$proof is no proof of a log"
  elif ! checkpoint "$tmp/note"; then
    fault "no log key signed the checkpoint in $proof"
  elif ! sed -n '3,/^$/p' "$proof" | sed '/^$/d' | included "$leaf" "$index" "$size" "$root"; then
    fault "the log does not hold the seal $seal"
  else
    [ "$index" -le "$last" ] || last=$index
  fi
done
[ "$(sort -u "$tmp/notes" | count)" -le 1 ] || fault "proofs of several states of the log"
if [ -n "$outside" ] && [ -z "$bad" ]; then
  inner=$size
  if [ "$(count <log-leaves)" != "$inner" ] || [ "$(root_of "$inner")" != "$root" ]; then
    fault "log-leaves are not those of the package's own checkpoint"
  elif ! checkpoint "$outside"; then
    fault "no log key signed the checkpoint from outside"
  elif [ "$size" -gt "$inner" ]; then
    fault "the checkpoint from outside counts $size seals, the package's $inner: take checkpoint.$inner or an older one"
  elif [ "$(root_of "$size")" != "$root" ]; then
    fault "the checkpoint from outside is of another history"
  elif [ "$last" -ge "$size" ]; then
    fault "the checkpoint from outside is older than the seal: take a newer one"
  fi
fi
end

# --- 8 custody ------------------------------------------------------------------------------------------------
begin 8 "the chain of custody has no break"
first=$(sed -n 1p "$tmp/in-order")
previous=$(top "${first:-none}" custody)
echo "$previous" >"$tmp/chain"
final= chain=custody.jsonl
[ -f $chain ] || chain=/dev/null
[ "$(tail -c 1 custody.jsonl 2>/dev/null | od -An -tx1 | tr -d ' ')" = 0a ] || fault "custody.jsonl is missing or cut off"
while IFS= read -r event; do
  final=$event
  stated=$(printf '%s\n' "$event" | sed -n 's/^{"number":.*,"previous":"\{0,1\}\([0-9a-z]*\)"\{0,1\}}$/\1/p')
  [ -n "$stated" ] && [ "$stated" = "$previous" ] || { fault "an event is not bound to the one before"; break; }
  previous=$(printf '%s\n' "$event" | digest)
  echo "$previous" >>"$tmp/chain"
done <"$chain"
for seal in $(cat "$tmp/in-order"); do
  grep -q -x "$(top "$seal" custody)" "$tmp/chain" || fault "what $seal states of the chain is not in it"
done
case $final in
  *'Z","kind":"exported","subject":'*"\"claim\":\"$(digest_of claim.json)\""*) ;;
  *) fault "it does not end with the export of this claim" ;;
esac
end

# --- verdict ------------------------------------------------------------------------------------------------
echo
[ "$(claim route)" = site ] || note "THIS IS A TEST: no capture of the real site (route: $(claim route))"
[ ! -f "$tmp/is-test" ] || note "THE TIME STAMPS ARE OF A TEST AUTHORITY: they prove no time"
[ -n "$outside" ] || note "no checkpoint from outside was given: a new history by the holder of all keys would not show"
if [ -n "$failed" ]; then
  echo "FAILED: this package is not what the archive sealed, or is not whole. Do not rely on it."
  exit 1
fi
echo "$(claim url)"
echo "was captured at $(claim captured_at); these very records are proved to exist by $(claim proved_by)"
echo "What this does not prove: that the site's owner wrote it, that it is true, or what others were shown."
if [ -n "$roots" ] && [ -n "$logs" ] && [ -n "$tsas" ]; then
  echo "VERIFIED: by the published keys."
  exit 0
fi
echo "CONSISTENT, NOT VERIFIED: the keys in trust/ were not compared with published fingerprints."
echo "Take them from where the archive publishes them: sh verify.sh root=... log=... tsa=... tsa=..."
exit 3
