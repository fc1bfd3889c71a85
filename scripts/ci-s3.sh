#!/bin/sh
# An S3 service for the tests: versitygw, a real server process, on loopback.
#
#   ./scripts/ci-s3.sh DIR     starts it, with its files in DIR, and prints the
#                              value for DOSSIER_TEST_S3; its process id is in
#                              DIR/pid
#   . scripts/ci-s3.sh         defines s3_start DIR and s3_stop DIR for a script
#
# The server is built by the go command as the version named here and needs a
# file system with extended attributes. Two variables change how it runs:
#   S3_PORT       port to listen on; 7070 if unset
#   S3_VERSITYGW  a versitygw that is there already

s3_version=v1.8.0

# s3_start DIR: start the server, make the bucket "dossier", print the URL.
s3_start() {
	_dir=$1
	_port=${S3_PORT:-7070}
	_key=dossier
	_secret=dossier-test-secret
	mkdir -p "$_dir/root/dossier" || return 1
	_gw=${S3_VERSITYGW:-$_dir/bin/versitygw}
	if [ ! -x "$_gw" ]; then
		GOBIN=$_dir/bin go install "github.com/versity/versitygw/cmd/versitygw@$s3_version" >&2 || return 1
	fi
	# A folder below the root is a bucket.
	"$_gw" --quiet --port "127.0.0.1:$_port" --access "$_key" --secret "$_secret" --health /health \
		posix "$_dir/root" >"$_dir/log" 2>&1 &
	echo $! >"$_dir/pid"
	_tries=0
	until curl -fsS -o /dev/null "http://127.0.0.1:$_port/health" 2>/dev/null; do
		_tries=$((_tries + 1))
		if [ "$_tries" -ge 100 ] || ! kill -0 "$(cat "$_dir/pid")" 2>/dev/null; then
			echo "versitygw did not start:" >&2
			cat "$_dir/log" >&2
			return 1
		fi
		sleep 0.1
	done
	echo "s3://$_key:$_secret@dossier?endpoint=http://127.0.0.1:$_port&region=us-east-1"
}

# s3_stop DIR: stop the server that s3_start DIR started.
s3_stop() {
	kill "$(cat "$1/pid")"
}

case ${0##*/} in
ci-s3.sh)
	if [ $# -ne 1 ]; then
		echo "usage: $0 DIR" >&2
		exit 2
	fi
	s3_start "$1"
	;;
esac
